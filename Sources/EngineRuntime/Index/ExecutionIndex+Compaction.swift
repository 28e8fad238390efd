import ExecutionModel
import LogStorage
import Synchronization

extension ExecutionIndex {
    /// Names the copies of a compaction in place of the originals, and forgets the files that these are in.
    ///
    /// - Parameters:
    ///   - moves: One for each execution that the files have records of, those of which nothing was copied too.
    ///   - needed: Bytes of each file that were found needed when its executions were looked at.
    ///   - target: The file with the copies, its length, and the bytes of its records as
    ///     ``IndexEntry/recordByteCount(of:)`` counts them; nil: nothing was copied.
    /// - Throws: ``IndexError/unaccounted(_:)``: more of a file is needed than was found. Nothing has changed.
    func apply(
        _ moves: [MovedRecords], dropping files: [LogFileID], needed: [LogFileID: Int],
        target: (number: UInt64, byteCount: Int, copied: Int)?
    ) throws(IndexError) {
        try touch(moves.map(\.execution))
        let unaccounted = content.withLock { content -> LogFileID? in
            // What is needed of a file to which nothing is appended grows less and never more.
            if let file = files.first(where: { content.bytes[$0]?.live ?? 0 > needed[$0] ?? 0 }) { return file }
            if let target {
                content.rewrites[target.number] = target.byteCount
                content.bytes[.rewrite(target.number)] = FileBytes(total: target.copied, live: 0)
            }
            for moved in moves {
                content.change(moved.execution) { $0.move(moved) }
                content.removeUnlessNeeded(moved.execution)
            }
            for file in files {
                content.bytes[file] = nil
                if file.sort == .rewrite { content.rewrites[file.number] = nil }
            }
            return nil
        }
        if let unaccounted { throw .unaccounted(unaccounted) }
    }
}
