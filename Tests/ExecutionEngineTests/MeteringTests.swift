import ExecutionModel
import Testing

@testable import ExecutionEngine

/// What an execution's operations count for: AWS's table of how durable operations are metered.
@Suite struct MeteringTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// Beside the execution, which is one operation and the two bytes of its input.
        var operations: Int
        var bytes: Int
        var drive: @Sendable (EngineDriver) throws -> Void
    }

    /// Of 9 bytes: `no` and `Refused`.
    static let error = ErrorObject(message: "no", type: "Refused")

    static let cases: [Case] = [
        Case(testDescription: "nothing", operations: 0, bytes: 0) { _ in },
        Case(testDescription: "a step", operations: 1, bytes: 3) { driver in
            try driver.checkpoint([.step("1", .start), .step("1", .succeed, payload: "123")])
        },
        Case(testDescription: "a step that fails", operations: 1, bytes: 9) { driver in
            try driver.checkpoint([.step("1", .start), .step("1", .fail, error: error)])
        },
        Case(testDescription: "a step with two retries", operations: 3, bytes: 21) { driver in
            for _ in 0..<2 {
                try driver.checkpoint([.step("1", .start), .step("1", .retry, error: error, delay: 1_000)])
                driver.advance(by: 1_000)
            }
            try driver.checkpoint([.step("1", .start), .step("1", .succeed, payload: "123")])
        },
        Case(testDescription: "a step that runs again after a crash", operations: 2, bytes: 12) { driver in
            try driver.checkpoint([.step("1", .start)])
            driver.finish(.crashed(error))
            driver.advance(by: 1_000)
            _ = driver.invoke()
            try driver.checkpoint([.step("1", .succeed, payload: "123")])
        },
        Case(testDescription: "a wait", operations: 1, bytes: 0) { driver in
            try driver.checkpoint([.wait("1")])
            driver.advance(by: 1_000)
        },
        Case(testDescription: "a condition with two polls", operations: 3, bytes: 6) { driver in
            for state in ["1", "12"] {
                try driver.checkpoint([.step("1", .start), .step("1", .retry, payload: state, delay: 1_000)])
                driver.advance(by: 1_000)
            }
            try driver.checkpoint([.step("1", .start), .step("1", .succeed, payload: "123")])
        },
        Case(testDescription: "invocations that fail", operations: 3, bytes: 27) { driver in
            for _ in 0..<3 {
                driver.finish(.crashed(error))
                driver.advance(by: 60_000)
                _ = driver.invoke()
            }
        },
        Case(testDescription: "invocations that succeed", operations: 1, bytes: 0) { driver in
            try driver.checkpoint([.wait("1")])
            driver.finish(.pending)
            driver.advance(by: 1_000)
            _ = driver.invoke()
        },
        Case(testDescription: "a callback, and its completion", operations: 1, bytes: 4) { driver in
            try driver.checkpoint([.callback("1")])
            try driver.answer(0, .heartbeat)
            try driver.answer(0, .succeed(Array("1234".utf8)))
        },
        Case(testDescription: "a callback that fails", operations: 1, bytes: 9) { driver in
            try driver.checkpoint([.callback("1")])
            try driver.answer(0, .fail(error))
        },
        // The submitter's payloads, and the callback's twice: its own and the context's.
        Case(testDescription: "a wait for a callback with a retry of its submitter", operations: 4, bytes: 20) {
            driver in
            try driver.checkpoint([.context("1", .start), .callback("1-1", parent: "1")])
            try driver.checkpoint([
                .step("1-2", .start, parent: "1"), .step("1-2", .retry, parent: "1", error: error, delay: 1_000),
            ])
            driver.advance(by: 1_000)
            try driver.checkpoint([
                .step("1-2", .start, parent: "1"), .step("1-2", .succeed, parent: "1", payload: "123"),
            ])
            try driver.answer(1, .succeed(Array("1234".utf8)))
            try driver.checkpoint([.context("1", .succeed, payload: "1234")])
        },
        // Each item's result, and all of them once more.
        Case(testDescription: "a map of two items", operations: 3, bytes: 9) { driver in
            try driver.checkpoint([.context("1", .start)])
            for id in ["1-1", "1-2"] {
                try driver.checkpoint([
                    .context(id, .start, parent: "1"), .context(id, .succeed, parent: "1", payload: "12"),
                ])
            }
            try driver.checkpoint([.context("1", .succeed, payload: "12,12")])
        },
        Case(testDescription: "a child context that is replayed inside", operations: 1, bytes: 0) { driver in
            try driver.checkpoint([.context("1", .start), .context("1", .succeed, payload: "", replayChildren: true)])
        },
        Case(testDescription: "the execution's own result", operations: 0, bytes: 2) { driver in
            driver.finish(.succeeded(result: Array("42".utf8)))
        },
    ]

    @Test(arguments: cases)
    func `what is recorded counts as AWS counts it`(metered: Case) throws {
        let driver = EngineDriver.invoked()
        try metered.drive(driver)
        #expect(driver.execution.meteredOperationCount == 1 + metered.operations)
        #expect(driver.execution.meteredByteCount == 2 + metered.bytes)
    }

    @Test func `failed invocations take operations from the handler`() throws {
        var limits = Limits.embedded
        limits.operationCountMax = 3
        let driver = EngineDriver.invoked(limits: limits)
        driver.finish(.crashed(Self.error))
        driver.advance(by: 60_000)
        _ = driver.invoke()
        let refused = #expect(throws: EngineError.self) {
            try driver.checkpoint([.step("1", .start), .step("2", .start)])
        }
        #expect(refused?.message == "An execution may have at most 3 operations.")
        try driver.checkpoint([.step("1", .start)])
        // What comes from outside is not refused for the handler's count: it records no operation.
        driver.finish(.crashed(Self.error))
        #expect(driver.execution.meteredOperationCount == 4)
        #expect(driver.execution.status == .running)
    }

    @Test func `a poll is refused whose state is too much, and the condition may still end`() throws {
        var limits = Limits.embedded
        limits.operationCountMax = 3
        limits.recordedBytesMax = 6
        let driver = EngineDriver.invoked(limits: limits)
        try driver.checkpoint([.step("1", .start), .step("1", .retry, payload: "12", delay: 1_000)])
        driver.advance(by: 1_000)
        let count = #expect(throws: EngineError.self) {
            try driver.checkpoint([.step("1", .start), .step("1", .retry, payload: "12", delay: 1_000)])
        }
        #expect(count?.message == "An execution may have at most 3 operations.")
        let bytes = #expect(throws: EngineError.self) {
            try driver.checkpoint([.step("1", .start), .step("1", .succeed, payload: "123")])
        }
        #expect(bytes?.message == "An execution may record at most 6 bytes.")
        try driver.checkpoint([.step("1", .start), .step("1", .succeed, payload: "12")])
        #expect(driver.execution.meteredByteCount == 6)
    }
}

extension OperationUpdate {
    fileprivate static func callback(_ id: String, parent: String) -> OperationUpdate {
        var update = callback(id)
        update.identity.parentID = OperationID(parent)
        return update
    }
}
