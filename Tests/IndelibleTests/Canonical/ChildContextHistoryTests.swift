import Indelible
import IndelibleTesting
import Testing

/// The histories of child contexts: AWS's conformance requirements 3-1 to 3-8 and 3-14 to 3-16.
@Suite(.bothWays) struct ChildContextHistoryTests {
    struct Broken: Error, CustomStringConvertible {
        var description: String { "it never works" }
    }

    @Test func `3-1: a child context with a step`() async throws {
        let function = DurableFunction("group") { (text: String, context: DurableContext) in
            try await context.runInChildContext { child in try await child.step { _ in text } }
        }
        try await expectHistory(
            of: function, input: "in1",
            """
            1 0s ExecutionStarted, payload "in1"
            2 0s ContextStarted 1 RunInChildContext
            3 0s StepStarted 1-1 Step in 1
            4 0s StepSucceeded 1-1 Step in 1, attempt 1, payload "in1"
            5 0s ContextSucceeded 1 RunInChildContext, payload "in1"
            6 0s InvocationCompleted, from 0s
            7 0s ExecutionSucceeded, payload "in1"
            """)
    }

    @Test func `3-2: a child context has a name`() async throws {
        let function = DurableFunction("group") { (input: [String: String], context: DurableContext) in
            try await context.runInChildContext(input["name"]) { child in
                try await child.step { _ in input["value"] }
            }
        }
        try await expectHistory(
            of: function, input: ["name": "in1", "value": "in2"],
            """
            1 0s ExecutionStarted, payload {"name":"in1","value":"in2"}
            2 0s ContextStarted 1 RunInChildContext 'in1'
            3 0s StepStarted 1-1 Step in 1
            4 0s StepSucceeded 1-1 Step in 1, attempt 1, payload "in2"
            5 0s ContextSucceeded 1 RunInChildContext 'in1', payload "in2"
            6 0s InvocationCompleted, from 0s
            7 0s ExecutionSucceeded, payload "in2"
            """)
    }

    @Test func `3-3: a child context with two steps, one after the other`() async throws {
        let function = DurableFunction("group") { (text: String, context: DurableContext) in
            try await context.runInChildContext("child") { child in
                let first = try await child.step("first") { _ in text }
                return try await child.step("second") { _ in first }
            }
        }
        try await expectHistory(
            of: function, input: "in1",
            """
            1 0s ExecutionStarted, payload "in1"
            2 0s ContextStarted 1 RunInChildContext 'child'
            3 0s StepStarted 1-1 Step 'first' in 1
            4 0s StepSucceeded 1-1 Step 'first' in 1, attempt 1, payload "in1"
            5 0s StepStarted 1-2 Step 'second' in 1
            6 0s StepSucceeded 1-2 Step 'second' in 1, attempt 1, payload "in1"
            7 0s ContextSucceeded 1 RunInChildContext 'child', payload "in1"
            8 0s InvocationCompleted, from 0s
            9 0s ExecutionSucceeded, payload "in1"
            """)
    }

    @Test func `3-4: a step fails, with it its context and the execution`() async throws {
        let function = DurableFunction("group") { (context: DurableContext) in
            try await context.runInChildContext("child") { child in
                try await child.step(retry: .none) { _ in throw Broken() }
            }
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 RunInChildContext 'child'
            3 0s StepStarted 1-1 Step in 1
            4 0s StepFailed 1-1 Step in 1, attempt 1, error Broken: it never works
            5 0s ContextFailed 1 RunInChildContext 'child', error StepError: it never works
            6 0s InvocationCompleted, from 0s, error ChildContextError: it never works
            7 0s ExecutionFailed, error ChildContextError: it never works
            """)
    }

    @Test func `3-5: a handler catches the error of a child context and goes on`() async throws {
        let function = DurableFunction("group") { (text: String, context: DurableContext) in
            do {
                try await context.runInChildContext { child in
                    try await child.step(retry: .none) { _ in throw Broken() }
                }
            } catch is ChildContextError {
                return try await context.step("recover") { _ in text }
            }
            return "not caught"
        }
        try await expectHistory(
            of: function, input: "in1",
            """
            1 0s ExecutionStarted, payload "in1"
            2 0s ContextStarted 1 RunInChildContext
            3 0s StepStarted 1-1 Step in 1
            4 0s StepFailed 1-1 Step in 1, attempt 1, error Broken: it never works
            5 0s ContextFailed 1 RunInChildContext, error StepError: it never works
            6 0s StepStarted 2 Step 'recover'
            7 0s StepSucceeded 2 Step 'recover', attempt 1, payload "in1"
            8 0s InvocationCompleted, from 0s
            9 0s ExecutionSucceeded, payload "in1"
            """)
    }

    @Test func `3-6: a child context in a child context`() async throws {
        let function = DurableFunction("group") { (text: String, context: DurableContext) in
            try await context.runInChildContext("outer") { outer in
                let result = try await outer.step { _ in text }
                return try await outer.runInChildContext("inner") { inner in
                    try await inner.step { _ in result }
                }
            }
        }
        try await expectHistory(
            of: function, input: "in1",
            """
            1 0s ExecutionStarted, payload "in1"
            2 0s ContextStarted 1 RunInChildContext 'outer'
            3 0s StepStarted 1-1 Step in 1
            4 0s StepSucceeded 1-1 Step in 1, attempt 1, payload "in1"
            5 0s ContextStarted 1-2 RunInChildContext 'inner' in 1
            6 0s StepStarted 1-2-1 Step in 1-2
            7 0s StepSucceeded 1-2-1 Step in 1-2, attempt 1, payload "in1"
            8 0s ContextSucceeded 1-2 RunInChildContext 'inner' in 1, payload "in1"
            9 0s ContextSucceeded 1 RunInChildContext 'outer', payload "in1"
            10 0s InvocationCompleted, from 0s
            11 0s ExecutionSucceeded, payload "in1"
            """)
    }

    struct TransientError: Error, CustomStringConvertible {
        var description: String { "not yet" }
    }

    /// Runs a child context with one step, of at most two attempts, that fails until its `attempt`-th one.
    static func function(succeedsAt attempt: Int) -> DurableFunction<String, String> {
        DurableFunction("group") { (text: String, context: DurableContext) in
            try await context.runInChildContext("child") { child in
                try await child.step(retry: .fixed(maxAttempts: 2, delay: .seconds(1))) { step in
                    guard step.attempt == attempt else { throw TransientError() }
                    return text
                }
            }
        }
    }

    @Test func `3-7: a step of a child context fails and then succeeds`() async throws {
        try await expectHistory(
            of: Self.function(succeedsAt: 2), input: "in1",
            """
            1 0s ExecutionStarted, payload "in1"
            2 0s ContextStarted 1 RunInChildContext 'child'
            3 0s StepStarted 1-1 Step in 1
            4 0s StepFailed 1-1 Step in 1, attempt 1, next in 1s, error TransientError: not yet
            5 0s InvocationCompleted, from 0s
            6 1s StepStarted 1-1 Step in 1
            7 1s StepSucceeded 1-1 Step in 1, attempt 2, payload "in1"
            8 1s ContextSucceeded 1 RunInChildContext 'child', payload "in1"
            9 1s InvocationCompleted, from 1s
            10 1s ExecutionSucceeded, payload "in1"
            """)
    }

    @Test func `3-8: a step of a child context fails until there is no further attempt`() async throws {
        try await expectHistory(
            of: Self.function(succeedsAt: 3), input: "in1",
            """
            1 0s ExecutionStarted, payload "in1"
            2 0s ContextStarted 1 RunInChildContext 'child'
            3 0s StepStarted 1-1 Step in 1
            4 0s StepFailed 1-1 Step in 1, attempt 1, next in 1s, error TransientError: not yet
            5 0s InvocationCompleted, from 0s
            6 1s StepStarted 1-1 Step in 1
            7 1s StepFailed 1-1 Step in 1, attempt 2, error TransientError: not yet
            8 1s ContextFailed 1 RunInChildContext 'child', error StepError: not yet
            9 1s InvocationCompleted, from 1s, error ChildContextError: not yet
            10 1s ExecutionFailed, error ChildContextError: not yet
            """)
    }

    @Test func `3-14: a child context has a serdes of its own`() async throws {
        let function = DurableFunction("group") { (text: String, context: DurableContext) in
            try await context.runInChildContext("child", serdes: CanonicalSerdes.Uppercase()) { child in
                try await child.step { _ in text }
            }
        }
        try await expectHistory(
            of: function, input: "hello child",
            """
            1 0s ExecutionStarted, payload "hello child"
            2 0s ContextStarted 1 RunInChildContext 'child'
            3 0s StepStarted 1-1 Step in 1
            4 0s StepSucceeded 1-1 Step in 1, attempt 1, payload "hello child"
            5 0s ContextSucceeded 1 RunInChildContext 'child', payload HELLO CHILD
            6 0s InvocationCompleted, from 0s
            7 0s ExecutionSucceeded, payload "HELLO CHILD"
            """)
    }

    @Test func `3-15: a child context fails without an operation`() async throws {
        let function = DurableFunction("group") { (context: DurableContext) in
            try await context.runInChildContext("child") { _ in throw Broken() }
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 RunInChildContext 'child'
            3 0s ContextFailed 1 RunInChildContext 'child', error Broken: it never works
            4 0s InvocationCompleted, from 0s, error ChildContextError: it never works
            5 0s ExecutionFailed, error ChildContextError: it never works
            """)
    }

    @Test func `3-16: a child context returns null`() async throws {
        let function = DurableFunction("group") { (context: DurableContext) in
            try await context.runInChildContext("child") { _ in String?.none }
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 RunInChildContext 'child'
            3 0s ContextSucceeded 1 RunInChildContext 'child', payload null
            4 0s InvocationCompleted, from 0s
            5 0s ExecutionSucceeded, payload null
            """)
    }
}
