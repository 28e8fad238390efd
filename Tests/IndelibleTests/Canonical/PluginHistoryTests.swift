import Indelible
import IndelibleTesting
import Testing

/// The histories of executions under plugins, which are those without: AWS's conformance requirements 10-1 to 10-7.
@Suite(.bothWays) struct PluginHistoryTests {
    struct Broken: Error, CustomStringConvertible {
        var description: String { "not yet" }
    }

    static func options(_ plugins: ConformancePlugin..., log: LogRecorder = LogRecorder()) -> EngineOptions {
        var options = log.options
        options.plugins = plugins
        return options
    }

    static func greet(noting notes: Calls) -> DurableFunction<String, String> {
        DurableFunction("greet") { (name: String, context: DurableContext) in
            try await context.step { _ in
                notes.note("Greeting step running for: \(name)")
                return "Hello, \(name)!"
            }
        }
    }

    /// The history of ``greet(noting:)``, whatever plugins there are.
    static let greeting = """
        1 0s ExecutionStarted, payload "Ada"
        2 0s StepStarted 1 Step
        3 0s StepSucceeded 1 Step, attempt 1, payload "Hello, Ada!"
        4 0s InvocationCompleted, from 0s
        5 0s ExecutionSucceeded, payload "Hello, Ada!"
        """

    @Test func `10-1: a plugin hears of an invocation's start and end`() async throws {
        let notes = Calls()
        try await expectHistory(
            of: Self.greet(noting: notes), input: "Ada", options: Self.options(ConformancePlugin(notes: notes)),
            Self.greeting)
        #expect(
            notes.all.filter { !$0.contains("operation-") && !$0.contains("attempt-") } == [
                "CONFPLUGIN invocation-start, first: true", "Greeting step running for: Ada",
                "CONFPLUGIN invocation-end, SUCCEEDED",
            ])
    }

    @Test func `10-2: a plugin hears of an operation's start and end, by the id in the history`() async throws {
        let notes = Calls()
        try await expectHistory(
            of: Self.greet(noting: notes), input: "Ada", options: Self.options(ConformancePlugin(notes: notes)),
            Self.greeting)
        #expect(
            notes.all.filter { $0.contains("operation-") } == [
                "CONFPLUGIN operation-start of 1", "CONFPLUGIN operation-end of 1, SUCCEEDED",
            ])
    }

    @Test func `10-3: a plugin hears of each attempt, by the id in the history`() async throws {
        let notes = Calls()
        let function = DurableFunction("unreliable") { (context: DurableContext) in
            try await context.step(retry: .fixed(maxAttempts: 2, delay: .seconds(1))) { step in
                if step.attempt == 1 { throw Broken() }
                return "Operation succeeded"
            }
        }
        try await expectHistory(
            of: function, options: Self.options(ConformancePlugin(notes: notes)),
            """
            1 0s ExecutionStarted, payload none
            2 0s StepStarted 1 Step
            3 0s StepFailed 1 Step, attempt 1, next in 1s, error Broken: not yet
            4 0s InvocationCompleted, from 0s
            5 1s StepStarted 1 Step
            6 1s StepSucceeded 1 Step, attempt 2, payload "Operation succeeded"
            7 1s InvocationCompleted, from 1s
            8 1s ExecutionSucceeded, payload "Operation succeeded"
            """)
        #expect(
            notes.all.filter { $0.contains("attempt-") } == [
                "CONFPLUGIN attempt-start 1 of 1", "CONFPLUGIN attempt-end 1 of 1, FAILED",
                "CONFPLUGIN attempt-start 2 of 1", "CONFPLUGIN attempt-end 2 of 1, SUCCEEDED",
            ])
    }

    @Test func `10-4: whatever a plugin throws changes nothing`() async throws {
        let (notes, log) = (Calls(), LogRecorder())
        let plugin = ConformancePlugin(name: "CONFPLUGIN-FAULTY", notes: notes, isFaulty: true)
        try await expectHistory(
            of: Self.greet(noting: Calls()), input: "Ada", options: Self.options(plugin, log: log), Self.greeting)
        #expect(
            notes.all == [
                "CONFPLUGIN-FAULTY invocation-start, first: true", "CONFPLUGIN-FAULTY operation-start of 1",
                "CONFPLUGIN-FAULTY attempt-start 1 of 1", "CONFPLUGIN-FAULTY attempt-end 1 of 1, SUCCEEDED",
                "CONFPLUGIN-FAULTY operation-end of 1, SUCCEEDED", "CONFPLUGIN-FAULTY invocation-end, SUCCEEDED",
            ])
        #expect(log.messages.count == notes.all.count)
    }

    @Test func `10-5: two plugins hear of the same invocation`() async throws {
        let notes = Calls()
        let options = Self.options(
            ConformancePlugin(name: "CONFPLUGIN-A", notes: notes),
            ConformancePlugin(name: "CONFPLUGIN-B", notes: notes))
        try await expectHistory(of: Self.greet(noting: Calls()), input: "Ada", options: options, Self.greeting)
        #expect(
            notes.all.filter { $0.contains("invocation-") } == [
                "CONFPLUGIN-A invocation-start, first: true", "CONFPLUGIN-B invocation-start, first: true",
                "CONFPLUGIN-A invocation-end, SUCCEEDED", "CONFPLUGIN-B invocation-end, SUCCEEDED",
            ])
    }

    @Test func `10-6: a plugin hears which invocation is the first`() async throws {
        let notes = Calls()
        let function = DurableFunction("wait") { (context: DurableContext) in
            try await context.wait(for: .seconds(2))
        }
        try await expectHistory(
            of: function, options: Self.options(ConformancePlugin(notes: notes)),
            """
            1 0s ExecutionStarted, payload none
            2 0s WaitStarted 1 Wait, for 2s, until 2s
            3 0s InvocationCompleted, from 0s
            4 2s WaitSucceeded 1 Wait, for 2s
            5 2s InvocationCompleted, from 2s
            6 2s ExecutionSucceeded, payload none
            """)
        #expect(
            notes.all == [
                "CONFPLUGIN invocation-start, first: true", "CONFPLUGIN invocation-end, PENDING",
                "CONFPLUGIN invocation-start, first: false", "CONFPLUGIN invocation-end, SUCCEEDED",
            ])
    }

    @Test func `10-7: a plugin hears of the execution's failure`() async throws {
        let notes = Calls()
        let function = DurableFunction("fail") { (context: DurableContext) in
            try await context.step(retry: .none) { _ in throw Broken() }
        }
        try await expectHistory(
            of: function, options: Self.options(ConformancePlugin(notes: notes)),
            """
            1 0s ExecutionStarted, payload none
            2 0s StepStarted 1 Step
            3 0s StepFailed 1 Step, attempt 1, error Broken: not yet
            4 0s InvocationCompleted, from 0s, error StepError: not yet
            5 0s ExecutionFailed, error StepError: not yet
            """)
        #expect(
            notes.all.filter { $0.contains("invocation-") } == [
                "CONFPLUGIN invocation-start, first: true", "CONFPLUGIN invocation-end, FAILED",
            ])
    }
}
