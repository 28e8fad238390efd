import EngineRuntime
import ExecutionModel
import LogStorage

/// How small everything is, so that a run of some thousand steps has all of it: snapshots of the engine and of executions, cold
/// executions that are brought back, merged tables, compacted and dropped segments.
extension Simulation {
    static func maintenance(_ random: inout SplitMix64) -> MaintenanceOptions {
        func milliseconds(_ range: ClosedRange<Int64>) -> Milliseconds {
            Milliseconds(Int64.random(in: range, using: &random))
        }
        var options = MaintenanceOptions()
        options.snapshotByteCount = Int.random(in: 1...8, using: &random) << 10
        options.snapshotInterval = milliseconds(100...20_000)
        options.residentCountMax = Int.random(in: 0...20, using: &random)
        options.idleTime = milliseconds(0...2_000)
        options.timerHorizon = milliseconds(100...5_000)
        options.loadAhead = milliseconds(0...1_000)
        options.longSuspension = milliseconds(0...10_000)
        options.frameCacheByteCount = [0, 4 << 10, 1 << 20].randomElement(using: &random) ?? 0
        var policy = CompactionPolicy()
        policy.liveShareMin = Double.random(in: 0.2...0.95, using: &random)
        policy.smallByteCount = [2 << 10, 64 << 10].randomElement(using: &random) ?? 0
        policy.smallCountMax = Int.random(in: 1...4, using: &random)
        // At least two small ones: putting one together with none would go on for ever.
        policy.copiedByteCountMax = 2 * policy.smallByteCount << Int.random(in: 0...4, using: &random)
        options.compaction = Int.random(in: 0..<8, using: &random) == 0 ? nil : policy
        return options
    }
}
