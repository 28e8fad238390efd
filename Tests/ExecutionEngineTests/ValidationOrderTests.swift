import ExecutionModel
import Testing

@testable import ExecutionEngine

/// Updates that break two rules are refused for the one that comes first: AWS's order, SPEC.md, "Checkpoints".
@Suite struct ValidationOrderTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var message: String
        var updates: [OperationUpdate]
    }

    static let long = ErrorObject(message: String(repeating: "x", count: 100))

    /// The same operation as `update`, by what `change` makes of it.
    static func update(_ update: OperationUpdate, _ change: (inout OperationUpdate) -> Void) -> OperationUpdate {
        var update = update
        change(&update)
        return update
    }

    /// A step `1-1` in context `1` that has started, and step `2` that has succeeded, under the names that they have.
    static func driver() throws -> EngineDriver {
        var limits = Limits.embedded
        limits.errorLengthMax = 50
        limits.payloadLengthMax = 50
        let driver = EngineDriver.invoked(limits: limits)
        try driver.checkpoint([
            .context("1", .start), .context("3", .start), named("1-1", .start),
            .step("2", .start), .step("2", .succeed),
        ])
        return driver
    }

    static func named(_ id: String, _ action: OperationAction, _ change: (inout OperationUpdate) -> Void = { _ in })
        -> OperationUpdate
    {
        var update = OperationUpdate.step(id, action, parent: "1")
        update.identity.name = "charge"
        change(&update)
        return update
    }

    static let twice = "Cannot checkpoint multiple operations with the same ID."
    static let noParent = "Invalid parent operation id."
    static let illegal = "Invalid action for the given operation type."
    static let tooLong = "Error object size must be less than 50 bytes."

    static let cases: [Case] = [
        // 1. The EXECUTION update.
        Case(
            testDescription: "two ends before one that is not last",
            message: "Cannot checkpoint multiple EXECUTION updates.",
            updates: [.execution(.succeed), .wait("4"), .execution(.succeed), .wait("5")]),
        Case(
            testDescription: "two ends before the same id twice",
            message: "Cannot checkpoint multiple EXECUTION updates.",
            updates: [.wait("4"), .wait("4"), .execution(.succeed), .execution(.fail)]),
        Case(
            testDescription: "an end that is not last before the same id twice",
            message: "EXECUTION checkpoint must be the last update.",
            updates: [.wait("4"), .wait("4"), .execution(.succeed), .wait("5")]),
        // 2. The same id twice.
        Case(
            testDescription: "the same id twice before a parent that is none", message: twice,
            updates: [.step("4", .start), .step("4", .start, parent: "9")]),
        Case(
            testDescription: "the same id twice, further on, before an inconsistent name", message: twice,
            updates: [named("1-1", .succeed) { $0.identity.name = "refund" }, .wait("4"), .wait("4")]),
        // 3. The parent.
        Case(
            testDescription: "a parent that is none before an inconsistent one", message: noParent,
            updates: [named("1-1", .succeed) { $0.identity.parentID = OperationID("9") }]),
        Case(
            testDescription: "a parent that is none, further on, before an inconsistent type", message: noParent,
            updates: [.wait("2"), .step("4", .start, parent: "9")]),
        // 4. What the row says, field by field.
        Case(
            testDescription: "the type before the sub type", message: "Inconsistent operation type.",
            updates: [
                named("1-1", .succeed) {
                    $0.identity.type = .context
                    $0.identity.subType = "Other"
                }
            ]),
        Case(
            testDescription: "the sub type before the name", message: "Inconsistent operation subtype.",
            updates: [
                named("1-1", .succeed) {
                    $0.identity.subType = "Other"
                    $0.identity.name = "refund"
                }
            ]),
        Case(
            testDescription: "the name before the parent", message: "Inconsistent operation name.",
            updates: [
                named("1-1", .succeed) {
                    $0.identity.name = "refund"
                    $0.identity.parentID = OperationID("3")
                }
            ]),
        Case(
            testDescription: "the parent before a size", message: "Inconsistent parent operation id.",
            updates: [
                named("1-1", .fail) {
                    $0.identity.parentID = OperationID("3")
                    $0.error = long
                }
            ]),
        // 5. Sizes.
        Case(
            testDescription: "a size before an action", message: tooLong,
            updates: [update(.wait("4", .fail)) { $0.error = long }]),
        Case(
            testDescription: "a size before a state", message: tooLong,
            updates: [.step("2", .fail, error: long)]),
        // 6. Actions.
        Case(testDescription: "an action before a state", message: illegal, updates: [.step("2", .cancel)]),
        Case(
            testDescription: "an action before what it forbids", message: illegal,
            updates: [.context("1", .retry, payload: "1", error: ErrorObject(message: "no"))]),
        // 4 to 7 are asked of one update after the other.
        Case(
            testDescription: "a state of the first before a type of the second",
            message: "Invalid current STEP state to close.", updates: [.step("2", .succeed), .wait("1")]),
        Case(
            testDescription: "an action of the first before a size of the second", message: illegal,
            updates: [.wait("4", .retry), .step("5", .fail, error: long)]),
    ]

    @Test(arguments: cases)
    func `an update that breaks two rules is refused for the earlier one`(refused: Case) throws {
        let driver = try Self.driver()
        #expect(CheckpointTests.refusal(driver, refused.updates) == refused.message)
    }

    // MARK: The row before the batch

    /// A step that has failed once and may start again.
    static func ready() throws -> EngineDriver {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([named("1-1", .start) { $0.identity.parentID = nil }])
        try driver.checkpoint([.step("1-1", .retry, error: ErrorObject(message: "no"), delay: 1_000)])
        driver.advance(by: 1_000)
        #expect(driver.execution.operation(OperationID("1-1"))?.status == .ready)
        return driver
    }

    @Test(
        arguments: [
            ([.step("1-1", .succeed, payload: "1")], OperationStatus.succeeded),
            ([.step("1-1", .fail)], .failed), ([.step("1-1", .retry, payload: "1", delay: 1)], .pending),
        ] as [([OperationUpdate], OperationStatus)])
    func `a step that is ready may start and end in one batch, or end without a start`(
        end: [OperationUpdate], status: OperationStatus
    ) throws {
        for updates in [end, [.step("1-1", .start)] + end] {
            let driver = try Self.ready()
            #expect(CheckpointTests.refusal(driver, updates) == nil)
            let row = try #require(driver.execution.operation(OperationID("1-1")))
            #expect(row.status == status)
            if case .step(let attempt, _) = row.details {
                #expect(attempt == 2)
            } else {
                Issue.record("no step: \(row.details)")
            }
        }
    }

    @Test func `the second update of an operation is judged by the row before the batch, and not by the first`() throws
    {
        let renamed = Self.update(.step("1-1", .succeed)) { $0.identity.name = "refund" }
        // The row is there and has another name.
        let ready = try Self.ready()
        #expect(
            CheckpointTests.refusal(ready, [.step("1-1", .start), renamed]) == "Inconsistent operation name.")
        // There is no row yet that it could differ from: the first update's name stays.
        let new = EngineDriver.invoked()
        let start = Self.named("1-1", .start) { $0.identity.parentID = nil }
        #expect(CheckpointTests.refusal(new, [start, renamed]) == nil)
        let row = try #require(new.execution.operation(OperationID("1-1")))
        #expect(row.identity.name == "charge")
        #expect(row.status == .succeeded)
        // A step that waits for its next attempt is not made to run by a START beside the end.
        let pending = EngineDriver.invoked()
        try pending.checkpoint([.step("1", .start), .step("1", .retry, delay: 1_000)])
        #expect(
            CheckpointTests.refusal(pending, [.step("1", .start), .step("1", .succeed)])
                == "Invalid current STEP state to start.")
        #expect(CheckpointTests.refusal(pending, [.step("1", .succeed)]) == "Invalid current STEP state to close.")
    }
}
