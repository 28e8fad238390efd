import ExecutionModel
import Testing

@testable import ExecutionEngine

@Suite struct CheckpointTests {
    static let identity = OperationIdentity(
        id: OperationID("1-1"), parentID: OperationID("1"), type: .step, subType: "Step", name: "charge")

    static func update(_ action: OperationAction, _ change: (inout OperationIdentity) -> Void) -> OperationUpdate {
        var identity = identity
        change(&identity)
        return OperationUpdate(identity, action)
    }

    static func refusal(_ driver: EngineDriver, _ updates: [OperationUpdate]) -> String? {
        let count = driver.records.count
        do {
            try driver.checkpoint(updates)
            return nil
        } catch {
            #expect(driver.records.count == count, "a refused batch records nothing")
            return error.message
        }
    }

    @Test func `a token is good for one checkpoint`() throws {
        let driver = EngineDriver.invoked()
        let first = try #require(driver.execution.currentToken)
        try driver.checkpoint([.step("1", .start)], token: first)
        #expect(throws: EngineError.invalidCheckpointToken) { try driver.checkpoint([], token: first) }
        let second = try #require(driver.execution.currentToken)
        try driver.checkpoint([], token: second)
        #expect(driver.execution.currentToken != second, "an empty checkpoint takes its token too")
    }

    @Test func `a refused checkpoint leaves its token good`() throws {
        let driver = EngineDriver.invoked()
        let token = try #require(driver.execution.currentToken)
        #expect(Self.refusal(driver, [.wait("1", .succeed)]) != nil)
        try driver.checkpoint([], token: token)
    }

    @Test func `a token of another invocation, or one made up, is refused`() throws {
        let driver = EngineDriver.invoked()
        let token = try #require(driver.execution.currentToken)
        var forged = token
        forged.check = driver.execution.id.check
        #expect(throws: EngineError.invalidCheckpointToken) { try driver.checkpoint([], token: forged) }
        driver.finish(.interrupted)
        #expect(throws: EngineError.invalidCheckpointToken) { try driver.checkpoint([], token: token) }
        _ = driver.invoke()
        #expect(throws: EngineError.invalidCheckpointToken) { try driver.checkpoint([], token: token) }
        // The names of the new invocation do not help who has but the old one's check.
        forged = token
        forged.invocation += 1
        #expect(throws: EngineError.invalidCheckpointToken) { try driver.checkpoint([], token: forged) }
        #expect(EngineError.invalidCheckpointToken.message == "Invalid checkpoint token")
    }

    @Test func `no checkpoint follows the execution's end`() throws {
        let driver = EngineDriver.invoked()
        let token = try #require(driver.execution.currentToken)
        try driver.checkpoint([.step("1", .start), .execution(.succeed, payload: "9")])
        #expect(driver.execution.currentToken == nil)
        #expect(driver.execution.status == .succeeded)
        #expect(driver.effects == [.executionEnded])
        #expect(throws: EngineError.invalidCheckpointToken) { try driver.checkpoint([], token: token) }
        // The invocation's own end still comes, and its outcome is ignored.
        driver.finish(.failed(nil))
        #expect(driver.kinds.suffix(2) == [.executionSucceeded, .invocationCompleted])
        #expect(driver.execution.status == .succeeded)
    }

    @Test(
        arguments: [
            ([.execution(.succeed), .execution(.fail)], "Cannot checkpoint multiple EXECUTION updates."),
            ([.execution(.succeed), .step("1", .start)], "EXECUTION checkpoint must be the last update."),
            ([.wait("1"), .wait("1")], "Cannot checkpoint multiple operations with the same ID."),
            ([.wait("1"), .wait("1", .cancel)], "Cannot checkpoint multiple operations with the same ID."),
            ([.step("1", .succeed), .step("1", .start)], "Cannot checkpoint multiple operations with the same ID."),
            ([.step("1", .start), .step("1", .start)], "Cannot checkpoint multiple operations with the same ID."),
            ([.step("1", .start), .context("1", .fail)], "Cannot checkpoint multiple operations with the same ID."),
            (
                [.step("1", .start), .step("1", .retry, delay: 1), .step("1", .succeed)],
                "Cannot checkpoint multiple operations with the same ID."
            ),
            ([.step("1", .start, parent: "0")], "Invalid parent operation id."),
            ([.step("0", .start), .step("1", .start, parent: "0")], "Invalid parent operation id."),
            ([.step("1", .start, parent: "0"), .context("0", .start)], "Invalid parent operation id."),
            // What spans the batch is judged before any update is.
            (
                [.wait("0", .succeed), .wait("1"), .wait("1")],
                "Cannot checkpoint multiple operations with the same ID."
            ),
            ([.step("1 2", .start)], "Invalid operation id: 1 to 64 characters of [a-zA-Z0-9-_]."),
            ([.step("", .start)], "Invalid operation id: 1 to 64 characters of [a-zA-Z0-9-_]."),
            (
                [.step(String(repeating: "1", count: 65), .start)],
                "Invalid operation id: 1 to 64 characters of [a-zA-Z0-9-_]."
            ),
        ] as [([OperationUpdate], String)])
    func `a batch is refused as a whole`(updates: [OperationUpdate], message: String) {
        #expect(Self.refusal(.invoked(), updates) == message)
    }

    @Test(
        arguments: [
            (Self.update(.succeed) { $0.type = .context }, "Inconsistent operation type."),
            (Self.update(.succeed) { $0.subType = "Other" }, "Inconsistent operation subtype."),
            (Self.update(.succeed) { $0.name = "refund" }, "Inconsistent operation name."),
            (Self.update(.succeed) { $0.parentID = OperationID("2") }, "Inconsistent parent operation id."),
            (Self.update(.succeed) { $0.name = "é" }, "Invalid operation name: 1 to 256 printable ASCII characters."),
            (Self.update(.succeed) { $0.name = "" }, "Invalid operation name: 1 to 256 printable ASCII characters."),
            (
                Self.update(.succeed) { $0.subType = "a b" },
                "Invalid operation subtype: 1 to 32 characters of [a-zA-Z0-9-_]."
            ),
        ])
    func `an update agrees with its row`(update: OperationUpdate, message: String) throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.context("1", .start), .context("2", .start), OperationUpdate(Self.identity, .start)])
        #expect(Self.refusal(driver, [update]) == message)
    }

    @Test func `an update may leave out what its row has`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.context("1", .start), OperationUpdate(Self.identity, .start)])
        try driver.checkpoint([Self.update(.succeed) { ($0.subType, $0.name, $0.parentID) = (nil, nil, nil) }])
        let row = try #require(driver.execution.operation(OperationID("1-1")))
        #expect(row.identity == Self.identity)
        #expect(row.status == .succeeded)
    }

    @Test func `a parent may begin in the batch and may have ended before it`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.context("1", .start), .step("1-1", .start, parent: "1"), .context("1", .succeed)])
        try driver.checkpoint([.step("1-2", .start, parent: "1")])
        #expect(driver.execution.operation(OperationID("1-2"))?.identity.parentID == OperationID("1"))
    }

    @Test func `a long batch finds its operations as a short one does`() throws {
        let driver = EngineDriver.invoked()
        var updates: [OperationUpdate] = [.context("1", .start)]
        for index in 1...200 {
            updates.append(.step("1-\(index)", .start, parent: "1"))
            updates.append(.step("1-\(index)", .succeed, parent: "1", payload: "\(index)"))
        }
        #expect(Self.refusal(driver, updates + [.step("1-7", .fail)]) != nil)
        let reply = try driver.checkpoint(updates)
        #expect(reply.count == 201)
        #expect(reply.dropFirst().allSatisfy { $0.status == .succeeded && $0.identity.parentID == OperationID("1") })
    }

    @Test func `a reply tells what changed since the last, whoever changed it`() throws {
        let driver = EngineDriver.invoked()
        func ids(_ operations: [Operation]) -> [String] { operations.map(\.identity.id.rawValue) }
        #expect(ids(try driver.checkpoint([.wait("1"), .callback("2"), .step("3", .start)])) == ["1", "2", "3"])
        #expect(ids(try driver.checkpoint([])) == [])
        try driver.answer(1, .succeed(Array("1".utf8)))
        #expect(ids(try driver.checkpoint([.step("3", .succeed)])) == ["2", "3"])
        // What is due is completed with the checkpoint, although no timer has fired.
        driver.now = driver.now.adding(Milliseconds(1_000))
        let reply = try driver.checkpoint([])
        #expect(ids(reply) == ["1"])
        #expect(reply.first?.status == .succeeded)
    }

    @Test func `a checkpoint completes some of what is due, and the next the rest`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint((1...12).map { .wait("\($0)") })
        driver.now = driver.now.adding(Milliseconds(1_000))
        #expect(try driver.checkpoint([.step("13", .start)]).count == 9)
        #expect(try driver.checkpoint([]).count == 4)
        #expect(driver.execution.operations.dropLast().allSatisfy { $0.status == .succeeded })
    }

    @Test func `a wait that is cancelled when it is due is cancelled alone`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.wait("1"), .wait("2")])
        driver.now = driver.now.adding(Milliseconds(1_000))
        try driver.checkpoint([.wait("1", .cancel)])
        #expect(driver.execution.operations.map(\.status) == [.cancelled, .succeeded])
    }

    @Test func `an invocation starts with all but what lies in closed contexts`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([
            .context("1", .start), .step("1-1", .start, parent: "1"), .context("1-2", .start, parent: "1"),
            .step("1-2-1", .start, parent: "1-2"), .context("1", .succeed),
            .context("2", .start), .step("2-1", .start, parent: "2"), .context("2", .succeed, replayChildren: true),
            .context("3", .start), .context("3-1", .start, parent: "3"), .step("3-1-1", .start, parent: "3-1"),
            .context("3-1", .fail), .wait("4"),
        ])
        driver.finish(.pending)
        driver.advance(by: 1_000)
        let operations = driver.invoke()
        #expect(operations.map(\.identity.id.rawValue).dropFirst() == ["1", "2", "2-1", "3", "3-1", "4"])
        let execution = try #require(operations.first)
        #expect(execution.identity.type == .execution)
        #expect(execution.identity.id.rawValue == driver.execution.id.description)
        #expect(execution.details == .execution(input: .inline(Array("{}".utf8)), cancelRequest: nil))
        #expect(try driver.checkpoint([]).isEmpty, "an invocation's start tells everything")
    }
}
