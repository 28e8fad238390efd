import ExecutionModel
import LogStorage
import Synchronization

extension ExecutionIndex {
    /// Names the copies of a compaction in place of the originals, and forgets the files that these are in.
    ///
    /// - Parameters:
    ///   - moves: By execution; one for each that the file has records of, those of which nothing was copied too.
    ///   - copied: Bytes of the target, as ``IndexEntry/recordByteCount(of:)`` counts them.
    func apply(
        _ moves: [ExecutionNumber: [MovedRecords]], dropping files: [LogFileID],
        target: (number: UInt64, byteCount: Int, copied: Int)?
    ) throws(IndexError) {
        try touch(moves.keys.sorted())
        content.withLock { content in
            if let target {
                content.rewrites[target.number] = target.byteCount
                content.bytes[.rewrite(target.number)] = FileBytes(total: target.copied, live: 0)
            }
            for (number, moved) in moves { for moved in moved { content.move(moved, of: number) } }
            for file in files {
                content.bytes[file] = nil
                if file.sort == .rewrite { content.rewrites[file.number] = nil }
            }
        }
    }
}

extension ExecutionIndex.Content {
    fileprivate mutating func move(_ moved: MovedRecords, of number: ExecutionNumber) {
        guard let old = changes[number]?.entry else { return }
        if old.standing == .dropped { return moveTombstone(moved, of: number, old) }
        changes.change(number) { $0.move(moved) }
        bytes[moved.target]?.live += moved.byteCount
        if moved.snapshot != nil, let snapshot = old.snapshot, snapshot.location.file == moved.source {
            bytes[moved.target]?.live += snapshot.byteCount
        }
    }

    private mutating func moveTombstone(_ moved: MovedRecords, of number: ExecutionNumber, _ old: IndexEntry) {
        changes.change(number) { entry in
            entry.shares.removeAll { $0.file == moved.source }
            if let copy = moved.events.last(where: { $0.sequence == old.sequence }) {
                entry.tail = FrameList()
                entry.tail.append(copy.location)
            } else if moved.byteCount > 0 {
                // Copied when the execution was still there. The record that it is gone is elsewhere, and is needed for as long
                // as these are.
                entry.addShare(moved.byteCount, in: moved.target)
            }
        }
        guard let entry = changes[number]?.entry, let place = entry.tail.last else { return }
        if entry.needsTombstone {
            if place.file != old.tail.last?.file { bytes[place.file]?.live += IndexEntry.tombstoneByteCount }
        } else {
            if place.file == old.tail.last?.file { bytes[place.file]?.live -= IndexEntry.tombstoneByteCount }
            changes.remove(number)
        }
    }
}
