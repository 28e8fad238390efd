import ExecutionEngine
import ExecutionModel
import Synchronization

extension EngineRuntime {
    /// How many executions are in memory.
    package var residentCount: Int { core.withLock { $0.engine.residentCount } }

    /// Lets the executions leave memory that the tables have and that nobody needs soon.
    ///
    /// - Returns: How many have left.
    @discardableResult
    func evictIdle() throws(RuntimeError) -> Int {
        let options = options.maintenance
        let horizon = feed.horizon
        // Every one is looked at, a few at a time.
        let (candidates, now, isCrowded) = core.withLock { core in
            (core.indexed.keys.sorted(), core.lastTime, core.engine.residentCount > options.residentCountMax)
        }
        let since = isCrowded ? now : now.adding(Milliseconds(-options.idleTime.rawValue))
        var evicted: [ExecutionNumber] = []
        var rest = candidates[...]
        while !rest.isEmpty {
            let some = rest.prefix(128)
            rest = rest.dropFirst(some.count)
            var stale: [ExecutionNumber] = []
            core.withLock { core in
                for number in some {
                    switch core.evict(number, horizon: horizon, since: since) {
                    case .gone: evicted.append(number)
                    case .stale: stale.append(number)
                    case .stays: break
                    }
                }
            }
            do throws(IndexError) { try index.touch(stale) } catch { throw .index(error) }
        }
        counts.withLock { $0.evictedCount += evicted.count }
        for number in evicted { parkedHandlers?.drop(number) }
        return evicted.count
    }
}
