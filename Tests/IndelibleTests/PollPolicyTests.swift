import ExecutionModel
import Testing

@testable import Indelible

@Suite struct PollPolicyTests {
    /// The delays in milliseconds after a check that has found nothing, until the policy gives up.
    static func delays(_ policy: PollPolicy<Bool>, random: Double = 1, count: Int = .max) -> [Int64] {
        var delays: [Int64] = []
        while delays.count < count,
            case .poll(let delay) = policy.decide(false, attempt: delays.count + 1, unitRandom: random)
        {
            delays.append(Milliseconds(delay).rawValue)
        }
        return delays
    }

    @Test func `by default there are 60 checks, from 5 seconds by half more up to 300, with full jitter`() {
        let policy = PollPolicy<Bool>.until { $0 }
        let delays = Self.delays(policy)
        #expect(delays.count == 59)
        // 5 × 1.5^(n-1), rounded up to whole seconds.
        #expect(delays.prefix(8) == [5_000, 8_000, 12_000, 17_000, 26_000, 38_000, 57_000, 86_000])
        #expect(delays.suffix(48).allSatisfy { $0 == 300_000 })
        #expect(Self.delays(policy, random: 0).allSatisfy { $0 == 1_000 })
        #expect(Self.delays(policy, random: 0.5).prefix(3) == [3_000, 4_000, 6_000])
        #expect(policy.decide(false, attempt: 60, unitRandom: 1) == .fail)
    }

    @Test(arguments: [1, 59, 60, 61])
    func `a condition that is met is met, whatever the attempt`(attempt: Int) {
        #expect(PollPolicy<Bool>.until { $0 }.decide(true, attempt: attempt, unitRandom: 1) == .stop)
    }

    @Test(arguments: [
        (RetryPolicy.Jitter.none, 0.25, [2_000, 6_000, 18_000, 20_000]),
        (.full, 0.25, [1_000, 2_000, 5_000, 5_000]),
        (.half, 0.25, [2_000, 4_000, 12_000, 13_000]),
    ])
    func `delays grow by their rate, are capped, spread and rounded up, in this order`(
        jitter: RetryPolicy.Jitter, random: Double, expected: [Int64]
    ) {
        let policy = PollPolicy<Bool>.until(
            { $0 }, maxAttempts: 5, initialDelay: .seconds(2), maxDelay: .seconds(20), rate: 3, jitter: jitter)
        #expect(Self.delays(policy, random: random) == expected)
    }

    @Test func `a constant delay is that, for ever`() {
        let policy = PollPolicy<Bool>.until({ $0 }, every: .milliseconds(250))
        #expect(Self.delays(policy, random: 0, count: 1_000).allSatisfy { $0 == 250 })
        #expect(policy.decide(false, attempt: .max - 1, unitRandom: 0) == .poll(after: .milliseconds(250)))
    }

    @Test func `a policy that allows no check is a bug`() async {
        await #expect(processExitsWith: .failure) {
            _ = PollPolicy<Bool>.until({ $0 }, maxAttempts: 0)
        }
    }
}
