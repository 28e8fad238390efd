#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Lets those whom the last group released come back with their next appends before the next group is closed.
///
/// Without it, the writer takes the first one or two that come, and the rest wait for two syncs: on few cores the syncs then
/// cost more than the work. It never waits for a lone appender, and never long.
enum CommitGathering {
    /// Fewer than these released at once are not waited for.
    static let releasedCountMin = 8
    /// The longest wait: less than a sync takes on a fast disk.
    static let durationMax = Duration.microseconds(100)

    /// Gives the processor away until `waitingCount` has reached `releasedCount`, or the time is over.
    static func gather(releasedCount: Int, waitingCount: () -> Int) {
        guard releasedCount >= releasedCountMin else { return }
        let end = ContinuousClock.now + durationMax
        repeat { sched_yield() } while waitingCount() < releasedCount && ContinuousClock.now < end
    }
}
