import ExecutionModel
import Glibc

/// The time as the engine sees it: one of the four seams. Production reads the wall clock; tests hold it in their hand.
package protocol EngineClock: Sendable {
    func now() -> Timestamp
}

/// The wall clock, since waits are recorded as moments and must hold over restarts.
package struct SystemClock: EngineClock {
    package init() {}

    package func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(millisecondsSinceEpoch: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
