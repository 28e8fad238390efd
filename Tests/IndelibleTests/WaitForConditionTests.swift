import Indelible
import IndelibleTesting
import Testing

@Suite(.bothWays) struct WaitForConditionTests {
    /// Counts up to `end`.
    static func counting(
        to end: Int, poll: PollPolicy<Int>? = nil, check: @escaping @Sendable (Int, StepContext) throws -> Void
    ) -> DurableFunction<Void, Int> {
        DurableFunction("count") { (context: DurableContext) in
            let poll = poll ?? .until({ $0 >= end }, every: .seconds(10))
            let state = try await context.waitForCondition("counted", from: 0, poll: poll) { state, step in
                try check(state, step)
                return state + 1
            }
            try await context.wait(for: .seconds(1))
            return state
        }
    }

    static func payloads(_ execution: ExecutionHandle<some Any>) async throws -> [String] {
        try await execution.history().events(of: .succeeded("counted")).map {
            String(decoding: $0.payload ?? [], as: UTF8.self)
        }
    }

    @Test func `the state goes from check to check, and the last one is the result`() async throws {
        let calls = Calls()
        let function = Self.counting(to: 3) { state, step in calls.note("check \(step.attempt) of \(state)") }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == 3)
        #expect(calls.all == ["check 1 of 0", "check 2 of 1", "check 3 of 2"])
        let history = try await execution.history()
        #expect(
            history.notation
                == "a.sS a.sOK(1,+10) INV a.sS a.sOK(2,+10) INV a.sS a.sOK(3) b.wS INV b.wOK INV X")
        #expect(try await Self.payloads(execution) == ["1", "2", "3"])
        #expect(history.events(named: "counted").allSatisfy { $0.operation?.kind == "WaitForCondition" })
    }

    @Test func `a condition that is met at once is checked once, and not on a replay`() async throws {
        let calls = Calls()
        let function = Self.counting(to: 1) { _, _ in calls.note("check") }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == 1)
        #expect(calls.all == ["check"])
        #expect(try await execution.history().notation == "a.sS a.sOK b.wS INV b.wOK INV X")
    }

    @Test(arguments: [(3, true), (4, false)])
    func `a condition that is met by the last check is met, and later it has failed`(end: Int, isMet: Bool) async throws
    {
        let calls = Calls()
        let poll = PollPolicy<Int>.until({ $0 >= end }, every: .seconds(2), maxAttempts: 3)
        let function = Self.counting(to: end, poll: poll) { _, _ in calls.note("check") }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        if isMet {
            #expect(try await execution.result() == 3)
        } else {
            let error = try await failure(of: execution)
            #expect(error.cause.type == "WaitForConditionError")
            #expect(error.message == "the condition was not met after 3 checks")
            #expect(
                try await execution.history().notation
                    == "a.sS a.sOK(1,+2) INV a.sS a.sOK(2,+2) INV a.sS a.sF(3) INV(WaitForConditionError) X(F)")
        }
        #expect(calls.all.count == 3)
    }

    @Test func `a check that throws fails the wait, without another try and the same on every run`() async throws {
        let calls = Calls()
        let function = DurableFunction("check") { (context: DurableContext) in
            do {
                _ = try await context.waitForCondition(
                    "ready", from: false, poll: .until({ $0 }, every: .seconds(1))
                ) { _, _ in throw Declined(code: 7) }
            } catch let error as WaitForConditionError {
                calls.note("\(error); \(error.attempts), \(error.cause.decoded(as: Declined.self)?.code ?? 0)")
            }
            try await context.wait(for: .seconds(1))
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        try await execution.result()
        let text = "waiting for condition 'ready' failed after 1 checks: Declined: declined with 7; 1, 7"
        #expect(calls.all == Array(repeating: text, count: runsWithOneSuspension))
        #expect(try await execution.history().notation == "a.sS a.sF b.wS INV b.wOK INV X")
    }

    @Test func `a check that the process's end interrupts is made again, from the recorded state`() async throws {
        let (calls, gate) = (Calls(), Gate())
        let function = DurableFunction("crash") { (context: DurableContext) in
            try await context.waitForCondition(from: 10, poll: .until({ $0 == 13 }, every: .seconds(1))) {
                state, step in
                calls.note("\(step.attempt): \(state)")
                if state == 12, calls.count(of: "3: 12") == 1 { await gate.pass() }
                return state + 1
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        await test.advance(by: .seconds(1))
        await test.advance(by: .seconds(1), waitsForHandlers: false)
        await gate.arrival()
        try await test.restart(grace: .zero)
        let after = try #require(try await test.engine.execution(id: execution.id, of: function))
        #expect(try await after.result() == 13)
        #expect(calls.all == ["1: 10", "2: 11", "3: 12", "3: 12"])
        // No second start for the attempt that had begun.
        #expect(
            try await after.history().notation
                == "a.sS a.sOK(1,+1) INV a.sS a.sOK(2,+1) INV a.sS INV(Runtime.ExitError) a.sOK(3) INV X")
    }

    @Test func `the check and its policy see the state as it reads back`() async throws {
        struct Rounded: Codable {
            var value: Double
            init(_ value: Double) { self.value = value }
            init(from decoder: any Decoder) throws { value = try decoder.singleValueContainer().decode(Double.self) }
            func encode(to encoder: any Encoder) throws {
                var container = encoder.singleValueContainer()
                try container.encode(value.rounded())
            }
        }
        let calls = Calls()
        let function = DurableFunction("round") { (context: DurableContext) in
            try await context.waitForCondition(
                from: Rounded(0.4), poll: .until({ $0.value == 2 }, every: .seconds(1))
            ) { state, _ in
                calls.note("\(state.value)")
                return Rounded(state.value + 0.6)
            }.value
        }
        let test = try await TestEngine(functions: [function])
        #expect(try await test.engine.start(function).result() == 2)
        #expect(calls.all == ["0.0", "1.0"])
    }

    @Test func `a state may be nil, and goes by its own serdes`() async throws {
        let calls = Calls()
        let function = DurableFunction("optional") { (context: DurableContext) in
            let word: String? = try await context.waitForCondition(
                "word", from: nil, poll: .until({ $0 != nil }, every: .seconds(1))
            ) { state, step in
                calls.note(state ?? "nil")
                return step.attempt == 3 ? "found" : nil
            }
            let bytes = try await context.waitForCondition(
                "bytes", from: [UInt8](), poll: .until({ $0.count == 2 }, every: .seconds(1)), serdes: .bytes
            ) { state, step in state + [UInt8(step.attempt)] }
            return "\(word ?? "nil") \(bytes)"
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == "found [1, 2]")
        #expect(calls.all == ["nil", "nil", "nil"])
        #expect(try await execution.history().events(of: .succeeded("bytes")).map(\.payload) == [[1], [1, 2]])
    }

    @Test func `a policy of the user's own decides, and never polls without a pause`() async throws {
        let poll = PollPolicy<Int>.custom { state, attempt in
            attempt < 3 ? .poll(after: .zero) : state == 3 ? .fail : .stop
        }
        let function = Self.counting(to: 0, poll: poll) { _, _ in }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        let error = try await failure(of: execution)
        #expect(error.message == "the condition was not met after 3 checks")
        let delays = try await execution.history().compactMap(\.nextAttemptDelay)
        #expect(delays == [.milliseconds(1), .milliseconds(1)])
    }

    @Test func `conditions and steps follow each other`() async throws {
        let function = DurableFunction("two") { (context: DurableContext) in
            let one = try await context.waitForCondition(from: 0, poll: .until({ $0 == 2 }, every: .seconds(1))) {
                state, _ in state + 1
            }
            let two = try await context.waitForCondition(from: one, poll: .until({ $0 == 4 }, every: .seconds(1))) {
                state, _ in state + 1
            }
            return try await context.step { _ in one + two }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == 6)
        #expect(
            try await execution.history().notation
                == "a.sS a.sOK(1,+1) INV a.sS a.sOK(2) b.sS b.sOK(1,+1) INV b.sS b.sOK(2) c.sS c.sOK INV X")
    }

    @Test func `a state that is too large fails the wait with the limit's name`() async throws {
        var limits = EngineLimits.embedded
        limits.payloadLengthMax = 1_000
        let function = DurableFunction("large") { (context: DurableContext) in
            try await context.waitForCondition("blob", from: "", poll: .until({ _ in false }, every: .seconds(1))) {
                _, _ in String(repeating: "x", count: 1_000)
            }
        }
        let test = try await TestEngine(
            functions: [function], options: EngineOptions(segmentSizes: [256 << 10], limits: limits))
        let execution = try await test.engine.start(function)
        let error = try await failure(of: execution)
        #expect(error.cause.type == "WaitForConditionError")
        #expect(error.message.hasPrefix("STEP payload size must be less than or equal to 1000 bytes."))
        #expect(try await execution.history().notation == "a.sS a.sF INV(WaitForConditionError) X(F)")
    }

    @Test func `a state that cannot be encoded fails the wait`() async throws {
        let function = DurableFunction("nan") { (context: DurableContext) in
            try await context.waitForCondition("limit", from: 1.0, poll: .until({ _ in false }, every: .seconds(1))) {
                _, _ in .nan
            }
        }
        let test = try await TestEngine(functions: [function])
        let error = try await failure(of: try await test.engine.start(function))
        #expect(error.message.contains("cannot encode the state of condition 'limit' (1)"))
    }
}
