import LogStorage
import Synchronization

/// The files beside the append segments: tables, rewrite segments, and the manifests that say which of them count.
///
/// Changed by the maintenance alone, one change at a time. A change is made durable by ``publish(_:)``: a manifest that lists
/// what is new and leaves out what is not needed any more. Only what the two newest manifests leave out is removed.
final class IndexFiles: Sendable {
    let directory: String
    let fileSystem: any LogFileSystem
    private let store: ManifestStore
    private let kept: Mutex<Kept>

    private struct Kept: Sendable {
        var newest: Manifest?
        var previous: Manifest?
        var next: Manifest.NextNumbers
    }

    init(
        directory: String, fileSystem: any LogFileSystem, newest: Manifest?, next: Manifest.NextNumbers
    ) {
        self.directory = directory
        self.fileSystem = fileSystem
        store = ManifestStore(directory: directory, fileSystem: fileSystem)
        kept = Mutex(Kept(newest: newest, next: next))
    }

    var newest: Manifest? { kept.withLock { $0.newest } }

    /// A number for a table that no table had before, whatever becomes of this one.
    func takeTableNumber() -> UInt64 {
        kept.withLock { kept in
            defer { kept.next.table += 1 }
            return kept.next.table
        }
    }

    func takeRewriteNumber() -> UInt64 {
        kept.withLock { kept in
            defer { kept.next.rewrite += 1 }
            return kept.next.rewrite
        }
    }

    /// Writes a run of the index.
    func writeTable(
        _ entries: [(key: TableKey, entry: TableEntry)]
    ) throws(RuntimeError) -> TableReader {
        let info: TableInfo
        do throws(FileSystemError) {
            var writer = try TableWriter(number: takeTableNumber(), directory: directory, fileSystem: fileSystem)
            for (key, entry) in entries { try writer.append(key, entry) }
            info = try writer.finish()
        } catch {
            throw .log(.storage(error))
        }
        return try open(info)
    }

    func open(_ table: TableInfo) throws(RuntimeError) -> TableReader {
        do throws(TableError) {
            return try TableReader(table, directory: directory, fileSystem: fileSystem)
        } catch {
            throw .index(.table(error))
        }
    }

    /// Makes a manifest the newest, durably, and removes the files that it and the one before it leave out.
    ///
    /// - Parameter make: Is given the manifest's number and the next numbers of files.
    func publish(_ make: (UInt64, Manifest.NextNumbers) -> Manifest) throws(RuntimeError) {
        let (number, next) = kept.withLock { kept in
            kept.next.manifest += 1
            return (kept.next.manifest - 1, kept.next)
        }
        let manifest = make(number, next)
        do throws(FileSystemError) { try store.write(manifest) } catch { throw .log(.storage(error)) }
        let both = kept.withLock { kept in
            kept.previous = kept.newest
            kept.newest = manifest
            return [kept.newest, kept.previous].compactMap { $0 }
        }
        do throws(LogError) {
            if both.count > 1 {
                try store.removeOthers(than: both.map(\.number))
                try store.removeUnlisted(by: both)
            }
        } catch {
            throw .log(error)
        }
    }
}
