import Synchronization

/// Puts what was enqueued into frames and on the disk: one write and one sync for whatever arrived during the last sync.
///
/// In production a thread of its own calls ``step(now:)`` and nothing else; a simulation calls it in any order with the
/// preparer's. Any error of the file system ends the log: a sync that failed may have dropped what it could not write.
package final class LogWriter: Sendable {
    let preparer: SegmentPreparer
    let state: LogState
    let content: Mutex<WriterContent>
    /// How many completions the last step ran.
    let releasedCount = Atomic<Int>(0)
    /// Held while completions run, so that they keep their order whoever runs them; keeps the memory of those taken last.
    private let completions = Mutex<[DurabilityWaiters.Waiter]>([])

    init(state: LogState, preparer: SegmentPreparer, content: consuming WriterContent) {
        self.state = state
        self.preparer = preparer
        self.content = Mutex(content)
    }

    /// Writes and syncs one group, or syncs what is due, or makes a sync-point; then runs the completions of what became
    /// durable.
    ///
    /// - Parameter now: Milliseconds, of the log's clock.
    /// - Returns: Whether there was anything to do.
    @discardableResult
    package func step(now: Int64) -> Bool {
        let (did, failure) = content.withLock { content -> (Bool, FileSystemError?) in
            do throws(FileSystemError) {
                return (try content.step(now: now), nil)
            } catch {
                return (true, error)
            }
        }
        if let failure { state.end(with: .outcomeUnknown(failure)) }
        if did { complete() }
        return did
    }

    /// When ``step(now:)`` will have something to do though nothing is enqueued, in the clock's milliseconds.
    package var nextWake: Int64? {
        content.withLock { $0.nextWake }
    }

    /// Writes what is left, makes the last sync-point and closes the file. Nobody else steps any more.
    func finish() {
        let now = state.clock.now()
        while state.content.withLock({ $0.end == nil }) {
            if step(now: now) { continue }
            let failure = content.withLock { content -> FileSystemError? in
                do throws(FileSystemError) {
                    try content.makeSyncPointIfNeeded(now: now)
                    return nil
                } catch {
                    return error
                }
            }
            if let failure {
                state.end(with: .outcomeUnknown(failure))
            } else {
                state.endIfDrained()
            }
        }
        complete()
        content.withLock { $0.segment.file.close() }
    }

    /// The thread's loop; returns when the log closes or fails.
    func run() {
        while true {
            if step(now: state.clock.now()) {
                CommitGathering.gather(releasedCount: releasedCount.load(ordering: .relaxed)) {
                    state.content.withLock { $0.filling.marks.count }
                }
                continue
            }
            let (wake, hasTimer) = content.withLock { ($0.nextWake, $0.hasUnforcedTimer) }
            enum Rest {
                case none, sleep, stop
            }
            let rest = state.content.withLock { content -> Rest in
                if content.isClosing || content.end != nil { return .stop }
                if content.wanted > content.acknowledged || !(content.filling.isEmpty || hasTimer) { return .none }
                content.writerSleep = hasTimer ? .untilForced : .untilAnything
                content.writerWake = wake
                return .sleep
            }
            switch rest {
            case .none: continue
            case .stop: return
            case .sleep: break
            }
            state.writerSignal.wait(milliseconds: wake.map { max($0 - state.clock.now(), 1) })
            // Whoever does its work calls it when he is done.
            while !state.content.withLock({ $0.resumeWriter() }) { state.writerSignal.wait(milliseconds: nil) }
        }
    }

    /// Runs what waits for what is acknowledged now, and for what became so meanwhile, outside every lock of the log's that
    /// a completion may want.
    private func complete() {
        completions.withLock { ready in
            var count = 0
            while true {
                let (acknowledged, end) = state.content.withLock { content in
                    content.waiters.take(through: content.end == nil ? content.acknowledged : nil, into: &ready)
                    content.isCompleting = !ready.isEmpty
                    return (content.acknowledged, content.end)
                }
                if ready.isEmpty { break }
                count += ready.count
                for waiter in ready { waiter.completion(waiter.lsn <= acknowledged ? nil : end) }
                ready.removeAll(keepingCapacity: true)
            }
            releasedCount.store(count, ordering: .relaxed)
        }
        let (end, observers) = state.content.withLock { $0.takeEndObservers() }
        guard let end else { return }
        for observer in observers { observer(end) }
    }
}
