import Indelible
import IndelibleTesting
import Testing

/// The histories of conditions that come true: AWS's conformance requirements 6-1 to 6-5, 6-9 to 6-11.
@Suite(.bothWays) struct ConditionHistoryTests {
    /// Counts up from `initial` until it reaches the input.
    static func function(
        _ name: String? = nil, from initial: Int, every delay: Duration = .seconds(1)
    ) -> DurableFunction<Int, Int> {
        DurableFunction("poll") { (threshold: Int, context: DurableContext) in
            try await context.waitForCondition(
                name, from: initial, poll: .until({ $0 >= threshold }, every: delay)
            ) { state, _ in state + 1 }
        }
    }

    @Test func `6-1: a condition comes true at the third check`() async throws {
        try await expectHistory(
            of: Self.function(from: 0), input: 3,
            """
            1 0s ExecutionStarted, payload 3
            2 0s StepStarted 1 WaitForCondition
            3 0s StepSucceeded 1 WaitForCondition, attempt 1, next in 1s, payload 1
            4 0s InvocationCompleted, from 0s
            5 1s StepStarted 1 WaitForCondition
            6 1s StepSucceeded 1 WaitForCondition, attempt 2, next in 1s, payload 2
            7 1s InvocationCompleted, from 1s
            8 2s StepStarted 1 WaitForCondition
            9 2s StepSucceeded 1 WaitForCondition, attempt 3, payload 3
            10 2s InvocationCompleted, from 2s
            11 2s ExecutionSucceeded, payload 3
            """)
    }

    @Test func `6-2: a condition is true at the first check`() async throws {
        let function = DurableFunction("poll") { (threshold: Int, context: DurableContext) in
            try await context.waitForCondition(from: 5, poll: .until { $0 >= threshold }) { state, _ in state }
        }
        try await expectHistory(
            of: function, input: 5,
            """
            1 0s ExecutionStarted, payload 5
            2 0s StepStarted 1 WaitForCondition
            3 0s StepSucceeded 1 WaitForCondition, attempt 1, payload 5
            4 0s InvocationCompleted, from 0s
            5 0s ExecutionSucceeded, payload 5
            """)
    }

    @Test func `6-3: a condition has a name`() async throws {
        try await expectHistory(
            of: Self.function("poll-status", from: 0), input: 2,
            """
            1 0s ExecutionStarted, payload 2
            2 0s StepStarted 1 WaitForCondition 'poll-status'
            3 0s StepSucceeded 1 WaitForCondition 'poll-status', attempt 1, next in 1s, payload 1
            4 0s InvocationCompleted, from 0s
            5 1s StepStarted 1 WaitForCondition 'poll-status'
            6 1s StepSucceeded 1 WaitForCondition 'poll-status', attempt 2, payload 2
            7 1s InvocationCompleted, from 1s
            8 1s ExecutionSucceeded, payload 2
            """)
    }

    @Test func `6-4: each check is given the state of the one before`() async throws {
        try await expectHistory(
            of: Self.function(from: 5), input: 8,
            """
            1 0s ExecutionStarted, payload 8
            2 0s StepStarted 1 WaitForCondition
            3 0s StepSucceeded 1 WaitForCondition, attempt 1, next in 1s, payload 6
            4 0s InvocationCompleted, from 0s
            5 1s StepStarted 1 WaitForCondition
            6 1s StepSucceeded 1 WaitForCondition, attempt 2, next in 1s, payload 7
            7 1s InvocationCompleted, from 1s
            8 2s StepStarted 1 WaitForCondition
            9 2s StepSucceeded 1 WaitForCondition, attempt 3, payload 8
            10 2s InvocationCompleted, from 2s
            11 2s ExecutionSucceeded, payload 8
            """)
    }

    @Test func `6-5: the delay between two checks is always the same`() async throws {
        try await expectHistory(
            of: Self.function(from: 0, every: .seconds(2)), input: 3,
            """
            1 0s ExecutionStarted, payload 3
            2 0s StepStarted 1 WaitForCondition
            3 0s StepSucceeded 1 WaitForCondition, attempt 1, next in 2s, payload 1
            4 0s InvocationCompleted, from 0s
            5 2s StepStarted 1 WaitForCondition
            6 2s StepSucceeded 1 WaitForCondition, attempt 2, next in 2s, payload 2
            7 2s InvocationCompleted, from 2s
            8 4s StepStarted 1 WaitForCondition
            9 4s StepSucceeded 1 WaitForCondition, attempt 3, payload 3
            10 4s InvocationCompleted, from 4s
            11 4s ExecutionSucceeded, payload 3
            """)
    }

    struct Job: Codable {
        var status: String
        var attempts: Int
    }

    @Test func `6-9: a condition's state is an object`() async throws {
        let function = DurableFunction("poll") { (context: DurableContext) in
            try await context.waitForCondition(
                from: Job(status: "PENDING", attempts: 0), poll: .until({ $0.status == "DONE" }, every: .seconds(1))
            ) { job, _ in Job(status: job.attempts == 1 ? "DONE" : job.status, attempts: job.attempts + 1) }
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s StepStarted 1 WaitForCondition
            3 0s StepSucceeded 1 WaitForCondition, attempt 1, next in 1s, payload {"attempts":1,"status":"PENDING"}
            4 0s InvocationCompleted, from 0s
            5 1s StepStarted 1 WaitForCondition
            6 1s StepSucceeded 1 WaitForCondition, attempt 2, payload {"attempts":2,"status":"DONE"}
            7 1s InvocationCompleted, from 1s
            8 1s ExecutionSucceeded, payload {"attempts":2,"status":"DONE"}
            """)
    }

    @Test func `6-10: a condition's state is null`() async throws {
        let function = DurableFunction("poll") { (context: DurableContext) in
            try await context.waitForCondition(from: "unknown" as String?, poll: .until { $0 == nil }) { _, _ in nil }
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s StepStarted 1 WaitForCondition
            3 0s StepSucceeded 1 WaitForCondition, attempt 1, payload null
            4 0s InvocationCompleted, from 0s
            5 0s ExecutionSucceeded, payload null
            """)
    }

    @Test func `6-11: a condition has a serdes of its own`() async throws {
        let function = DurableFunction("poll") { (context: DurableContext) in
            try await context.waitForCondition(
                from: "", poll: .until({ $0.count == 2 }, every: .seconds(1)), serdes: CanonicalSerdes.Wrapped()
            ) { state, _ in state + "x" }
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s StepStarted 1 WaitForCondition
            3 0s StepSucceeded 1 WaitForCondition, attempt 1, next in 1s, payload wrapped:x
            4 0s InvocationCompleted, from 0s
            5 1s StepStarted 1 WaitForCondition
            6 1s StepSucceeded 1 WaitForCondition, attempt 2, payload wrapped:xx
            7 1s InvocationCompleted, from 1s
            8 1s ExecutionSucceeded, payload "xx"
            """)
    }
}
