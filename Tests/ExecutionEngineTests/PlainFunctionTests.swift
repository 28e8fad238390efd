import ExecutionModel
import Testing

@testable import ExecutionEngine

/// The execution of a plain function records nothing between its start and its end. SPEC.md, "Invocations" and "Chained
/// invoke".
@Suite struct PlainFunctionTests {
    /// Drives the execution of `rate`, which execution 1 waits for, and whose first invocation is in flight.
    static func driver(_ limits: Limits = .embedded) throws -> EngineDriver {
        let driver = EngineDriver(limits: limits)
        driver.register("rate", FunctionDirectory.Entry(version: "4", isPlain: true))
        _ = try driver.start()
        _ = driver.invoke()
        try driver.checkpoint([.invoke("1", "rate", input: "7")])
        driver.finish(.pending)
        driver.number = try driver.child(of: "1")
        _ = driver.invoke()
        return driver
    }

    static let parent = ExecutionNumber(1)

    private func row(_ driver: EngineDriver) throws -> Operation {
        try #require(driver.state.execution(Self.parent)?.operation(OperationID("1")))
    }

    @Test func `its start says that it is plain, and so does the event of whoever invokes it`() throws {
        let driver = try Self.driver()
        #expect(driver.execution.start.isPlain)
        #expect(driver.execution.start.version == "4")
        let starts = driver.records.compactMap { record -> ChainedInvokeStart? in
            guard case .chainedInvokeStarted(_, let start) = record.event else { return nil }
            return start
        }
        #expect(starts.map(\.target?.isPlain) == [true])
        #expect(starts.map(\.target?.child) == [driver.execution.id])
    }

    @Test(arguments: [[], [.step("1", .start)], [.execution(.succeed)]] as [[OperationUpdate]])
    func `it cannot checkpoint`(updates: [OperationUpdate]) throws {
        let driver = try Self.driver()
        #expect(CheckpointTests.refusal(driver, updates) == "A plain function records no operations.")
        #expect(driver.execution.status == .running)
        #expect(driver.execution.operationCount == 0)
    }

    @Test func `its first crash fails it, and with it the invoke`() throws {
        let driver = try Self.driver()
        let child = driver.number
        let error = ErrorObject(message: "Function timed out after 3 seconds", type: "Sandbox.Timedout")
        driver.finish(.crashed(error))
        #expect(driver.kinds.suffix(2) == [.invocationCompleted, .executionFailed])
        driver.completeParent(of: child)
        #expect(try row(driver).status == .failed)
        #expect(try row(driver).error == error)
    }

    @Test func `an interruption invokes it again, at once the first time`() throws {
        let driver = try Self.driver()
        driver.finish(.interrupted)
        #expect(driver.readiness == .runnable)
        #expect(driver.invoke().count == 1, "its own row alone")
        driver.finish(.interrupted)
        #expect(driver.execution.nextDue == driver.now.adding(Milliseconds(1_000)))
        driver.advance(by: 1_000)
        _ = driver.invoke()
        driver.finish(.succeeded(result: Array("9".utf8)))
        driver.completeParent(of: driver.number)
        #expect(try row(driver).result == .inline(Array("9".utf8)))
    }

    @Test func `an error over the limit is cut, a result over it fails`() throws {
        var limits = Limits.embedded
        limits.errorLengthMax = 11
        limits.chainedPayloadLengthMax = 3
        let crashed = try Self.driver(limits)
        crashed.finish(.crashed(ErrorObject(message: "long", type: "Declined", stackTrace: ["f"])))
        #expect(crashed.execution.error == ErrorObject(message: "lon", type: "Declined"))
        let long = try Self.driver(limits)
        long.finish(.succeeded(result: [1, 2, 3, 4]))
        #expect(long.execution.status == .failed)
        #expect(long.execution.error?.type == "InvalidParameterValueException")
    }

    @Test func `it is deleted after its end, in flight or not`() throws {
        let driver = try Self.driver()
        let child = driver.number
        _ = try driver.stop()
        driver.completeParent(of: child)
        #expect(try row(driver).status == .stopped)
        driver.number = child
        driver.finish(.pending)
        try driver.delete()
        #expect(driver.state.execution(child) == nil)
        #expect(
            driver.records.filter { $0.execution == child }.map(\.event.eventKind) == [
                .executionStartedExtended, .invocationStarted, .executionStopped, .invocationCompleted,
                .executionDeleted,
            ])
        driver.number = Self.parent
        #expect(try row(driver).status == .stopped, "what its caller got stays")
    }
}
