import Synchronization

/// What only the writer touches: the current segment, the batch in hand, and how far each got.
struct WriterContent: ~Copyable {
    let state: LogState
    let preparer: SegmentPreparer
    var segment: OpenSegment

    /// The batch in hand, and which of its appends comes next: a batch that does not fit a segment takes several steps.
    private var batch = PendingAppends()
    private var nextMark = 0
    /// Everything below is in the file; everything below `synced` is on the disk.
    private var written: LSN
    private var synced: LSN

    /// Since when the oldest unforced append waits in the queue.
    private var unforcedSince: Int64?
    /// When a record was last written; nil when a sync-point or a header already vouches for all of them.
    private var unvouchedSince: Int64?
    /// Since when written records are not synced; kept when relaxed only.
    private var unsyncedSince: Int64?
    /// Nanoseconds that a sync takes: a moving average. Nil before the first one.
    private var syncTime: Int64?

    init(state: LogState, preparer: SegmentPreparer, segment: consuming OpenSegment) {
        self.state = state
        self.preparer = preparer
        self.written = segment.header.firstLSN
        self.synced = segment.header.firstLSN
        self.segment = segment
    }

    private var options: LogOptions { state.options }
    private var isRelaxed: Bool { options.durability == .relaxed }

    var hasUnforcedTimer: Bool { unforcedSince != nil }

    var nextWake: Int64? {
        var wake = Int64.max
        if let unforcedSince { wake = min(wake, unforcedSince + options.unforcedWriteDelay) }
        if let unvouchedSince { wake = min(wake, unvouchedSince + options.syncPointDelay) }
        if let unsyncedSince { wake = min(wake, unsyncedSince + options.syncPointDelay) }
        return wake == .max ? nil : wake
    }

    mutating func step(now: Int64) throws(FileSystemError) -> Bool {
        guard let wanted = takeBatch(now: now) else { return false }
        if let since = unsyncedSince, isOver(options.syncPointDelay, since: since, now: now) {
            // Relaxed: the lag has a bound under load too.
            try sync()
            publish(wrote: 0)
            return true
        }
        if nextMark < batch.marks.count {
            try writeGroup(now: now)
            return true
        }
        if wanted > synced && written > synced && !isRelaxed {
            try sync()
            publish(wrote: 0)
            return true
        }
        if let since = unvouchedSince, isOver(options.syncPointDelay, since: since, now: now) {
            try makeSyncPointIfNeeded(now: now)
            return true
        }
        return false
    }

    /// A clock that went back has waited long enough.
    private func isOver(_ delay: Int64, since start: Int64, now: Int64) -> Bool {
        now < start || now - start >= delay
    }

    /// Whether what is queued goes into the current segment, as one small group.
    var isBrief: Bool {
        let limit = min(segment.room(options), WriterRelief.costMax)
        return batch.marks.count == nextMark && state.content.withLock { $0.filling.cost <= limit }
    }

    // MARK: - Appends

    /// Takes what is queued, if it is due and the last batch is done.
    ///
    /// - Returns: The LSN before which everything is wanted on the disk; nil when the log has ended.
    private mutating func takeBatch(now: Int64) -> LSN? {
        if nextMark == batch.marks.count {
            batch.removeAll(keepingBytes: 2 * options.batchByteLimit)
            nextMark = 0
        }
        let isFree = batch.isEmpty
        let unforcedSince = unforcedSince
        let isUnforcedOver = unforcedSince.map { isOver(options.unforcedWriteDelay, since: $0, now: now) } ?? false
        var taken = false
        let (wanted, hasUnforced) = state.content.withLock { content -> (LSN?, Bool) in
            guard content.end == nil else { return (nil, false) }
            if isFree, !content.filling.isEmpty,
                content.wanted > content.acknowledged || isUnforcedOver || content.isClosing
            {
                swap(&content.filling, &batch)
                content.ledger.take()
                taken = true
            }
            return (content.wanted, !content.filling.isEmpty)
        }
        if taken || (hasUnforced && unforcedSince == nil) {
            self.unforcedSince = now
        } else if !hasUnforced && isUnforcedOver {
            self.unforcedSince = nil
        }
        return wanted
    }

    /// Writes as many of the batch's appends as one group may hold and the segment has room for, and syncs them if
    /// somebody waits.
    private mutating func writeGroup(now: Int64) throws(FileSystemError) {
        var (end, cost) = appendsThatFit()
        if end == nextMark {
            try rollOver(now: now)
            (end, cost) = appendsThatFit()
            precondition(end > nextMark, "an append does not fit the segment made for it")
        }
        let first = written
        let durable = synced
        if nextMark == 0 && end == batch.marks.count {
            segment.encoder.encodeGroup(
                entries: batch.entries, bodies: batch.bodies, firstLSN: first, durableLSN: durable)
        } else {
            let start = nextMark == 0 ? PendingAppends.Mark.zero : batch.marks[nextMark - 1]
            let stop = batch.marks[end - 1]
            segment.encoder.encodeGroup(
                entries: Array(batch.entries[start.entryEnd..<stop.entryEnd]),
                bodies: Array(batch.bodies[start.bodyEnd..<stop.bodyEnd]), firstLSN: first, durableLSN: durable)
        }
        let offset = segment.offset
        try segment.flush()
        let start = nextMark == 0 ? 0 : batch.marks[nextMark - 1].entryEnd
        written = written.advanced(by: batch.marks[end - 1].entryEnd - start)
        nextMark = end
        unvouchedSince = now
        if isRelaxed {
            unsyncedSince = unsyncedSince ?? now
        } else if state.content.withLock({ $0.wanted > first }) {
            try sync()
        }
        publish(wrote: cost, group: SegmentList.Mark(lsn: first, offset: offset))
    }

    private func appendsThatFit() -> (end: Int, cost: Int) {
        let limit = min(segment.room(options), FormatLimits.groupByteCountMax)
        var end = nextMark
        var cost = 0
        while end < batch.marks.count, cost + batch.marks[end].cost <= limit {
            cost += batch.marks[end].cost
            end += 1
        }
        return (end, cost)
    }

    // MARK: - Syncing

    private mutating func sync() throws(FileSystemError) {
        let start = ContinuousClock.now
        try segment.file.syncData()
        let elapsed = (ContinuousClock.now - start).nanoseconds
        syncTime = syncTime.map { ($0 * 7 + elapsed) / 8 } ?? elapsed
        synced = written
        unsyncedSince = nil
    }

    /// Writes an empty frame that vouches for all records before it, unless one does already.
    mutating func makeSyncPointIfNeeded(now: Int64) throws(FileSystemError) {
        guard unvouchedSince != nil else { return }
        if written > synced { try sync() }
        let room = segment.room(options) - options.roomForSyncPoint
        // Room that was promised is not taken for it: whoever has it may append yet, and then the sync-point comes later.
        if state.content.withLock({ $0.isClosing || $0.ledger.canSpare(room: room) }) {
            segment.encoder.encodeSyncPoint(nextLSN: written, time: now)
            try segment.flush()
            try sync()
            unvouchedSince = nil
        } else {
            unvouchedSince = now
        }
        publish(wrote: 0)
    }

    /// Tells the others how far the log is.
    private mutating func publish(wrote cost: Int, group: SegmentList.Mark? = nil) {
        let room = segment.room(options)
        let offset = segment.offset
        let (written, synced) = (written, synced)
        let acknowledged = isRelaxed ? written : synced
        let syncsAreQuick = syncTime ?? .max < WriterRelief.syncTimeMax
        let (answers, wantsSpare) = state.content.withLock { content in
            content.durable = synced
            content.syncsAreQuick = syncsAreQuick
            content.ledger.wrote(cost, room: room)
            let last = content.segments.entries.count - 1
            if let group { content.segments.entries[last].note(group.lsn, at: group.offset) }
            if acknowledged == written {
                content.segments.entries[last].nextLSN = acknowledged
                content.segments.entries[last].end = offset
            }
            if acknowledged > content.acknowledged {
                content.acknowledged = acknowledged
                content.isCompleting = true
            }
            let spareRoomWanted = content.spareRoomWanted
            let answers = content.serveRoomWaiters()
            return (answers, content.spareRoomWanted > spareRoomWanted)
        }
        // Who waited for these appends may be found now to need a larger spare.
        if wantsSpare { state.preparerSignal.post() }
        for answer in answers { answer.deliver() }
    }

    // MARK: - Rollover

    /// Ends the current segment and starts the next: everything synced, then the header, the name, the directory; only
    /// then frames. A crash leaves either segment as the newest, each complete.
    private mutating func rollOver(now: Int64) throws(FileSystemError) {
        if written > synced { try sync() }
        publish(wrote: 0)
        let spare = try preparer.take()
        let salt = state.content.withLock { $0.random.next() }
        let header = SegmentHeader(
            logID: segment.header.logID, number: spare.number, firstLSN: written, byteCount: spare.size,
            creationTime: now, salt: salt, writerEpoch: segment.header.writerEpoch,
            partition: segment.header.partition, predecessor: segment.asPredecessor(nextLSN: written))
        let file = try state.put(header, into: spare.file)
        giveBackTail()
        segment.file.close()
        segment = OpenSegment(header: header, file: file, padsCommits: options.padCommits)
        unvouchedSince = nil
        let first = written
        let lastFrameCRC = header.predecessor?.lastFrameCRC ?? 0
        state.content.withLock { content in
            content.segments.entries[content.segments.entries.count - 1].lastFrameCRC = lastFrameCRC
            content.segments.entries.append(
                SegmentList.Entry(
                    number: spare.number, firstLSN: first, nextLSN: first, end: SegmentHeader.encodedByteCount))
        }
        state.preparerSignal.post()
    }

    /// The new header says where this segment ends, so what is beyond is dead.
    private func giveBackTail() {
        do throws(FileSystemError) {
            try segment.file.truncate(to: segment.offset)
        } catch {
            // Only space: nothing depends on it, and the next opening tries again.
        }
    }
}
