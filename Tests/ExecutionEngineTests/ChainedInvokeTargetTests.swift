import ExecutionModel
import Testing

@testable import ExecutionEngine

/// What a chained invoke may name, pass on and get back, and what becomes of one whose function is not known.
@Suite struct ChainedInvokeTargetTests {
    static let notFound = "ResourceNotFoundException"

    /// An invocation in flight of an engine that knows `charge` as versions 9 and 10.
    static func driver(_ policy: UnknownTargetPolicy = .wait, limits: Limits = .embedded) throws -> EngineDriver {
        let driver = EngineDriver(limits: limits, unknownTargets: policy)
        for version in ["9", "10"] { driver.register("charge", FunctionDirectory.Entry(version: version)) }
        _ = try driver.start()
        _ = driver.invoke()
        return driver
    }

    @Test(
        arguments: [
            ("charge", "charge", "10"), ("charge:9", "charge", "9"), ("000000000000:function:charge:9", "charge", "9"),
            ("arn:indelible:lambda:local:000000000000:function:charge", "charge", "10"),
            ("arn:indelible:lambda:local:000000000000:function:charge:10", "charge", "10"),
        ])
    func `a function that is known runs in the version that its name means`(
        text: String, function: String, version: String
    ) throws {
        for policy in [.wait, .fail] as [UnknownTargetPolicy] {
            let driver = try Self.driver(policy)
            try driver.checkpoint([.invoke("1", text)])
            let child = try #require(driver.state.execution(driver.child(of: "1")))
            #expect(child.start.function == function)
            #expect(child.start.version == version)
        }
    }

    @Test(
        arguments: [
            ("nobody", "$LATEST"), ("nobody:3", "3"), ("nobody:$LATEST", "$LATEST"), ("charge:11", "11"),
            ("charge:$LATEST", "$LATEST"), ("charge:live", nil), ("nobody:live", nil),
            // Digits, and more than any version has.
            ("nobody:\(String(repeating: "1", count: 33))", nil),
        ] as [(String, String?)])
    func `a version that is not known is waited for, and an alias is not`(text: String, version: String?) throws {
        let driver = try Self.driver(.wait)
        let reply = try driver.checkpoint([.invoke("1", text, input: "7")])
        if let version {
            let child = try #require(driver.state.execution(driver.child(of: "1")))
            #expect(child.start.version == version)
            #expect(!child.start.isPlain)
            #expect(reply.map(\.status) == [.started])
        } else {
            expectNotFound(driver, reply, text)
        }
    }

    @Test(arguments: ["nobody", "nobody:3", "charge:11", "charge:live"])
    func `where unknown functions fail, the reply says so at once`(text: String) throws {
        let driver = try Self.driver(.fail)
        expectNotFound(driver, try driver.checkpoint([.invoke("1", text, input: "7")]), text)
    }

    private func expectNotFound(_ driver: EngineDriver, _ reply: [Operation], _ text: String) {
        #expect(driver.kinds.suffix(2) == [.chainedInvokeStarted, .chainedInvokeFailed])
        let start = ChainedInvokeStart(function: text, input: nil, target: nil)
        let first = OperationReference.first(
            OperationStart(id: OperationID("1"), subType: "ChainedInvoke"))
        #expect(driver.records.dropLast().last?.event == .chainedInvokeStarted(first, start), "nothing was passed on")
        #expect(reply.map(\.status) == [.failed])
        #expect(reply.first?.details == .chainedInvoke(child: nil))
        #expect(reply.first?.error == ErrorObject(message: "Function not found: \(text)", type: Self.notFound))
        #expect(driver.state.all.count == 1)
        driver.finish(.pending)
        #expect(driver.kinds.last == .invocationCompleted)
        #expect(driver.readiness == .runnable, "nothing is pending")
    }

    @Test func `a batch may hold functions that are known and ones that are not`() throws {
        let driver = try Self.driver(.fail)
        let reply = try driver.checkpoint([
            .invoke("1", "nobody"), .invoke("2", "charge"), .invoke("3", "nobody:4"), .invoke("4", "charge:9"),
        ])
        #expect(reply.map(\.status) == [.failed, .started, .failed, .started])
        #expect(driver.execution.openChildren == [try driver.child(of: "2"), try driver.child(of: "4")])
    }

    static let tooLong = String(repeating: "t", count: 8_193)

    @Test(
        arguments: [
            (.invoke("1", ""), "Invalid function ARN ''"), (.invoke("1", "a b"), "Invalid function ARN 'a b'"),
            (.invoke("1", "charge:9:9"), "Invalid function ARN 'charge:9:9'"),
            (
                .invoke("1", "111111111111:function:charge"),
                "Cannot start a CHAINED_INVOKE on a function in another account."
            ),
            (
                .invoke("1", "arn:indelible:lambda:mars:111111111111:function:charge"),
                "Cannot start a CHAINED_INVOKE on a function in another account."
            ),
            (
                .invoke("1", "arn:indelible:lambda:mars:000000000000:function:charge"),
                "Cannot start a CHAINED_INVOKE on a function in another region."
            ),
            (
                .invoke("1", "charge", tenant: ""),
                "Invalid TenantId: 1 to 256 characters of [a-zA-Z0-9._:/=+@ -]."
            ),
            (
                .invoke("1", "charge", tenant: "shop#1"),
                "Invalid TenantId: 1 to 256 characters of [a-zA-Z0-9._:/=+@ -]."
            ),
            (
                .invoke("1", "charge", tenant: String(repeating: "s", count: 257)),
                "Invalid TenantId: 1 to 256 characters of [a-zA-Z0-9._:/=+@ -]."
            ),
            (.invoke("1", "charge", trace: tooLong), "Invalid XAmznTraceId: at most 8192 characters."),
            (
                .invoke("1", "charge", timeout: 0),
                "ExecutionTimeout must be above zero and at most 31622400 seconds."
            ),
            (
                .invoke("1", "charge", timeout: 31_622_401_000),
                "ExecutionTimeout must be above zero and at most 31622400 seconds."
            ),
            (.invoke("1", "charge", timeout: 1_500), "ExecutionTimeout must be a whole number of seconds."),
            (.invoke("1", .start), "Update for CHAINED_INVOKE operation requires ChainedInvokeOptions."),
            // Whether or not the function is known.
            (
                .invoke("1", "nobody", tenant: "#"),
                "Invalid TenantId: 1 to 256 characters of [a-zA-Z0-9._:/=+@ -]."
            ),
        ] as [(OperationUpdate, String)])
    func `what a chained invoke may not say is named, and nothing starts`(
        update: OperationUpdate, message: String
    ) throws {
        let driver = try Self.driver(.fail, limits: .aws)
        #expect(CheckpointTests.refusal(driver, [.invoke("0", "charge"), update]) == message)
        #expect(driver.state.all.count == 1)
    }

    @Test func `the longest tenant and trace are taken, by a start too`() throws {
        let tenant = String(repeating: "aZ0._:/=+@ -", count: 22).prefix(256)
        let trace = String(Self.tooLong.dropLast())
        let driver = try Self.driver(limits: .aws)
        try driver.checkpoint([.invoke("1", "charge", tenant: String(tenant), trace: trace)])
        var start = ExecutionStart(
            secret: RandomBits(high: 3, low: 3), function: "pay", name: "b", input: nil, tenantID: String(tenant),
            traceHeader: trace)
        #expect(try driver.start(start).isNew)
        for (change, message) in [
            ({ $0.tenantID = "" }, "Invalid TenantId: 1 to 256 characters of [a-zA-Z0-9._:/=+@ -]."),
            ({ $0.tenantID = "a,b" }, "Invalid TenantId: 1 to 256 characters of [a-zA-Z0-9._:/=+@ -]."),
            ({ $0.traceHeader = Self.tooLong }, "Invalid XAmznTraceId: at most 8192 characters."),
        ] as [((inout ExecutionStart) -> Void, String)] {
            start.name = "c"
            change(&start)
            #expect(throws: EngineError(.invalidParameterValue, message)) { try driver.start(start) }
            start.tenantID = nil
            start.traceHeader = nil
        }
    }

    /// Three bytes may be passed on, and four recorded elsewhere.
    static let small: Limits = {
        var limits = Limits.embedded
        limits.payloadLengthMax = 4
        limits.chainedPayloadLengthMax = 3
        return limits
    }()

    @Test func `what is passed on has a limit of its own`() throws {
        let driver = try Self.driver(limits: Self.small)
        #expect(
            CheckpointTests.refusal(driver, [.invoke("1", "charge", input: "1234")])
                == "CHAINED_INVOKE payload size must be less than or equal to 3 bytes. "
                + "It is 4 bytes: keep large data elsewhere and record a reference to it.")
        try driver.checkpoint([.invoke("1", "charge", input: "123"), .step("2", .succeed, payload: "1234")])
    }

    @Test func `an output over the limit fails the execution, and a checkpoint that holds it is refused`() throws {
        let driver = try Self.driver(limits: Self.small)
        let message =
            "Execution output payload size must be less than or equal to 3 bytes. "
            + "It is 4 bytes: keep large data elsewhere and record a reference to it."
        try driver.checkpoint([.invoke("1", "charge"), .invoke("2", "charge")])
        try driver.driving(driver.child(of: "2")) {
            _ = driver.invoke()
            #expect(CheckpointTests.refusal(driver, [.execution(.succeed, payload: "1234")]) == message)
        }
        try driver.endChild(of: "1", .succeeded, result: "1234")
        #expect(driver.execution.operation(OperationID("1"))?.status == .failed)
        #expect(
            driver.execution.operation(OperationID("1"))?.error
                == ErrorObject(message: message, type: "InvalidParameterValueException"))
        driver.finish(.succeeded(result: Array("1234".utf8)))
        #expect(driver.execution.status == .succeeded, "nobody waits for this one")
    }

    @Test func `a chained invoke counts twice for the size of its checkpoint`() {
        var limits = Limits.embedded
        // A step; twice an invoke of `charge` with four bytes.
        limits.checkpointLengthMax = 384 + 2 * (384 + 10)
        let updates: [OperationUpdate] = [.step("1", .succeed), .invoke("2", "charge", input: "1234")]
        #expect(LimitsTests.refusal(limits, updates) == nil)
        limits.checkpointLengthMax -= 1
        #expect(
            LimitsTests.refusal(limits, updates)
                == "Checkpoint size must be less than or equal to \(limits.checkpointLengthMax) bytes.")
    }

    @Test func `a trace header that is taken over counts for the size of its checkpoint`() throws {
        var limits = Limits.embedded
        // Two invokes of `charge`, one with a header of its own, which two records hold.
        limits.checkpointLengthMax = 4 * (384 + 6) + 8 + 2 * 3
        let updates: [OperationUpdate] = [.invoke("1", "charge"), .invoke("2", "charge", trace: "own")]
        for (isTaken, limit) in [(true, limits.checkpointLengthMax), (false, limits.checkpointLengthMax - 1)] {
            limits.checkpointLengthMax = limit
            let driver = EngineDriver(limits: limits)
            _ = try driver.start(
                ExecutionStart(
                    secret: RandomBits(high: 1, low: 1), function: "pay", name: "a", input: nil,
                    traceHeader: "Root=123"))
            _ = driver.invoke()
            #expect((CheckpointTests.refusal(driver, updates) == nil) == isTaken)
        }
    }

    @Test func `a function's own timeout is held to the limits too`() throws {
        let driver = EngineDriver(limits: .aws, unknownTargets: .fail)
        driver.register("charge", FunctionDirectory.Entry(executionTimeout: Milliseconds(1_500)))
        _ = try driver.start()
        _ = driver.invoke()
        let error = #expect(throws: EngineError.self) { try driver.checkpoint([.invoke("1", "charge")]) }
        #expect(error?.message.contains("ExecutionTimeout") ?? false)
        try driver.checkpoint([.invoke("1", "charge", timeout: 1_000)])
    }
}
