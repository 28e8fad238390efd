import ExecutionModel
import Testing

@testable import ExecutionEngine

@Suite struct EngineStateTests {
    @Test func `the same name and input is the same execution, running or ended`() throws {
        let driver = EngineDriver()
        let first = try driver.start("order-1", input: "{\"amount\":1}")
        #expect(first.isNew)
        for _ in 1...2 {
            let again = try driver.start("order-1", input: "{\"amount\":1}")
            #expect(again == StartReply(id: first.id, isNew: false))
            if !driver.execution.status.isTerminal { _ = try driver.stop() }
        }
        #expect(driver.kinds == [.executionStarted, .executionStopped])
    }

    @Test(arguments: [nil, "{\"amount\": 1}", ""] as [String?])
    func `the same name with other bytes is refused, running or ended`(input: String?) throws {
        let driver = EngineDriver()
        _ = try driver.start("order-1", input: "{\"amount\":1}")
        for _ in 1...2 {
            let error = #expect(throws: EngineError.self) { try driver.start("order-1", input: input) }
            #expect(error?.code == .executionAlreadyStarted)
            _ = try driver.stop()
        }
    }

    @Test func `a name belongs to its function`() throws {
        let driver = EngineDriver()
        let pay = try driver.start("order-1", function: "pay", input: "1")
        let ship = try driver.start("order-1", function: "ship", input: "2")
        #expect(ship.isNew)
        #expect(driver.state.number(function: "pay", name: "order-1") == pay.id.number)
        #expect(driver.state.number(function: "ship", name: "order-1") == ship.id.number)
        #expect(driver.state.number(function: "ship", name: "order-2") == nil)
        #expect(Set(driver.state.all.map(\.id)) == [pay.id, ship.id])
    }

    @Test(arguments: ["", "order 1", "ordér", "a/b", String(repeating: "a", count: 65)])
    func `a name outside the pattern is refused`(name: String) {
        let driver = EngineDriver()
        let error = #expect(throws: EngineError.self) { try driver.start(name) }
        #expect(error?.message == "Invalid execution name '\(name)': 1 to 64 characters of [a-zA-Z0-9-_].")
    }

    @Test(arguments: ["", "pay now", String(repeating: "a", count: 141)])
    func `a function's name outside the pattern is refused`(function: String) {
        let driver = EngineDriver()
        let error = #expect(throws: EngineError.self) { try driver.start(function: function) }
        #expect(error?.code == .invalidParameterValue)
    }

    @Test func `an input over the limit is refused`() {
        var limits = Limits.embedded
        limits.payloadLengthMax = 3
        let driver = EngineDriver(limits: limits)
        let error = #expect(throws: EngineError.self) { try driver.start(input: "1234") }
        #expect(
            error?.message
                == "Execution input payload size must be less than or equal to 3 bytes. "
                + "It is 4 bytes: keep large data elsewhere and record a reference to it.")
    }

    @Test(arguments: ["$LATEST", "7", "007", String(repeating: "1", count: 32)])
    func `a version is the latest or digits`(version: String) throws {
        let state = EngineState(limits: .embedded)
        let start = ExecutionStart(
            secret: RandomBits(high: 0, low: 0), function: "pay", version: version, name: "a", input: nil)
        let decision = try state.decideStart(
            start, number: ExecutionNumber(1), at: Timestamp(millisecondsSinceEpoch: 0))
        #expect(decision.reply.isNew)
    }

    @Test(arguments: ["", "live", "x$LATEST", "7a", "-1", String(repeating: "1", count: 33)])
    func `any other is refused`(version: String) {
        let driver = EngineDriver()
        let start = ExecutionStart(
            secret: RandomBits(high: 0, low: 0), function: "pay", version: version, name: "a", input: nil)
        #expect(
            throws: EngineError(.invalidParameterValue, "Invalid version '\(version)': $LATEST, or digits.")
        ) { try driver.start(start) }
    }
}

@Suite struct LimitsTests {
    static func refusal(_ limits: Limits, _ updates: [OperationUpdate]) -> String? {
        do {
            try EngineDriver.invoked(limits: limits).checkpoint(updates)
            return nil
        } catch {
            return error.message
        }
    }

    @Test(
        arguments: [
            (.wait("1", duration: 0), "WaitSeconds must be above zero and at most 31622400 seconds."),
            (.wait("1", duration: 999), "WaitSeconds must be a whole number of seconds."),
            (.wait("1", duration: 1_000), nil), (.wait("1", duration: 31_622_400_000), nil),
            (.wait("1", duration: 31_622_401_000), "WaitSeconds must be above zero and at most 31622400 seconds."),
            (
                .step("1", .retry, delay: 0),
                "NextAttemptDelaySeconds must be above zero and at most 31622400 seconds."
            ),
            (.callback("1", timeout: 0, heartbeat: 0), nil), (.callback("1", timeout: 99_999_999_000), nil),
            (.callback("1", timeout: 1), "TimeoutSeconds must be a whole number of seconds."),
            (.callback("1", heartbeat: -1), "HeartbeatTimeoutSeconds must be above zero and at most 99999999 seconds."),
        ] as [(OperationUpdate, String?)])
    func `AWS's delays are whole seconds`(update: OperationUpdate, message: String?) {
        #expect(Self.refusal(.aws, [update]) == message)
    }

    @Test func `an embedded engine's delays are milliseconds above zero`() {
        #expect(Self.refusal(.embedded, [.wait("1", duration: 1)]) == nil)
        #expect(Self.refusal(.embedded, [.wait("1", duration: 0)]) != nil)
        #expect(Self.refusal(.embedded, [.wait("1", duration: -1)]) != nil)
    }

    @Test func `payloads, errors and callback results have limits`() throws {
        var limits = Limits.aws
        limits.payloadLengthMax = 3
        limits.callbackResultLengthMax = 2
        #expect(Self.refusal(limits, [.step("1", .succeed, payload: "123")]) == nil)
        #expect(
            Self.refusal(limits, [.step("1", .succeed, payload: "1234")])
                == "STEP payload size must be less than or equal to 3 bytes. "
                + "It is 4 bytes: keep large data elsewhere and record a reference to it.")
        let error = ErrorObject(message: String(repeating: "a", count: 32_769))
        #expect(
            Self.refusal(limits, [.step("1", .fail, error: error)])
                == "Error object size must be less than 32768 bytes.")
        let driver = EngineDriver.invoked(limits: limits)
        try driver.checkpoint([.callback("1")])
        #expect(throws: EngineError.self) { try driver.answer(0, .succeed([1, 2, 3])) }
    }

    @Test func `an error from outside may be longer`() throws {
        let driver = EngineDriver.invoked(limits: .aws)
        try driver.checkpoint([.callback("1")])
        let tooLong = ErrorObject(message: String(repeating: "a", count: (1 << 20) + 1))
        let refusal = "Error object size must be less than 1048576 bytes."
        #expect(throws: EngineError.invalid(refusal)) { try driver.answer(0, .fail(tooLong)) }
        #expect(throws: EngineError.invalid(refusal)) { try driver.stop(tooLong) }
        let long = ErrorObject(message: String(repeating: "a", count: 1 << 20))
        try driver.answer(0, .fail(long))
        #expect(try driver.stop(long).endTime == driver.now)
    }

    @Test func `a checkpoint is no longer than one append may be`() {
        var limits = Limits.embedded
        limits.checkpointLengthMax = 10 + 2 * 384
        let error = ErrorObject(message: "12", stackTrace: ["f", ""])
        let updates: [OperationUpdate] = [.step("1", .succeed, payload: "1234"), .step("2", .fail, error: error)]
        #expect(Self.refusal(limits, updates) == "Checkpoint size must be less than or equal to 778 bytes.")
        limits.checkpointLengthMax += 1
        #expect(Self.refusal(limits, updates) == nil)
    }

    /// The log's own limits: a record of 16 MiB, an append of 32 MiB.
    @Test func `what the embedded limits let through fits the log`() {
        let limits = Limits.embedded
        var overhead: [UInt8] = []
        let start = OperationStart(
            id: OperationID(String(repeating: "1", count: Limits.operationIDLengthMax)),
            parent: OperationOrdinal(.max), subType: String(repeating: "s", count: Limits.subTypeLengthMax),
            name: String(repeating: "n", count: Limits.operationNameLengthMax))
        Event.callbackStarted(.first(start), timeout: limits.delayMax, heartbeatTimeout: limits.delayMax)
            .encodeBody(into: &overhead)
        #expect(overhead.count <= Limits.updateOverhead)
        #expect(limits.payloadLengthMax + Limits.updateOverhead <= 16 << 20)
        #expect(limits.callbackResultLengthMax + Limits.updateOverhead <= 16 << 20)
        #expect(4 * limits.errorLengthMax + Limits.updateOverhead <= 16 << 20)
        #expect(limits.payloadLengthMax + Limits.updateOverhead <= limits.checkpointLengthMax)
        // The rest is for the timers that are due and the invocations that start in the same append.
        #expect(limits.checkpointLengthMax + (8 << 20) <= 32 << 20)
    }

    @Test func `an execution has as many operations and bytes as its limits say`() throws {
        var limits = Limits.embedded
        limits.operationCountMax = 3
        limits.recordedBytesMax = 10
        let driver = EngineDriver.invoked(limits: limits)
        // The execution itself is one, and a retry is another.
        try driver.checkpoint([.step("1", .start), .step("1", .retry, payload: "12345678", delay: 1)])
        #expect(driver.execution.meteredOperationCount == 3)
        let count = #expect(throws: EngineError.self) { try driver.checkpoint([.step("2", .start)]) }
        #expect(count?.message == "An execution may have at most 3 operations.")
        driver.advance(by: 1)
        let bytes = #expect(throws: EngineError.self) { try driver.checkpoint([.step("1", .succeed, payload: "1")]) }
        #expect(bytes?.message == "An execution may record at most 10 bytes.")
        try driver.checkpoint([.step("1", .succeed)])
    }
}
