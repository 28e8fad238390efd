import EngineRuntime
import ExecutionModel
import Synchronization

/// Moves a ``VirtualClock`` on when nothing is left to do at its time, and tells when that is.
///
/// Everything about time happens here, one thing after the other: so a timer never fires while a handler still works at
/// the time before it.
actor ClockDriver {
    private let clock: VirtualClock
    private var runtime: EngineRuntime?
    private var settling: [CheckedContinuation<Void, Never>] = []

    init(_ clock: VirtualClock) {
        self.clock = clock
    }

    /// Drives this engine from now on, in place of the one before.
    func drive(_ runtime: EngineRuntime) {
        self.runtime = runtime
        pump()
    }

    /// Called whenever the engine may have become quiet, or somebody began to wait.
    func pump() {
        guard let runtime, runtime.isQuiet else { return }
        for continuation in settling { continuation.resume() }
        settling = []
        // A timer that fires causes work, and its end calls back here; one that causes none is followed by the next.
        while runtime.isAwaited, let quiet = runtime.quiet {
            let timer = runtime.stepTimers()
            // What fired may have come to its end by now, and armed an earlier timer.
            guard runtime.quiet == quiet else { continue }
            guard runtime.isAwaited, let next = Self.earlier(timer, clock.nextDeadline) else { return }
            clock.move(to: next)
        }
    }

    /// Lets `duration` pass: every timer on the way fires at its own time, and what it causes is done before the next.
    func advance(by duration: Milliseconds) async {
        let target = clock.now().adding(duration)
        while let runtime {
            await settle()
            guard let quiet = runtime.quiet else { continue }
            let timer = runtime.stepTimers()
            guard runtime.quiet == quiet else { continue }
            guard let next = Self.earlier(timer, clock.nextDeadline), next <= target else { break }
            clock.move(to: next)
        }
        clock.move(to: target)
        runtime?.stepTimers()
        await settle()
    }

    /// Moves the clock at once and fires what is due then.
    func jump(by duration: Milliseconds) {
        clock.move(to: clock.now().adding(duration))
        runtime?.stepTimers()
    }

    /// Returns when no handler runs and nothing is on its way.
    func settle() async {
        guard let runtime, !runtime.isQuiet else { return }
        await withCheckedContinuation { settling.append($0) }
    }

    private static func earlier(_ one: Timestamp?, _ other: Timestamp?) -> Timestamp? {
        guard let one, let other else { return one ?? other }
        return min(one, other)
    }
}
