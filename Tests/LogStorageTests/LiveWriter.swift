import Synchronization
import Testing

@testable import LogStorage

/// A log that a test's hook keeps writing to.
final class LiveWriter: Sendable {
    let disk: SimulatedDisk

    private struct State: Sendable {
        var random: SplitMix64
        var log: SegmentedLog
        var boundaries: Set<LSN> = [.first]
        var acknowledged = LSN.first
    }

    private let state: Mutex<State>
    private let fixture: LogFixture

    var boundaries: Set<LSN> { state.withLock { $0.boundaries } }
    var acknowledged: LSN { state.withLock { $0.acknowledged } }

    init(seed: UInt64) throws {
        disk = SimulatedDisk(seed: seed)
        fixture = LogFixture(disk, segment: 16 << 10)
        state = Mutex(State(random: SplitMix64(seed: seed), log: try fixture.open(seed: seed)))
        for _ in 0..<60 { goOn() }
    }

    func goOn() {
        state.withLock { state in
            do {
                switch Int.random(in: 0..<12, using: &state.random) {
                case 0..<4:
                    let count = Int.random(in: 1...30, using: &state.random)
                    let forced = Bool.random(using: &state.random)
                    state.boundaries.insert(try state.log.append(count, forced: forced).upperBound)
                case 4..<6: state.log.writer.step(now: fixture.clock.now())
                case 6: state.log.preparer.step()
                case 7: fixture.clock.advance(Bool.random(using: &state.random) ? 3 : 60)
                case 8 where Int.random(in: 0..<6, using: &state.random) == 0:
                    try state.log.close()
                    state.log = try fixture.open(seed: state.random.next())
                default: break
                }
                state.acknowledged = max(state.acknowledged, state.log.durableLSN)
            } catch {
                Issue.record("the writer failed: \(error)")
            }
        }
    }
}
