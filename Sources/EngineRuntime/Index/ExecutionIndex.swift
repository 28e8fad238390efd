import ExecutionModel
import LogStorage
import Synchronization

/// Finds every execution of the log, in memory or not: by number, by name, by when it is due.
///
/// It follows the durable log and never runs ahead of it. What it has learned since the newest table is in memory, the
/// rest in the tables. One thread changes it at a time (``Indexer``); any may look. A look may read the disk, so it is not for
/// the cooperative pool, and never under the engine's lock.
final class ExecutionIndex: Sendable {
    struct Content: Sendable {
        var changes = IndexChanges()
        var runs: TableRuns
        /// The accounting of the files that frames were taken in from.
        var bytes: [LogFileID: FileBytes]
        /// The rewrite segments, and how long their files are.
        var rewrites: [UInt64: Int]
        /// Everything below it is in the index.
        var position: LSN
        /// Bytes of frames taken in since the newest table.
        var byteCount = 0
        /// Whether it is being made anew from all files, in whatever order these are read.
        var isRebuilding = false
    }

    let content: Mutex<Content>

    /// Of a log from which nothing has been taken in.
    init() {
        content = Mutex(Content(runs: TableRuns(), bytes: [:], rewrites: [:], position: .first))
    }

    init(runs: TableRuns, _ manifest: Manifest) {
        var bytes: [LogFileID: FileBytes] = [:]
        for segment in manifest.appendSegments {
            bytes[.append(segment.number)] = FileBytes(
                total: Int(segment.recordByteCount), live: Int(segment.liveByteCount))
        }
        for segment in manifest.rewriteSegments {
            bytes[.rewrite(segment.number)] = FileBytes(
                total: Int(segment.recordByteCount), live: Int(segment.liveByteCount))
        }
        let rewrites = Dictionary(uniqueKeysWithValues: manifest.rewriteSegments.map { ($0.number, $0.byteCount) })
        content = Mutex(Content(runs: runs, bytes: bytes, rewrites: rewrites, position: manifest.position))
    }

    var position: LSN { content.withLock { $0.position } }

    /// Where the execution is; nil: there is none of that number.
    func entry(_ number: ExecutionNumber) throws(IndexError) -> IndexEntry? {
        let entry = try recorded(number)
        return entry?.standing == .dropped ? nil : entry
    }

    /// The entry also of an execution that is gone.
    func recorded(_ number: ExecutionNumber) throws(IndexError) -> IndexEntry? {
        let (change, runs) = content.withLock { ($0.changes[number], $0.runs) }
        if let change { return change.entry }
        return try Self.entry(number, in: runs)
    }

    static func entry(_ number: ExecutionNumber, in runs: TableRuns) throws(IndexError) -> IndexEntry? {
        let bytes: [UInt8]?
        do throws(TableError) { bytes = try runs.value(for: .execution(number)) } catch { throw .table(error) }
        guard let bytes else { return nil }
        do throws(IndexDecodingError) {
            return try IndexEntry(decoding: bytes)
        } catch {
            throw .entry(number, error)
        }
    }

    /// The executions that may have this name; to be confirmed by comparing it.
    func numbers(nameHash hash: UInt64) throws(IndexError) -> [ExecutionNumber] {
        let (fresh, runs) = content.withLock { ($0.changes.names[hash] ?? [], $0.runs) }
        let tabled = try numbers(
            in: runs, from: TableKey(.name, hash), below: hash == .max ? .end(of: .name) : TableKey(.name, hash + 1)
        ) { $0.b }
        return fresh + tabled
    }

    /// The executions to be looked at when the engine opens, in the order of their start.
    func attention() throws(IndexError) -> [ExecutionNumber] {
        let (fresh, runs) = content.withLock { content in
            (
                content.changes.changes.filter { $0.value.entry?.standing == .attention }.map(\.key), content.runs
            )
        }
        let tabled = try numbers(in: runs, from: TableKey(.attention, 0), below: .end(of: .attention)) { $0.a }
        return Set(fresh).union(tabled).sorted()
    }

    /// The executions that the tables say are due from one moment on and before another, and when.
    func due(
        from start: Timestamp, before end: Timestamp
    ) throws(IndexError) -> [(due: Timestamp, number: ExecutionNumber)] {
        let runs = content.withLock { $0.runs }
        var found: [(due: Timestamp, number: ExecutionNumber)] = []
        do throws(TableError) {
            var scan = runs.scan(
                from: TableKey(.timer, TableKey.moment(start)), below: TableKey(.timer, TableKey.moment(end)))
            while let (key, _) = try scan.next() {
                found.append(
                    (Timestamp(millisecondsSinceEpoch: Int64(truncatingIfNeeded: key.a)), ExecutionNumber(key.b)))
            }
        } catch {
            throw .table(error)
        }
        return found
    }

    /// Every execution after `number`, in the order of their start, `limit` at most.
    func executions(after number: ExecutionNumber?, limit: Int) throws(IndexError) -> [ExecutionNumber] {
        let first = number.map { $0.rawValue + 1 } ?? 0
        let (changes, runs) = content.withLock { content in
            (
                content.changes.changes.lazy.filter { $0.key.rawValue >= first }.map {
                    ($0.key, $0.value.isThere)
                },
                content.runs
            )
        }
        let known = Dictionary(uniqueKeysWithValues: changes)
        var fresh = known.filter(\.value).map(\.key).sorted()[...]
        var found: [ExecutionNumber] = []
        do throws(TableError) {
            var scan = runs.scan(from: TableKey(.execution, first), below: .end(of: .execution))
            while found.count < limit {
                guard let (key, value) = try scan.next() else { break }
                let tabled = ExecutionNumber(key.a)
                // One that is gone is no execution; an entry that does not decode is for whoever looks at it.
                if let entry = try? IndexEntry(decoding: value), entry.standing == .dropped { continue }
                while found.count < limit, let next = fresh.first, next < tabled { found.append(fresh.removeFirst()) }
                if known[tabled] == nil, found.count < limit { found.append(tabled) }
            }
        } catch {
            throw .table(error)
        }
        return found + fresh.prefix(limit - found.count)
    }

    private func numbers(
        in runs: TableRuns, from start: TableKey, below end: TableKey, _ number: (TableKey) -> UInt64
    ) throws(IndexError) -> [ExecutionNumber] {
        var numbers: [ExecutionNumber] = []
        do throws(TableError) {
            var scan = runs.scan(from: start, below: end)
            while let (key, _) = try scan.next() { numbers.append(ExecutionNumber(number(key))) }
        } catch {
            throw .table(error)
        }
        return numbers
    }
}

/// Why the index cannot be read. It is a cache: the log itself is as it was, and the next opening rebuilds the index.
package enum IndexError: Error, Sendable {
    case table(TableError)
    /// The entry of an execution, in a table that is sound, does not decode.
    case entry(ExecutionNumber, IndexDecodingError)
    /// More of a file is needed than its footer leads to. The file stays.
    case unaccounted(LogFileID)
}
