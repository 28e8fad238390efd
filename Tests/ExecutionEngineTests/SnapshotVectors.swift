import ExecutionModel
import Testing

@testable import ExecutionEngine

/// The snapshots of `Fixtures/events/2/snapshots.txt`, under the numbers that SPEC.md gives them.
enum SnapshotVectors {
    static let secret = RandomBits(high: 0x0011_2233_4455_6677, low: 0x8899_AABB_CCDD_EEFF)
    static let delayMax = Limits.embedded.delayMax

    static func all() throws -> [(name: String, state: ExecutionState)] {
        [
            ("an execution that has just started", try started()),
            ("every type of operation, during an invocation", try operations().execution),
            ("the same, paused with a request to cancel that no handler has been told of", try paused()),
            ("held by a divergence", try held()),
            ("after a failed invocation, with a stored input and a stored result", try stored()),
            ("succeeded", try succeeded()),
            ("stopped while its invocation goes on, started by a chained invoke", try stopped()),
            ("failed, its history trimmed, held by two", try trimmed()),
        ]
    }

    private static func started() throws -> ExecutionState {
        let driver = EngineDriver()
        _ = try driver.start(ExecutionStart(secret: secret, function: "pay", name: "order-1", input: nil))
        return driver.execution
    }

    private static func operations() throws -> EngineDriver {
        let driver = EngineDriver()
        driver.register("charge")
        _ = try driver.start(
            ExecutionStart(
                secret: secret, function: "pay", version: "7", name: "order-1", input: .inline(Array("{}".utf8)),
                timeout: Milliseconds(60_000), tenantID: "shop-1"))
        _ = driver.invoke()
        try driver.checkpoint([
            .context("1", .start), .step("1-1", .start, parent: "1"), .wait("2", duration: 10),
            .step("3", .retry, error: ErrorObject(message: "no", type: "Declined"), delay: 5_000),
            .step("4", .retry, payload: "4", delay: 1), .callback("5", timeout: 3_000, heartbeat: 1_000),
            .callback("6"), .invoke("7", "charge"), .invoke("8", "nobody:live"), .step("9", .start),
        ])
        driver.advance(by: 20)
        try driver.checkpoint([
            .step("1-1", .succeed, payload: "\"hello\""), .context("1", .succeed, payload: "1"),
            .context("10", .succeed, replayChildren: true), .wait("11", duration: 86_400_000),
        ])
        driver.advance(by: 5)
        try driver.checkpoint([.wait("11", .cancel, duration: nil)])
        return driver
    }

    private static func paused() throws -> ExecutionState {
        let driver = try operations()
        driver.finish(.pending)
        driver.advance(by: 100)
        try driver.pause(PauseRequest(reason: "audit"))
        driver.advance(by: 500)
        try driver.cancel(reason: "sold out")
        try driver.answer(5, .heartbeat)
        return driver.execution
    }

    private static func held() throws -> ExecutionState {
        let driver = EngineDriver()
        _ = try driver.start(ExecutionStart(secret: secret, function: "pay", name: "order-1", input: nil))
        _ = driver.invoke()
        let recorded = OperationIdentity(id: OperationID("1"), type: .step, subType: "Step", name: "a")
        let attempted = OperationIdentity(id: OperationID("1"), type: .wait, subType: "Wait", name: "b")
        driver.finish(.held(Divergence(recorded: recorded, attempted: attempted)))
        return driver.execution
    }

    private static func stored() throws -> ExecutionState {
        let driver = EngineDriver()
        _ = try driver.start(
            ExecutionStart(
                secret: secret, function: "pay", name: "order-1",
                input: .inline([UInt8](repeating: 0x20, count: 5_000))))
        _ = driver.invoke()
        try driver.checkpoint([.step("1", .succeed, payload: String(repeating: " ", count: 4_097))])
        driver.finish(.crashed(ErrorObject(type: "Handler.Timeout")))
        return try rebuilt(driver.records, storingPayloadsOver: 4_096)
    }

    private static func succeeded() throws -> ExecutionState {
        let driver = EngineDriver.started()
        _ = driver.invoke()
        try driver.checkpoint([.step("1", .succeed, payload: "1")])
        driver.finish(.succeeded(result: Array("\"hello\"".utf8)))
        return driver.execution
    }

    private static func stopped() throws -> ExecutionState {
        let driver = EngineDriver()
        let parent = ParentLink(execution: ExecutionNumber(300), operation: OperationOrdinal(1))
        _ = try driver.start(
            ExecutionStart(
                secret: secret, function: "charge", name: "c", input: .inline([]),
                retention: RetentionPolicy(Milliseconds(86_400_000)),
                traceHeader: "Root=1", parent: parent, isPlain: true))
        _ = driver.invoke()
        _ = try driver.stop(ErrorObject(message: "no", type: "Declined"))
        return driver.execution
    }

    private static func trimmed() throws -> ExecutionState {
        let driver = EngineDriver()
        _ = try driver.start(
            ExecutionStart(
                secret: secret, function: "pay", name: "order-1", input: nil,
                retention: RetentionPolicy(
                    succeeded: .history(Milliseconds(10), thenSummary: Milliseconds(20)),
                    otherwise: .history(Milliseconds(100), thenSummary: nil))))
        _ = driver.invoke()
        try driver.checkpoint([.step("1", .succeed)])
        driver.finish(.failed(ErrorObject(message: "no", type: "Declined")))
        driver.advance(by: 100)
        try driver.hold("case-4711", reason: "fraud")
        driver.advance(by: 1)
        try driver.hold("audit")
        return driver.execution
    }

    /// The state that the records of one execution give, with longer payloads left where they are.
    static func rebuilt(_ records: [RecordedEvent], storingPayloadsOver length: Int) throws -> ExecutionState {
        let first = try #require(records.first)
        guard case .executionStarted(let start) = first.event.storingPayloads(over: length, lsn: first.lsn) else {
            throw SnapshotError.recordCount(expected: 2, found: 0)
        }
        var state = ExecutionState(start: start, number: first.execution, delayMax: delayMax, at: first.time)
        for var record in records.dropFirst() {
            record.event = record.event.storingPayloads(over: length, lsn: record.lsn)
            try state.recover(record)
        }
        return state
    }
}
