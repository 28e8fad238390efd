#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A semaphore that one thread sleeps on and others post.
///
/// Posting costs a system call only when the sleeper sleeps; who can know that it does not should not post at all.
package final class WakeSignal: @unchecked Sendable {
    // `sem_t` is made for use from any thread; the pointer never changes and lives as long as this object.
    private let semaphore: UnsafeMutablePointer<sem_t>

    package init() {
        semaphore = .allocate(capacity: 1)
        let result = sem_init(semaphore, 0, 0)
        precondition(result == 0, "sem_init failed")
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    package func post() {
        sem_post(semaphore)
    }

    /// Sleeps until posted, or for `milliseconds` if that is given. May return early: the caller looks again.
    package func wait(milliseconds: Int64?) {
        guard let milliseconds else {
            sem_wait(semaphore)
            return
        }
        var deadline = timespec()
        clock_gettime(CLOCK_REALTIME, &deadline)
        // A sleep of an hour is as good as one of a year: the caller looks again.
        let nanoseconds = Int64(deadline.tv_nsec) + min(max(milliseconds, 0), 3_600_000) * 1_000_000
        deadline.tv_sec += Int(nanoseconds / 1_000_000_000)
        deadline.tv_nsec = Int(nanoseconds % 1_000_000_000)
        sem_timedwait(semaphore, &deadline)
    }
}
