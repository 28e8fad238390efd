import Synchronization

/// An appender that does the writer's work while the writer's thread sleeps.
///
/// A lone appender waits for its sync anyway: made by the appender itself, the sync costs neither of the two wake-ups of
/// threads that it takes to have it made elsewhere, which are a third of the time of a lone step. The appender may
/// run on the cooperative pool. So it makes one write and one sync at most, and only where syncs are quick: the time that the
/// pool goes without one of its threads is then less than that of many a computation between two suspensions.
enum WriterRelief {
    /// Nanoseconds that syncs take on average, at most.
    static let syncTimeMax: Int64 = 500_000
    /// What is written at most, as the queue counts it: compressing more would take longer than waking a thread.
    static let costMax = 64 << 10
    /// Whom the last group released, at most. More of them come back together, and are better waited for.
    static let releasedCountMax = 2
}

extension SegmentedLog {
    /// Takes over the work of the writer's thread, if that sleeps and the work will be brief. Nobody wakes it then for what is
    /// enqueued, until ``relieveWriter()``, which must follow at once.
    package func takeOverWriter() -> Bool {
        guard hasThreads, state.options.letsAppendersWrite, writer.releasesFew else { return false }
        return state.content.withLock { content in
            guard content.syncsAreQuick, !content.isClosing, content.end == nil,
                content.writerSleep == .untilForced || content.writerSleep == .untilAnything
            else { return false }
            content.writerSleep = .relieved
            return true
        }
    }

    /// Writes and syncs what is enqueued and runs the completions, in the caller; whatever is left then is for the thread.
    ///
    /// Blocks for as long as a sync takes. For who has had ``takeOverWriter()`` return true and holds no lock.
    package func relieveWriter() {
        writer.relieve()
    }
}

extension LogWriter {
    fileprivate var releasesFew: Bool {
        releasedCount.load(ordering: .relaxed) <= WriterRelief.releasedCountMax
    }

    fileprivate func relieve() {
        let now = state.clock.now()
        if content.withLock({ $0.isBrief }) { step(now: now) }
        let (wake, hasTimer) = content.withLock { ($0.nextWake, $0.hasUnforcedTimer) }
        let isLeft = state.content.withLock { $0.endRelief(nextWake: wake, hasTimer: hasTimer) }
        if isLeft { state.writerSignal.post() }
    }
}

extension LogState.Content {
    /// The writer's thread has woken. False: somebody does its work, and it is to sleep until that is done.
    mutating func resumeWriter() -> Bool {
        if writerSleep == .relieved {
            writerIsDue = true
            return false
        }
        writerSleep = .awake
        return true
    }

    /// Lets the writer's thread sleep on, or has the caller post its signal.
    ///
    /// - Parameter nextWake: When there will be something to do though nothing is enqueued.
    fileprivate mutating func endRelief(nextWake: Int64?, hasTimer: Bool) -> Bool {
        // A close has woken it meanwhile.
        guard writerSleep == .relieved else { return false }
        let isLate = nextWake ?? .max < writerWake ?? .max
        if isLate || writerIsDue || wanted > acknowledged || !(filling.isEmpty || hasTimer) || isClosing || end != nil {
            writerIsDue = false
            writerSleep = .awake
            return true
        }
        writerSleep = hasTimer ? .untilForced : .untilAnything
        return false
    }
}

extension Duration {
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
