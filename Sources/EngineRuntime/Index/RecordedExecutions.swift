import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization

/// The executions of a log as its files tell them now: without a lock, without an engine, and without a byte changed.
///
/// For tools. The caches are not believed: an index is made in memory from the directories of all frames, and every checksum is
/// checked on the way. Blocks.
package struct RecordedExecutions: Sendable {
    private let index: ExecutionIndex
    private let reader: StateReader
    /// When the last event was recorded.
    package private(set) var lastTime = Timestamp(millisecondsSinceEpoch: 0)

    /// - Throws: ``RuntimeError/log(_:)``, with the first damage where there is any.
    package static func read(
        from directory: String, fileSystem: any LogFileSystem
    ) throws(RuntimeError) -> RecordedExecutions {
        let store = ManifestStore(directory: directory, fileSystem: fileSystem)
        for _ in 1..<Self.attemptCount {
            let manifest = try newest(store)
            do throws(RuntimeError) {
                return try RecordedExecutions(directory, fileSystem, manifest)
            } catch {
                // Who has the log open may have compacted it meanwhile: its files are others now.
                if try newest(store)?.number == manifest?.number { throw error }
            }
        }
        return try RecordedExecutions(directory, fileSystem, newest(store))
    }

    private static let attemptCount = 5

    private static func newest(_ store: ManifestStore) throws(RuntimeError) -> Manifest? {
        do throws(LogError) { return try store.newest().manifest } catch { throw .log(error) }
    }

    private init(
        _ directory: String, _ fileSystem: any LogFileSystem, _ manifest: Manifest?
    ) throws(RuntimeError) {
        index = ExecutionIndex()
        // Whoever asks wants to see the payloads too.
        reader = StateReader(
            index: index, sealed: manifest?.sealedSegments ?? [], directory: directory,
            RuntimeOptions(payloadLengthInMemoryMax: .max), Seams(fileSystem: fileSystem))
        index.content.withLock { $0.isRebuilding = true }
        do {
            let inspector = try LogInspector(
                directory: directory, fileSystem: fileSystem, manifest: manifest)
            let all = try ManifestStore(directory: directory, fileSystem: fileSystem).rewriteSegments().map(\.0)
            for number in manifest?.rewriteSegments.map(\.number) ?? all {
                var failure: IndexError?
                _ = try SegmentFooter.scan(.rewrite(number), directory: directory, fileSystem: fileSystem) { frame in
                    do throws(IndexError) { try take(frame) } catch { failure = failure ?? error }
                }
                if let failure { throw failure }
            }
            let report = try inspector.forEachFrame { try take(FrameOutline($0)) }
            if let damage = report.problems.first { throw LogError.damaged(damage) }
        } catch let error as LogError {
            throw .log(error)
        } catch let error as IndexError {
            throw .index(error)
        } catch {
            preconditionFailure("an error of nobody's: \(error)")
        }
        index.content.withLock { $0.endRebuilding() }
    }

    private mutating func take(_ frame: FrameOutline) throws(IndexError) {
        if frame.header.isSyncPoint { return }
        for entry in frame.entries { lastTime = max(lastTime, Timestamp(millisecondsSinceEpoch: entry.time)) }
        try index.fold(frame)
    }

    /// Those that are there, in the order of their start.
    package func numbers() throws(RuntimeError) -> [ExecutionNumber] {
        do throws(IndexError) {
            return try index.executions(after: nil, limit: .max)
        } catch {
            throw .index(error)
        }
    }

    /// - Returns: Nil: there is no execution of that number.
    package func execution(_ number: ExecutionNumber) throws(RuntimeError) -> ExecutionState? {
        try reader.execution(number)?.state
    }

    /// Every event of an execution, in order; of a trimmed history what is still there.
    package func history(of number: ExecutionNumber) throws(RuntimeError) -> [RecordedEvent] {
        try reader.history(of: number) ?? []
    }
}

extension FrameOutline {
    fileprivate init(_ located: LocatedFrame) {
        self.init(
            location: FrameLocation(file: .append(located.segment), offset: located.offset),
            byteCount: located.frame.byteCount, header: located.frame.header, entries: located.frame.entries)
    }
}
