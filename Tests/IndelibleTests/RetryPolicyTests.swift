import Testing

@testable import Indelible

@Suite struct RetryPolicyTests {
    struct Flaky: Error {}
    struct Fatal: Error {}

    /// The delays in milliseconds that a policy gives until it gives up.
    static func delays(_ policy: RetryPolicy, random: Double = 1, error: any Error = Flaky()) -> [Int64] {
        var delays: [Int64] = []
        while case .retry(let delay) = policy.decide(error, attempt: delays.count + 1, unitRandom: random) {
            delays.append(delay.components.seconds * 1_000 + delay.components.attoseconds / 1_000_000_000_000_000)
        }
        return delays
    }

    static let presets: [(String, RetryPolicy, [Int64])] = [
        ("none", .none, []),
        ("default", .default, [5_000, 10_000, 20_000, 40_000, 60_000]),
        ("transient", .transient, [5_000, 10_000]),
        ("resourceAvailability", .resourceAvailability, [5_000, 10_000, 20_000, 40_000]),
        ("critical", .critical, [1_000, 2_000, 3_000, 4_000, 6_000, 8_000, 12_000, 18_000, 26_000]),
        ("exponential", .exponential(), [5_000, 10_000]),
        ("linear", .linear(), [1_000, 2_000, 3_000, 4_000, 5_000]),
        ("fixed", .fixed(), [5_000, 5_000, 5_000, 5_000]),
    ]

    @Test(arguments: presets)
    func `a preset gives its delays, unless jitter shortens them`(name: String, policy: RetryPolicy, delays: [Int64]) {
        #expect(Self.delays(policy) == delays)
    }

    static let rounding: [(RetryPolicy, Double, [Int64])] = [
        // Whole seconds: rounded up to whole seconds, at least one.
        (.exponential(maxAttempts: 2, initialDelay: .seconds(5)), 0, [1_000]),
        (.exponential(maxAttempts: 2, initialDelay: .seconds(5)), 0.5, [3_000]),
        (.exponential(maxAttempts: 2, initialDelay: .seconds(5), jitter: .half), 0, [3_000]),
        (.exponential(maxAttempts: 2, initialDelay: .seconds(5), jitter: .none), 0, [5_000]),
        // Milliseconds somewhere: milliseconds, at least one.
        (.exponential(maxAttempts: 2, initialDelay: .milliseconds(50)), 0, [1]),
        (.exponential(maxAttempts: 3, initialDelay: .milliseconds(50), jitter: .none), 0, [50, 100]),
        (.exponential(maxAttempts: 3, initialDelay: .milliseconds(50), maxDelay: .milliseconds(75)), 1, [50, 75]),
        (.linear(maxAttempts: 3, initialDelay: .milliseconds(10), increment: .milliseconds(5)), 0, [10, 15]),
    ]

    @Test(arguments: rounding)
    func `delays are rounded up to the policy's unit`(policy: RetryPolicy, random: Double, delays: [Int64]) {
        #expect(Self.delays(policy, random: random) == delays)
    }

    @Test func `a policy of very many attempts neither overflows nor runs long`() {
        let policy = RetryPolicy.exponential(maxAttempts: .max, maxDelay: .days(365_000_000_000))
        #expect(policy.decide(Flaky(), attempt: 1_000_000, unitRandom: 1) != .fail)
    }

    @Test func `filters fail what they do not name at once`() {
        let policy = RetryPolicy.fixed(maxAttempts: 3)
        #expect(Self.delays(policy.retrying(only: Flaky.self)).count == 2)
        #expect(Self.delays(policy.retrying(only: Flaky.self), error: Fatal()) == [])
        #expect(Self.delays(policy.retrying(messagesContaining: "Fla")).count == 2)
        #expect(Self.delays(policy.retrying(messagesContaining: "timeout")) == [])
        #expect(Self.delays(policy.retrying { $0 is Fatal }, error: Fatal()).count == 2)
    }

    @Test func `a policy that allows no attempt is a bug`() async {
        await #expect(processExitsWith: .failure) { _ = RetryPolicy.fixed(maxAttempts: 0) }
        await #expect(processExitsWith: .failure) { _ = RetryPolicy.exponential(initialDelay: .zero) }
    }
}
