import Synchronization

/// Follows a log that is being written, by the directories of its frames: for what is kept beside the log and may lag
/// behind it, as an index does. Blocks for reading, never for records to come; one thread at a time.
///
/// It gives whole atomic groups, in the order of LSN, and only what is synced: also in a relaxed log, whose acknowledged
/// records power loss may take, so that what is derived from them never runs ahead of what a recovery finds.
package struct FrameTail {
    private let state: LogState
    /// The LSN of the record that comes next.
    private var nextLSN: LSN
    private var segment: Segment?

    private struct Segment {
        var number: UInt64
        var handle: LogFileHandle
        var scanner: FrameScanner
        var offset: Int
    }

    /// Where a segment's readable frames end, and whether more can come.
    private struct Limit {
        var entry: SegmentList.Entry
        var isNewest: Bool
        var durable: LSN
    }

    init(_ state: LogState, from lsn: LSN) {
        self.state = state
        self.nextLSN = max(lsn, .first)
    }

    /// The LSN after the last record that it gave, or that it started from.
    package var position: LSN { nextLSN }

    /// The next frame with records; nil when no other is durable yet. More may come later.
    ///
    /// The first one may begin before the LSN that was asked for: a frame is given whole.
    ///
    /// - Throws: ``LogError/damaged(_:)``, ``LogError/storage(_:)``. The next call tries the same frame again.
    package mutating func next() throws(LogError) -> FrameOutline? {
        while let limit = limit() {
            if segment?.number != limit.entry.number { try open(limit.entry) }
            guard let found = try outline(in: limit) else {
                if limit.isNewest { return nil }
                // Dropped segments leave gaps: the next one there is goes on.
                guard let next = state.content.withLock({ $0.segments.entry(after: limit.entry.number) }) else {
                    return nil
                }
                try open(next)
                continue
            }
            if found.header.isSyncPoint || found.header.endLSN <= nextLSN {
                segment?.offset += found.byteCount
                continue
            }
            // Acknowledged and not synced: relaxed.
            guard found.header.endLSN <= limit.durable else { return nil }
            segment?.offset += found.byteCount
            nextLSN = found.header.endLSN
            return found
        }
        return nil
    }

    /// Of the segment in hand, or of the one that holds the next record.
    private func limit() -> Limit? {
        let (target, current) = (nextLSN, segment?.number)
        return state.content.withLock { content in
            let entries = content.segments.entries
            let inHand = current.flatMap { content.segments.index(ofNumber: $0) }
            guard let index = inHand ?? content.segments.index(of: target) else { return nil }
            return Limit(
                entry: entries[index], isNewest: index + 1 == entries.count, durable: content.durable)
        }
    }

    private mutating func open(_ entry: SegmentList.Entry) throws(LogError) {
        let reading = try SegmentReading(.append(entry.number), in: state.directory, state.fileSystem)
        segment = Segment(
            number: entry.number, handle: reading.handle,
            scanner: FrameScanner(reading.file, header: reading.header, end: entry.end, reading: .directory),
            offset: state.place(of: nextLSN, in: entry, reading))
    }

    /// The frame at the place in hand; nil: the readable ones end there.
    private mutating func outline(in limit: Limit) throws(LogError) -> FrameOutline? {
        guard var segment, segment.offset < limit.entry.end else { return nil }
        self.segment = nil
        defer { self.segment = segment }
        segment.scanner.end = limit.entry.end
        let result: Result<Frame, FrameError>
        do throws(FileSystemError) { result = try segment.scanner.frame(at: segment.offset) } catch {
            throw .storage(error)
        }
        func damage(_ reason: LogDamage.Reason) -> LogError {
            segment.scanner.forget()
            return .damaged(LogDamage(segment: segment.number, offset: segment.offset, reason: reason))
        }
        switch result {
        case .failure(let error): throw damage(.frame(error))
        case .success(let frame):
            guard segment.offset + frame.byteCount <= limit.entry.end else {
                throw damage(
                    .frame(.truncated(needed: frame.byteCount, available: limit.entry.end - segment.offset)))
            }
            // Records are missing in front of a segment alone: where others were dropped.
            guard frame.header.firstLSN <= max(nextLSN, limit.entry.firstLSN) else {
                throw damage(.frameOutOfPlace(field: "firstLSN"))
            }
            return FrameOutline(frame, at: FrameLocation(file: .append(segment.number), offset: segment.offset))
        }
    }
}

extension SegmentedLog {
    /// Follows the durable log from the record `lsn` on.
    package func follow(from lsn: LSN) -> FrameTail {
        FrameTail(state, from: lsn)
    }
}
