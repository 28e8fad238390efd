import ExecutionModel
import LogStorage
import Synchronization

extension EngineRuntime {
    /// Does some of what keeps memory and start-up small: what the maintenance's thread does, where it has none.
    /// - Returns: Whether there was anything to do.
    @discardableResult
    package func stepMaintenance() throws(RuntimeError) -> Bool { try maintenance.step(self) }

    /// As ``stepMaintenance()``, and notes a failure as the thread does.
    @discardableResult
    package func runMaintenance() -> Bool {
        do throws(RuntimeError) {
            return try maintenance.step(self)
        } catch {
            noteMaintenanceFailure(error)
            return false
        }
    }

    /// Brings some of the executions into memory that are wanted there: as ``stepMaintenance()``.
    @discardableResult
    package func stepLoader() -> Bool { loader.step(self) }

    /// Has the timers that come near in memory.
    func extendTimerFeed() throws(RuntimeError) {
        let now = seams.clock.now()
        let ahead = options.maintenance.timerHorizon
        // Half of the way on, so that there is time for it.
        guard feed.horizon < now.adding(Milliseconds(ahead.rawValue / 2)) else { return }
        let horizon = max(now.adding(ahead), feed.horizon)
        let timers: [(due: Timestamp, number: ExecutionNumber)]
        do throws(IndexError) {
            timers = try index.due(from: feed.horizon, before: horizon)
        } catch {
            throw .index(error)
        }
        feed.extend(to: horizon, timers.map { TimerFeed.Timer(due: $0.due, number: $0.number) })
        if !timers.isEmpty { timerLoop.wake() }
    }

    /// The engine goes on without its maintenance, and says so: memory and the next opening grow.
    func noteMaintenanceFailure(_ error: RuntimeError) {
        guard !error.isOfFullDisk else { return }
        core.withLock { $0.maintenanceFailure = $0.maintenanceFailure ?? error }
        noteIndexFailure(error)
    }

    /// Has the next opening make the index anew where the error says that it cannot be read. Blocks.
    func noteIndexFailure(_ error: RuntimeError) {
        guard case .index = error, !error.isOfStorage,
            !indexFailureNoted.exchange(true, ordering: .acquiringAndReleasing)
        else { return }
        do throws(FileSystemError) {
            try RecoveryAttempts(directory: files.directory, fileSystem: files.fileSystem).demand(
                EngineRecovery.failuresForEverything)
        } catch {
            // Whoever needs the index has the error that matters, now and after the next opening.
        }
    }
}

extension RuntimeError {
    /// Whether it may be over when somebody has made room.
    var isOfFullDisk: Bool {
        if case .log(.storage(let cause)) = self { cause.reason == .diskFull } else { false }
    }
}
