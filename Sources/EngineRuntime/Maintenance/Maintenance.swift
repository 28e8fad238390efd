import LogStorage
import Synchronization

/// What runs beside the engine so that memory and start-up follow the live executions: it indexes what has been recorded,
/// writes engine snapshots, lets idle executions leave memory, and merges tables.
///
/// In production a thread of its own calls ``step(_:)``, since it reads and writes the disk; a simulation calls it whenever
/// it likes. Nothing waits for it, and it may end at any moment: what it has not finished is begun again.
final class Maintenance: Sendable {
    let work = Mutex(MaintenanceWork())
    private let signal = WakeSignal()
    private let isStopped = Atomic<Bool>(false)

    /// Does some of what is to be done.
    /// - Returns: Whether there was anything.
    func step(_ runtime: EngineRuntime) throws(RuntimeError) -> Bool {
        let result = work.withLock { work -> Result<Bool, RuntimeError> in
            // Under the lock: once the log's directory is unlocked another engine's files are in it.
            guard !isStopped.load(ordering: .acquiring) else { return .success(false) }
            do throws(RuntimeError) { return .success(try work.step(runtime)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// Until ``stop()``.
    func run(_ runtime: EngineRuntime) {
        while !isStopped.load(ordering: .acquiring) {
            do throws(RuntimeError) {
                if try step(runtime) {
                    let pause = work.withLock { $0.pauseMilliseconds }
                    if pause > 0 { signal.wait(milliseconds: pause) }
                    continue
                }
            } catch {
                // After one that lasts it goes on with what the executions on the disk cannot do without: their timers.
                runtime.noteMaintenanceFailure(error)
                if error.isOfFullDisk {
                    signal.wait(milliseconds: Self.fullDiskInterval)
                    continue
                }
            }
            signal.wait(milliseconds: Self.pollInterval)
        }
    }

    /// How long a full disk is left alone.
    private static let fullDiskInterval: Int64 = 2_000

    /// How far the index may lag behind the log.
    private static let pollInterval: Int64 = 100

    func stop() {
        isStopped.store(true, ordering: .releasing)
        signal.post()
    }

    /// Leaves an engine snapshot behind, so that the next opening has nothing to read. The last that is done before the log
    /// closes; where it cannot be done, that opening has more to do. No step is under way when it returns, and none begins.
    func finish(_ runtime: EngineRuntime) {
        stop()
        let writes = runtime.seams.runsMaintenance && runtime.log.failure == nil
        let failure = work.withLock { work -> RuntimeError? in
            do throws(RuntimeError) { try work.finish(runtime, writes: writes) } catch { return error }
            return nil
        }
        if let failure { runtime.noteMaintenanceFailure(failure) }
    }
}
