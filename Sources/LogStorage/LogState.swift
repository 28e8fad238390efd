import Synchronization

/// What appenders, the writer, the preparer and readers share: positions, the queue, who waits for what.
///
/// Behind one lock that is never held over a call that blocks or that leaves this module.
final class LogState: Sendable {
    struct Content: Sendable {
        /// The number of the next record.
        var nextLSN: LSN
        /// Everything below it is acknowledged: synced, or when relaxed, written.
        var acknowledged: LSN
        /// Everything below it is synced.
        var durable: LSN
        /// Somebody waits for everything below it.
        var wanted: LSN
        var filling = PendingAppends()
        var waiters = DurabilityWaiters()
        /// Whether completions taken from `waiters` are still to run: until then no other may run at once.
        var isCompleting = false
        var ledger: RoomLedger
        var roomWaiters = RoomWaiters()
        var spare: SpareSegment?
        /// Why the last attempt to make a spare failed; nil once one succeeded.
        var spareFailure: FileSystemError?
        /// Why the spare there is could not be made longer, for an append that needs so much room.
        var lengtheningFailure: (room: Int, cause: FileSystemError)?
        /// The least room that the spare must have, for an append that waits for it.
        var spareRoomWanted = 0
        var segments: SegmentList
        /// The current segment's number, and its size as an index into the growth table.
        var segmentNumber: UInt64
        var sizeIndex: Int
        var random: SplitMix64
        var writerSleep = WriterSleep.awake
        /// When the writer's thread looks by itself while it sleeps, in the clock's milliseconds; nil: never.
        var writerWake: Int64?
        /// Whether the writer's thread woke while it was relieved.
        var writerIsDue = false
        /// Whether syncs take so little time that an appender may as well wait for one.
        var syncsAreQuick = false
        var isClosing = false
        /// Why nothing is accepted any more.
        var end: LogError?
        /// Who asked to hear of the end; run once, by the writer.
        var endObservers: [@Sendable (LogError) -> Void] = []
    }

    /// What wakes the writer's thread.
    enum WriterSleep: Sendable {
        /// It looks at the queue again before it sleeps.
        case awake
        /// It sleeps, and an appender does its work: see ``SegmentedLog/relieveWriter()``.
        case relieved
        /// It has a timer for what is queued: only work that must be synced wakes it.
        case untilForced
        /// Everything wakes it.
        case untilAnything
    }

    let content: Mutex<Content>
    let directory: String
    let options: LogOptions
    let fileSystem: any LogFileSystem
    let clock: any LogClock
    let writerSignal = WakeSignal()
    let preparerSignal = WakeSignal()
    let scrubberSignal = WakeSignal()

    init(
        content: consuming Content, directory: String, options: LogOptions, fileSystem: any LogFileSystem,
        clock: any LogClock
    ) {
        self.content = Mutex(content)
        self.directory = directory
        self.options = options
        self.fileSystem = fileSystem
        self.clock = clock
    }

    func path(_ name: String) -> String { directory + "/" + name }

    func room(recordCount: Int, bodyBytes: Int) -> Int {
        options.roomForAppend(recordCount: recordCount, bodyBytes: bodyBytes)
    }

    /// Ends the log: nothing is accepted any more, and everybody who waits for room is told. The completions are the
    /// caller's to run.
    func end(with error: LogError) {
        let refused = content.withLock { content in
            if content.end == nil { content.end = error }
            content.isCompleting = true
            return content.roomWaiters.takeAll()
        }
        for waiter in refused { waiter.resume(throwing: error) }
        preparerSignal.post()
        scrubberSignal.post()
    }
}

extension LogState {
    /// Ends the log if nothing is enqueued any more; its last act.
    func endIfDrained() {
        let isDrained = content.withLock { content in
            guard content.end == nil, content.filling.isEmpty else { return false }
            content.end = .closed
            return true
        }
        if isDrained { end(with: .closed) }
    }

    /// Makes a spare the segment that `header` describes, durably, and closes it as a spare.
    ///
    /// - Returns: The same file under its new name, so that errors tell that one.
    func put(_ header: SegmentHeader, into file: any LogFile) throws(FileSystemError) -> any LogFile {
        try file.write(header.encoded(), at: 0)
        try file.sync()
        let name = path(SegmentNames.segment(header.number))
        try fileSystem.rename(path(SegmentNames.temporary(header.number)), to: name)
        try fileSystem.syncDirectory(directory)
        file.close()
        return try fileSystem.open(name, .readWrite)
    }
}

extension LogState.Content {
    /// Whether the writer sleeps and has to be woken for what was just enqueued; the caller posts its signal then.
    mutating func wakeWriter(forced: Bool) -> Bool {
        switch writerSleep {
        case .awake, .relieved: return false
        case .untilForced where !forced: return false
        case .untilForced, .untilAnything:
            writerSleep = .awake
            return true
        }
    }

    /// Who is to hear of the end now: nobody before it, and everybody once.
    mutating func takeEndObservers() -> (LogError?, [@Sendable (LogError) -> Void]) {
        guard let end else { return (nil, []) }
        defer { endObservers = [] }
        return (end, endObservers)
    }

    /// Grants room to those who wait for it, in their order. The caller resumes what it gets, outside the lock.
    mutating func serveRoomWaiters() -> [RoomWaiters.Answer] {
        var answers: [RoomWaiters.Answer] = []
        while let waiter = roomWaiters.first, let result = admit(waiter.cost, waiter.priority) {
            roomWaiters.removeFirst()
            answers.append(RoomWaiters.Answer(waiter: waiter, result: result))
        }
        return answers
    }

    /// Grants room for an append, or says why not. Nil: the caller has to wait.
    mutating func admit(_ cost: Int, _ priority: ReservationPriority) -> Result<Void, LogError>? {
        if let end { return .failure(end) }
        if isClosing { return .failure(.closed) }
        if priority == .new, let spareFailure { return .failure(.noRoom(spareFailure)) }
        guard !ledger.mustWait(cost, priority) else { return nil }
        if ledger.hasRoom(for: cost, priority) {
            ledger.grant(cost)
            return .success(())
        }
        if !ledger.willHaveRoom(for: cost, priority) {
            if let spareFailure { return .failure(.noRoom(spareFailure)) }
            let needed = ledger.spareNeeded(for: cost)
            // Asked for even if it is refused now: there may be space by the time it is tried.
            spareRoomWanted = max(spareRoomWanted, needed)
            if let failure = lengtheningFailure, needed >= failure.room { return .failure(.noRoom(failure.cause)) }
        }
        return nil
    }
}
