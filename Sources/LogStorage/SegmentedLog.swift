import Synchronization

/// An append-only log of numbered records in a directory: segments of frames, synced in groups.
///
/// Guarantees: records keep the order of ``enqueue(_:forced:reservation:)``; an append is recorded whole or not at all;
/// what was acknowledged (``whenDurable(before:_:)``) is there after any crash, or ``open(at:options:fileSystem:clock:seed:waitForLock:startThreads:recovered:accepts:)``
/// refuses; numbers of durable records are never given twice. After a write or a sync failed nothing is accepted any
/// more, and what was not acknowledged is unknown until the log is opened again, which may happen in the same process.
///
/// Thread-safe. ``open(at:options:fileSystem:clock:seed:waitForLock:startThreads:recovered:accepts:)``, ``close()`` and reading
/// block, so they may not run on the cooperative pool.
package final class SegmentedLog: Sendable {
    package let logID: LogID
    /// Writes what is enqueued. A thread of its own calls its `step`, unless the log was opened with `startThreads: false`.
    package let writer: LogWriter
    /// Makes the next segment; see ``writer``.
    package let preparer: SegmentPreparer
    /// Reads what is sealed again; see ``writer``.
    package let scrubber: LogScrubber

    /// Where the opening dropped bytes that were never acknowledged, and what they looked like; nil when there were none.
    package let tornTail: LogDamage?

    let state: LogState
    /// Whether the writer has a thread.
    let hasThreads: Bool
    private let lock: any DirectoryLock
    private let threads: Mutex<[LogThread]>

    init(
        logID: LogID, tornTail: LogDamage?, state: LogState, writer: LogWriter, lock: any DirectoryLock,
        startThreads: Bool
    ) {
        self.logID = logID
        self.tornTail = tornTail
        self.state = state
        self.writer = writer
        self.preparer = writer.preparer
        self.lock = lock
        hasThreads = startThreads
        self.threads = Mutex([])
        scrubber = LogScrubber(state)
        guard startThreads else { return }
        let preparer = writer.preparer
        let scrubber = scrubber
        threads.withLock { threads in
            threads.append(LogThread { writer.run() })
            threads.append(LogThread { preparer.run() })
            if state.options.scrubbing.bytesPerSecond > 0 { threads.append(LogThread { scrubber.run(state) }) }
        }
    }

    /// The number that the next record gets.
    package var nextLSN: LSN { state.content.withLock { $0.nextLSN } }

    /// Everything below it is synced. When relaxed, acknowledged records may be above it.
    package var durableLSN: LSN { state.content.withLock { $0.durable } }

    /// Why the log accepts nothing any more; nil while it works, and after it was closed without an error.
    package var failure: LogError? {
        state.content.withLock { $0.end == .closed ? nil : $0.end }
    }

    /// Whether its threads have nothing to do: everything enqueued is written, synced or not, and the spare is made. For
    /// tests that look at the disk then.
    package var isIdle: Bool {
        state.content.withLock { content in
            if content.end != nil { return true }
            return content.filling.isEmpty && content.writerSleep == .untilAnything
                && (content.spare != nil || content.spareFailure != nil)
        }
    }

    // MARK: - Room

    /// The room to reserve for an append of so many records and bytes of bodies.
    package func room(forRecords recordCount: Int, bodyBytes: Int) -> Int {
        state.room(recordCount: recordCount, bodyBytes: bodyBytes)
    }

    /// Reserves room for an append, if that is possible without waiting.
    ///
    /// Every reservation ends in one ``enqueue(_:forced:reservation:)``, or in ``release(reservation:)``.
    ///
    /// - Parameter byteCount: What ``room(forRecords:bodyBytes:)`` says, or more.
    /// - Returns: False: too much is on its way to the disk; ``reserve(byteCount:_:)`` waits for it.
    package func tryReserve(byteCount: Int, _ priority: ReservationPriority) throws(LogError) -> Bool {
        try check(byteCount)
        let (result, wantsSpare) = state.content.withLock { content -> (Result<Void, LogError>?, Bool) in
            let spareRoomWanted = content.spareRoomWanted
            let result = content.roomWaiters.mustQueue(priority) ? nil : content.admit(byteCount, priority)
            return (result, content.spareRoomWanted > spareRoomWanted)
        }
        if wantsSpare { state.preparerSignal.post() }
        guard let result else { return false }
        try result.get()
        return true
    }

    /// Reserves room for an append; suspends while too much is on its way to the disk.
    ///
    /// - Throws: ``LogError/noRoom(_:)`` when the disk is full: at once for new work, for completions when the room
    ///   that is left does not suffice. ``LogError/appendTooLarge(byteCount:limit:)``, ``LogError/closed``,
    ///   ``LogError/outcomeUnknown(_:)``.
    package func reserve(byteCount: Int, _ priority: ReservationPriority) async throws(LogError) {
        try check(byteCount)
        let result = await withUnsafeContinuation { continuation in
            var wantsSpare = false
            let result = state.content.withLock { content -> Result<Void, LogError>? in
                let spareRoomWanted = content.spareRoomWanted
                defer { wantsSpare = content.spareRoomWanted > spareRoomWanted }
                if !content.roomWaiters.mustQueue(priority) || content.end != nil || content.isClosing,
                    let result = content.admit(byteCount, priority)
                {
                    return result
                }
                content.roomWaiters.append(
                    RoomWaiters.Waiter(cost: byteCount, priority: priority, continuation: continuation))
                return nil
            }
            if wantsSpare { state.preparerSignal.post() }
            if let result { continuation.resume(returning: result) }
        }
        try result.get()
    }

    /// Gives room back that nothing will be enqueued under.
    package func release(reservation byteCount: Int) {
        let (answers, wantsSpare) = state.content.withLock { content in
            content.ledger.release(byteCount)
            let spareRoomWanted = content.spareRoomWanted
            let answers = content.serveRoomWaiters()
            return (answers, content.spareRoomWanted > spareRoomWanted)
        }
        if wantsSpare { state.preparerSignal.post() }
        for answer in answers { answer.deliver() }
    }

    private func check(_ byteCount: Int) throws(LogError) {
        guard byteCount <= FormatLimits.groupByteCountMax else {
            throw .appendTooLarge(byteCount: byteCount, limit: FormatLimits.groupByteCountMax)
        }
    }

    // MARK: - Appending

    /// Appends the records as one atomic group: after a crash all of them are there, or none.
    ///
    /// Synchronous and cannot fail: a log that has failed or was closed takes the records and tells the waiters. Records
    /// that are too large are a bug of the caller, who checks sizes before deciding.
    ///
    /// - Parameters:
    ///   - batch: At most 16 MiB a record and 32 MiB in all. An empty one only ends the reservation.
    ///   - forced: False for facts that nobody waits for: they are synced with the next forced append, or written
    ///     without a sync after a moment.
    ///   - reservation: What was reserved for it, all of which is used up. An append that is larger than its reservation
    ///     is written all the same, but on a full disk it may fail the log.
    /// - Returns: The records' numbers.
    @discardableResult
    package func enqueue(_ batch: borrowing RecordBatch, forced: Bool, reservation: Int) -> Range<LSN> {
        guard !batch.isEmpty else {
            release(reservation: reservation)
            let next = nextLSN
            return next..<next
        }
        precondition(
            batch.entries.allSatisfy { $0.length <= FormatLimits.recordByteCountMax },
            "a record over \(FormatLimits.recordByteCountMax) bytes")
        let cost = state.room(recordCount: batch.entries.count, bodyBytes: batch.bodies.count)
        precondition(cost <= FormatLimits.groupByteCountMax, "an append over \(FormatLimits.groupByteCountMax) bytes")
        let (lsns, wakes) = state.content.withLock { content in
            let first = content.nextLSN
            content.nextLSN = first.advanced(by: batch.entries.count)
            content.ledger.enqueue(cost, reservation: reservation)
            if content.end == nil { content.filling.append(batch, cost: cost) }
            if forced { content.wanted = content.nextLSN }
            return (first..<content.nextLSN, content.wakeWriter(forced: forced))
        }
        if wakes { state.writerSignal.post() }
        return lsns
    }

    /// Runs `completion` once everything below `lsn` is acknowledged, or with the error when the log ends before.
    ///
    /// Completions run in the order of their LSNs, and those of one LSN in the order of registration, on the writer's
    /// thread, outside every lock: they must be short and may not block. When it is acknowledged already, `completion`
    /// runs at once in the caller. Asks for a sync if only unforced records are in the way.
    package func whenDurable(before lsn: LSN, _ completion: @escaping @Sendable (LogError?) -> Void) {
        enum Now {
            case run(LogError?)
            case later(wakes: Bool)
        }
        let now = state.content.withLock { content -> Now in
            if !content.isCompleting {
                if lsn <= content.acknowledged { return .run(nil) }
                if let end = content.end { return .run(end) }
            }
            precondition(lsn <= content.nextLSN, "waiting for records that were never enqueued")
            content.waiters.insert(DurabilityWaiters.Waiter(lsn: lsn, completion: completion))
            guard lsn > content.acknowledged else { return .later(wakes: false) }
            content.wanted = max(content.wanted, lsn)
            return .later(wakes: content.wakeWriter(forced: true))
        }
        switch now {
        case .run(let error): completion(error)
        case .later(let wakes): if wakes { state.writerSignal.post() }
        }
    }

    /// Suspends until everything below `lsn` is acknowledged.
    package func durable(before lsn: LSN) async throws(LogError) {
        let error = await withUnsafeContinuation { (continuation: UnsafeContinuation<LogError?, Never>) in
            whenDurable(before: lsn) { continuation.resume(returning: $0) }
        }
        if let error { throw error }
    }

    /// Runs `observer` once the log has ended: with ``LogError/closed``, or with why it failed. At once, in the caller, when
    /// it has ended already; otherwise on the writer's thread, after the completions, and by their rules. For who must
    /// hear of a failure though nothing of its own is on its way to the disk.
    package func whenEnded(_ observer: @escaping @Sendable (LogError) -> Void) {
        let end = state.content.withLock { content in
            if content.end == nil { content.endObservers.append(observer) }
            return content.end
        }
        if let end { observer(end) }
    }

    // MARK: - Closing

    /// Writes and syncs what is enqueued, closes the last frame's blind spot and unlocks the directory. Closing again
    /// does nothing.
    ///
    /// - Throws: ``LogError/outcomeUnknown(_:)`` if the log has failed, now or before; it is unlocked all the same.
    package func close() throws(LogError) {
        state.content.withLock { content in
            content.isClosing = true
            content.writerSleep = .awake
        }
        state.writerSignal.post()
        state.preparerSignal.post()
        state.scrubberSignal.post()
        let threads = threads.withLock { threads in
            defer { threads = [] }
            return threads
        }
        for thread in threads { thread.join() }
        writer.finish()
        preparer.discard()
        lock.release()
        if let failure { throw failure }
    }
}
