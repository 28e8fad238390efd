import Indelible
import IndelibleTesting
import Testing

/// The histories of conditions that do not come true, and of those beside other operations: AWS's conformance requirements
/// 6-6 to 6-8, 6-12 and 6-13.
@Suite(.bothWays) struct ConditionOrderHistoryTests {
    struct Broken: Error, CustomStringConvertible {
        var description: String { "cannot look" }
    }

    @Test func `6-6: a condition is not true at its last check`() async throws {
        let function = DurableFunction("poll") { (initial: Int, context: DurableContext) in
            try await context.waitForCondition(
                from: initial, poll: .until({ $0 < 0 }, every: .seconds(1), maxAttempts: 3)
            ) { state, _ in state + 1 }
        }
        try await expectHistory(
            of: function, input: 0,
            """
            1 0s ExecutionStarted, payload 0
            2 0s StepStarted 1 WaitForCondition
            3 0s StepSucceeded 1 WaitForCondition, attempt 1, next in 1s, payload 1
            4 0s InvocationCompleted, from 0s
            5 1s StepStarted 1 WaitForCondition
            6 1s StepSucceeded 1 WaitForCondition, attempt 2, next in 1s, payload 2
            7 1s InvocationCompleted, from 1s
            8 2s StepStarted 1 WaitForCondition
            9 2s StepFailed 1 WaitForCondition, attempt 3, \
            error PollPolicyExhausted: the condition was not met after 3 checks
            10 2s InvocationCompleted, from 2s, \
            error WaitForConditionError: the condition was not met after 3 checks
            11 2s ExecutionFailed, error WaitForConditionError: the condition was not met after 3 checks
            """)
    }

    @Test func `6-7: a check fails, without another try, and with it the execution`() async throws {
        let function = DurableFunction("poll") { (context: DurableContext) in
            try await context.waitForCondition(from: 0, poll: .until { $0 > 0 }) { _, _ in throw Broken() }
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s StepStarted 1 WaitForCondition
            3 0s StepFailed 1 WaitForCondition, attempt 1, error Broken: cannot look
            4 0s InvocationCompleted, from 0s, error WaitForConditionError: cannot look
            5 0s ExecutionFailed, error WaitForConditionError: cannot look
            """)
    }

    @Test func `6-8: a handler catches the error of a check`() async throws {
        let function = DurableFunction("poll") { (context: DurableContext) in
            do {
                let state = try await context.waitForCondition(from: 0, poll: .until { $0 > 0 }) { _, _ in
                    throw Broken()
                }
                return "\(state)"
            } catch is WaitForConditionError {
                return "recovered"
            }
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s StepStarted 1 WaitForCondition
            3 0s StepFailed 1 WaitForCondition, attempt 1, error Broken: cannot look
            4 0s InvocationCompleted, from 0s
            5 0s ExecutionSucceeded, payload "recovered"
            """)
    }

    @Test func `6-12: a step after a condition`() async throws {
        let function = DurableFunction("poll") { (threshold: Int, context: DurableContext) in
            let state = try await context.waitForCondition(
                from: 0, poll: .until({ $0 >= threshold }, every: .seconds(1))
            ) { state, _ in state + 1 }
            return try await context.step { _ in state * 10 }
        }
        try await expectHistory(
            of: function, input: 2,
            """
            1 0s ExecutionStarted, payload 2
            2 0s StepStarted 1 WaitForCondition
            3 0s StepSucceeded 1 WaitForCondition, attempt 1, next in 1s, payload 1
            4 0s InvocationCompleted, from 0s
            5 1s StepStarted 1 WaitForCondition
            6 1s StepSucceeded 1 WaitForCondition, attempt 2, payload 2
            7 1s StepStarted 2 Step
            8 1s StepSucceeded 2 Step, attempt 1, payload 20
            9 1s InvocationCompleted, from 1s
            10 1s ExecutionSucceeded, payload 20
            """)
    }

    @Test func `6-13: two conditions, one after the other`() async throws {
        let function = DurableFunction("poll") { (context: DurableContext) in
            let first = try await context.waitForCondition(
                from: 0, poll: .until({ $0 >= 2 }, every: .seconds(1))
            ) { state, _ in state + 1 }
            return try await context.waitForCondition(
                from: first, poll: .until({ $0 >= 4 }, every: .seconds(1))
            ) { state, _ in state + 1 }
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s StepStarted 1 WaitForCondition
            3 0s StepSucceeded 1 WaitForCondition, attempt 1, next in 1s, payload 1
            4 0s InvocationCompleted, from 0s
            5 1s StepStarted 1 WaitForCondition
            6 1s StepSucceeded 1 WaitForCondition, attempt 2, payload 2
            7 1s StepStarted 2 WaitForCondition
            8 1s StepSucceeded 2 WaitForCondition, attempt 1, next in 1s, payload 3
            9 1s InvocationCompleted, from 1s
            10 2s StepStarted 2 WaitForCondition
            11 2s StepSucceeded 2 WaitForCondition, attempt 2, payload 4
            12 2s InvocationCompleted, from 2s
            13 2s ExecutionSucceeded, payload 4
            """)
    }
}
