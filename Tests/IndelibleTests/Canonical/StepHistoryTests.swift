import Indelible
import IndelibleTesting
import Logging
import Testing

/// The histories of steps in one invocation: AWS's conformance requirements 1-1 to 1-7, 1-19 and 1-20.
@Suite(.bothWays) struct StepHistoryTests {
    struct Broken: Error, CustomStringConvertible {
        var description: String { "it never works" }
    }

    @Test func `1-1: a step succeeds`() async throws {
        let options = FunctionOptions(executionTimeout: .seconds(300))
        let function = DurableFunction("greet", options: options) { (name: String, context: DurableContext) in
            try await context.step { _ in "Hello, \(name)!" }
        }
        try await expectHistory(
            of: function, input: "World",
            """
            1 0s ExecutionStarted, timeout 300s, payload "World"
            2 0s StepStarted 1 Step
            3 0s StepSucceeded 1 Step, attempt 1, payload "Hello, World!"
            4 0s InvocationCompleted, from 0s
            5 0s ExecutionSucceeded, payload "Hello, World!"
            """)
    }

    @Test func `1-2: a step has a name`() async throws {
        let function = DurableFunction("greet") { (name: String, context: DurableContext) in
            try await context.step("custom_step_name") { _ in "Hello, \(name)!" }
        }
        try await expectHistory(
            of: function, input: "World",
            """
            1 0s ExecutionStarted, payload "World"
            2 0s StepStarted 1 Step 'custom_step_name'
            3 0s StepSucceeded 1 Step 'custom_step_name', attempt 1, payload "Hello, World!"
            4 0s InvocationCompleted, from 0s
            5 0s ExecutionSucceeded, payload "Hello, World!"
            """)
    }

    @Test func `1-3: a step uses the result of the one before`() async throws {
        let function = DurableFunction("join") { (context: DurableContext) in
            let first = try await context.step { _ in "first" }
            return try await context.step { _ in "\(first)_second" }
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s StepStarted 1 Step
            3 0s StepSucceeded 1 Step, attempt 1, payload "first"
            4 0s StepStarted 2 Step
            5 0s StepSucceeded 2 Step, attempt 1, payload "first_second"
            6 0s InvocationCompleted, from 0s
            7 0s ExecutionSucceeded, payload "first_second"
            """)
    }

    struct User: Codable {
        var name: String
        var tags: [String]
    }
    struct Response: Codable {
        var user: User
        var count: Int
    }

    @Test func `1-4: a step returns an object`() async throws {
        let function = DurableFunction("respond") { (user: User, context: DurableContext) in
            try await context.step { _ in Response(user: user, count: user.tags.count) }
        }
        try await expectHistory(
            of: function, input: User(name: "Alice", tags: ["admin", "active"]),
            """
            1 0s ExecutionStarted, payload {"name":"Alice","tags":["admin","active"]}
            2 0s StepStarted 1 Step
            3 0s StepSucceeded 1 Step, attempt 1, payload {"count":2,"user":{"name":"Alice","tags":["admin","active"]}}
            4 0s InvocationCompleted, from 0s
            5 0s ExecutionSucceeded, payload {"count":2,"user":{"name":"Alice","tags":["admin","active"]}}
            """)
    }

    @Test func `1-5: a step returns null`() async throws {
        let function = DurableFunction("nothing") { (context: DurableContext) in
            try await context.step { _ in String?.none }
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s StepStarted 1 Step
            3 0s StepSucceeded 1 Step, attempt 1, payload null
            4 0s InvocationCompleted, from 0s
            5 0s ExecutionSucceeded, payload null
            """)
    }

    @Test func `1-5: a step and a handler return nothing at all`() async throws {
        let function = DurableFunction("nothing") { (context: DurableContext) in
            try await context.step { _ in }
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s StepStarted 1 Step
            3 0s StepSucceeded 1 Step, attempt 1, payload none
            4 0s InvocationCompleted, from 0s
            5 0s ExecutionSucceeded, payload none
            """)
    }

    @Test func `1-6: a step has a serdes of its own`() async throws {
        let function = DurableFunction("shout") { (text: String, context: DurableContext) in
            try await context.step(serdes: CanonicalSerdes.Uppercase()) { _ in text }
        }
        try await expectHistory(
            of: function, input: "hello world",
            """
            1 0s ExecutionStarted, payload "hello world"
            2 0s StepStarted 1 Step
            3 0s StepSucceeded 1 Step, attempt 1, payload HELLO WORLD
            4 0s InvocationCompleted, from 0s
            5 0s ExecutionSucceeded, payload "HELLO WORLD"
            """)
    }

    @Test func `1-7: a step's body logs`() async throws {
        let log = LogRecorder()
        let function = DurableFunction("greet") { (name: String, context: DurableContext) in
            try await context.step { step in
                step.logger.info("Greeting step started for: \(name)")
                let greeting = "Hello, \(name)!"
                step.logger.info("Greeting step completed with: \(greeting)")
                return greeting
            }
        }
        try await expectHistory(
            of: function, input: "Ada", options: log.options,
            """
            1 0s ExecutionStarted, payload "Ada"
            2 0s StepStarted 1 Step
            3 0s StepSucceeded 1 Step, attempt 1, payload "Hello, Ada!"
            4 0s InvocationCompleted, from 0s
            5 0s ExecutionSucceeded, payload "Hello, Ada!"
            """)
        #expect(
            log.messages.map(\.text) == ["Greeting step started for: Ada", "Greeting step completed with: Hello, Ada!"])
    }

    @Test func `1-19: a step fails and with it the execution`() async throws {
        let function = DurableFunction("fail") { (context: DurableContext) in
            try await context.step(retry: .none) { _ in throw Broken() }
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s StepStarted 1 Step
            3 0s StepFailed 1 Step, attempt 1, error Broken: it never works
            4 0s InvocationCompleted, from 0s, error StepError: it never works
            5 0s ExecutionFailed, error StepError: it never works
            """)
    }

    @Test func `1-20: a handler catches the error of a step and goes on`() async throws {
        let function = DurableFunction("recover") { (context: DurableContext) in
            var result = "result"
            do {
                try await context.step(retry: .none) { _ in throw Broken() }
            } catch is StepError {
                result = "fallback_result"
            }
            return try await context.step { _ in result }
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s StepStarted 1 Step
            3 0s StepFailed 1 Step, attempt 1, error Broken: it never works
            4 0s StepStarted 2 Step
            5 0s StepSucceeded 2 Step, attempt 1, payload "fallback_result"
            6 0s InvocationCompleted, from 0s
            7 0s ExecutionSucceeded, payload "fallback_result"
            """)
    }
}
