import LogStorage
import Synchronization

extension EngineRuntime {
    /// What does not hold of the accounting of live bytes: nil for a sound index. For tests; reads all tables, and blocks.
    package func accountingViolation() throws(RuntimeError) -> String? {
        try indexer.paused { () throws(RuntimeError) -> String? in
            let bytes = index.content.withLock { $0.bytes }
            let live: [LogFileID: Int]
            do throws(IndexError) { live = try index.recount() } catch { throw .index(error) }
            for (file, count) in live where count > 0 && bytes[file] == nil {
                return "\(count) bytes are needed of \(file.name), which the log does not have"
            }
            for (file, counted) in bytes.sorted(by: { $0.key < $1.key }) {
                let recounted = live[file] ?? 0
                if counted.live != recounted {
                    return "\(file.name) has \(recounted) live bytes and is said to have \(counted.live)"
                }
                if !(0...counted.total).contains(counted.live) {
                    return "\(file.name) has \(counted.live) live bytes of \(counted.total)"
                }
            }
            return nil
        }
    }

    /// What the files of the log hold that something still needs, counted anew: for tests, as ``accountingViolation()``.
    package func liveBytes() throws(RuntimeError) -> [LogFileID: Int] {
        try indexer.paused { () throws(RuntimeError) -> [LogFileID: Int] in
            do throws(IndexError) { return try index.recount() } catch { throw .index(error) }
        }
    }

    /// The number of the append segment that is being written.
    package var newestSegment: UInt64 { log.newestSegment }
}
