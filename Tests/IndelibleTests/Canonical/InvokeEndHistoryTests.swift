import Indelible
import IndelibleTesting
import Testing

/// The histories of chained invokes whose functions are ended from outside, or are plain.
@Suite(.bothWays) struct InvokeEndHistoryTests {
    static let slow = DurableFunction("slow") { (context: DurableContext) in try await context.wait(for: .hours(1)) }

    static func calling(timeout: Duration? = nil) -> DurableFunction<Void, String> {
        DurableFunction("call") { (context: DurableContext) in
            do { try await context.invoke(slow, name: "call", timeout: timeout) } catch let error as InvokeError {
                return "\(error.code)"
            }
            return "done"
        }
    }

    @Test func `an invoke times out`() async throws {
        try await expectHistory(
            of: Self.calling(timeout: .seconds(90)), beside: [Self.slow],
            """
            1 0s ExecutionStarted, payload none
            2 0s ChainedInvokeStarted 1 ChainedInvoke 'call', function slow:$LATEST, version $LATEST, child 1, payload none
            3 0s InvocationCompleted, from 0s
            4 90s ChainedInvokeTimedOut 1 ChainedInvoke 'call', \
            error ChainedInvoke.Timeout: CHAINED_INVOKE timed out after 90 seconds.
            5 90s InvocationCompleted, from 90s
            6 90s ExecutionSucceeded, payload "timedOut"
            """)
    }

    @Test func `an invoked execution is stopped`() async throws {
        let function = Self.calling()
        try await expectHistory(
            of: function, beside: [Self.slow],
            """
            1 0s ExecutionStarted, payload none
            2 0s ChainedInvokeStarted 1 ChainedInvoke 'call', function slow:$LATEST, version $LATEST, child 1, payload none
            3 0s InvocationCompleted, from 0s
            4 5s ChainedInvokeStopped 1 ChainedInvoke 'call', error Fraud: stolen, data card
            5 5s InvocationCompleted, from 5s
            6 5s ExecutionSucceeded, payload "stopped"
            """
        ) { test in
            await test.advance(by: .seconds(5))
            let execution = try #require(try await test.engine.execution(named: "canonical", of: function))
            try await test.stop(
                invoke: "call", of: execution.id, error: RecordedError(type: "Fraud", message: "stolen", data: "card"))
        }
    }

    /// Runs the plain function when its caller is suspended.
    static func release(_ gate: Gate, _ test: TestEngine) async throws {
        await gate.arrival()
        while true {
            let execution = try #require(try await test.engine.executions().first)
            if try await test.engine.history(of: execution.id).contains(.event("InvocationCompleted")) { break }
            await Task.yield()
        }
        gate.open()
    }

    @Test func `a plain function returns`() async throws {
        let gate = Gate()
        let plain = PlainFunction("plain") { (word: String) in
            await gate.pass()
            return word.uppercased()
        }
        let function = DurableFunction("call") { (context: DurableContext) in
            try await context.invoke(plain, input: "in1", name: "call", tenantID: "acme")
        }
        try await expectHistory(
            of: function, beside: [plain],
            """
            1 0s ExecutionStarted, payload none
            2 0s ChainedInvokeStarted 1 ChainedInvoke 'call', function plain:$LATEST, version $LATEST, tenant acme, \
            payload "in1"
            3 0s InvocationCompleted, from 0s
            4 0s ChainedInvokeSucceeded 1 ChainedInvoke 'call', payload "IN1"
            5 0s InvocationCompleted, from 0s
            6 0s ExecutionSucceeded, payload "IN1"
            """
        ) { test in try await Self.release(gate, test) }
    }

    @Test func `a plain function throws`() async throws {
        let gate = Gate()
        let plain = PlainFunction("plain") { () async throws -> Void in
            await gate.pass()
            throw Declined(code: 51)
        }
        let function = DurableFunction("call") { (context: DurableContext) in
            try await context.invoke(plain, name: "call")
        }
        try await expectHistory(
            of: function, beside: [plain],
            """
            1 0s ExecutionStarted, payload none
            2 0s ChainedInvokeStarted 1 ChainedInvoke 'call', function plain:$LATEST, version $LATEST, payload none
            3 0s InvocationCompleted, from 0s
            4 0s ChainedInvokeFailed 1 ChainedInvoke 'call', error Declined: declined with 51, data {"code":51}
            5 0s InvocationCompleted, from 0s, error InvokeError: declined with 51, data {"code":51}
            6 0s ExecutionFailed, error InvokeError: declined with 51, data {"code":51}
            """
        ) { test in try await Self.release(gate, test) }
    }
}
