import ExecutionModel
import Testing

@testable import ExecutionEngine

/// Random commands, legal and not, with the driver's checks after every event: the invariants hold, and what was recorded
/// gives the same state again.
@Suite struct RandomCommandTests {
    @Test(arguments: 1...60)
    func `any commands leave a state that its record gives again`(seed: Int) throws {
        let driver = Self.run(seed)
        #expect(driver.kinds.count > 3, "seed \(seed) did nothing")
        try Self.expectHistory(of: driver, seed)
    }

    @Test func `the random commands reach every kind of event`() {
        let reached = (1...60).reduce(into: Set<EventKind>()) { $0.formUnion(Self.run($1).kinds) }
        #expect(Set(EventKind.allCases).subtracting(reached).isEmpty)
    }

    static let policies: [RetentionPolicy] = [
        .forever, RetentionPolicy(Milliseconds(900)),
        RetentionPolicy(
            succeeded: .history(Milliseconds(900), thenSummary: Milliseconds(500)),
            otherwise: .history(Milliseconds(300), thenSummary: nil)),
        RetentionPolicy(succeeded: .forever, otherwise: .history(Milliseconds(900), thenSummary: Milliseconds(500))),
    ]

    static func run(_ seed: Int) -> EngineDriver {
        var random = SplitMix64(state: UInt64(seed))
        let timeout = Int.random(in: 0..<4, using: &random) == 0 ? Milliseconds(30_000) : nil
        let driver = EngineDriver()
        driver.register("child")
        driver.register(
            "plain", FunctionDirectory.Entry(version: "2", isPlain: true, retention: RetentionPolicy(Milliseconds(900)))
        )
        do {
            let start = ExecutionStart(
                secret: RandomBits(high: 7, low: 7), function: "pay", name: "order-1", input: nil, timeout: timeout,
                retention: policies.randomElement(using: &random) ?? .forever)
            _ = try driver.start(start)
        } catch {
            Issue.record(error)
        }
        let number = driver.number
        for _ in 0..<400 {
            if Int.random(in: 0..<4, using: &random) == 0 {
                driver.advance(by: .random(in: 0...800, using: &random))
            }
            let before = driver.records.count
            do {
                try command(driver, &random)
            } catch {
                #expect(driver.records.count == before, "seed \(seed): a refusal records nothing")
                #expect(!error.message.isEmpty)
            }
            driver.number = number
            if driver.execution.status.isTerminal && !driver.execution.isInFlight { break }
        }
        if driver.execution.status.isTerminal { finish(driver, seed, &random) }
        return driver
    }

    /// What comes after the end.
    static func finish(_ driver: EngineDriver, _ seed: Int, _ random: inout SplitMix64) {
        do {
            // Now and then somebody holds it, and what would have been trimmed meanwhile is still there.
            if Int.random(in: 0..<3, using: &random) == 0 { try driver.hold("late") }
            driver.advance(by: .random(in: 0...1_000, using: &random))
            if let execution = driver.state.execution(driver.number), !execution.retentionHolds.isEmpty {
                driver.advance(by: .random(in: 0...1_000, using: &random))
                #expect(driver.execution.sequence == execution.sequence, "seed \(seed): what is held is trimmed")
                #expect(throws: EngineError.self) { try driver.delete() }
                for hold in execution.retentionHolds { try driver.release(hold.name) }
            }
            driver.advance(by: 1_400)
            if let execution = driver.state.execution(driver.number) {
                #expect(execution.retentionDue == nil, "seed \(seed): it is due and kept")
                try driver.delete()
            }
        } catch {
            Issue.record(error)
        }
        #expect(driver.state.execution(driver.number) == nil)
    }

    /// A history counts every visible event once and in order, and the projection of a half is half of the projection.
    static func expectHistory(of driver: EngineDriver, _ seed: Int) throws {
        let records = driver.records.filter { $0.execution == driver.number }
        var projection = HistoryProjection()
        let history = try records.compactMap { try projection.project($0) }
        #expect(history.map(\.eventID) == (1...UInt32(history.count)).map { $0 }, "seed \(seed)")
        projection = HistoryProjection(includesInternal: true)
        let whole = try records.compactMap { try projection.project($0) }
        #expect(whole.map(\.sequence) == records.map(\.sequence), "seed \(seed)")
        #expect(whole.filter { !$0.isInternal } == history, "seed \(seed)")
        #expect(whole.map(\.isInternal) == records.map(\.event.eventKind.isInternal), "seed \(seed)")
        // Trimmed, it is what is left of the same.
        let isTrimmed = HistoryTrim(of: records) != nil
        let left = isTrimmed ? Set(HistoryTrim.kept(of: records).map(\.sequence)) : Set(records.map(\.sequence))
        let shown = try HistoryProjection.history(of: records)
        #expect(shown == history.filter { left.contains($0.sequence) }, "seed \(seed)")
    }

    static func command(_ driver: EngineDriver, _ random: inout SplitMix64) throws(EngineError) {
        let ordinal = UInt32.random(in: 0...UInt32(driver.execution.operationCount), using: &random)
        switch Int.random(in: 0..<119, using: &random) {
        case 0..<55:
            try driver.checkpoint(
                (0..<Int.random(in: 0...3, using: &random)).map { _ in Self.update(driver, &random) })
        case 55..<70: try driver.answer(ordinal, .heartbeat)
        case 70..<75: try driver.answer(ordinal, .succeed([1]))
        case 75..<80: try driver.answer(ordinal, .fail(nil))
        case 80..<99:
            switch driver.readiness {
            case .runnable, .held: _ = driver.invoke()
            case .inFlight, .ended: driver.finish(Self.outcome(&random))
            case .waiting: driver.fireTimers()
            case .paused: try driver.resume()
            }
        case 99..<102: try driver.pause(PauseRequest(pausesTimeout: .random(using: &random)))
        case 102..<105: try driver.resume(reason: "go on")
        case 105..<106: try driver.cancel(reason: "enough")
        case 106..<114: try endChild(driver, &random)
        case 114..<116: try driver.hold(["a", "b"].randomElement(using: &random) ?? "a")
        case 116..<118: try driver.release(["a", "b"].randomElement(using: &random) ?? "a", reason: "settled")
        default:
            if Int.random(in: 0..<8, using: &random) == 0 { _ = try driver.stop() }
        }
    }

    static func endChild(_ driver: EngineDriver, _ random: inout SplitMix64) throws(EngineError) {
        guard let child = driver.execution.openChildren.randomElement(using: &random) else { return }
        driver.number = child
        switch Int.random(in: 0..<5, using: &random) {
        case 0: _ = try driver.stop()
        case 1:
            // To its end, and no further: it is kept until its parent has been told.
            driver.now = max(driver.now, driver.execution.executionDue ?? driver.now)
            driver.fireTimers()
        case _ where driver.readiness != .runnable:
            // Its time was up before it began.
            driver.fireTimers()
        default:
            _ = driver.invoke()
            driver.finish(Bool.random(using: &random) ? .succeeded(result: [3]) : .failed(nil))
        }
        driver.completeParent(of: child)
    }

    static func update(_ driver: EngineDriver, _ random: inout SplitMix64) -> OperationUpdate {
        let operations = driver.execution.operations
        let isNew = operations.isEmpty || Bool.random(using: &random)
        let contexts = operations.filter { $0.identity.type == .context }
        let type =
            [OperationType.context, .step, .step, .wait, .callback, .chainedInvoke].randomElement(using: &random)
            ?? .step
        var identity = OperationIdentity(
            id: OperationID("\(Int.random(in: 0..<500, using: &random))"),
            parentID: Bool.random(using: &random) ? contexts.randomElement(using: &random)?.identity.id : nil,
            type: type, subType: [nil, "Step", "Mine"].randomElement(using: &random) ?? nil,
            name: [nil, "a"].randomElement(using: &random) ?? nil)
        if !isNew, let known = operations.randomElement(using: &random) { identity = known.identity }
        var actions: [OperationAction] = isNew ? [.start] : [.succeed, .fail, .retry, .start, .cancel]
        if Int.random(in: 0..<10, using: &random) == 0 { actions = OperationAction.allCases }
        if Int.random(in: 0..<200, using: &random) == 0 { return .execution(.succeed) }
        var update = OperationUpdate(identity, actions.randomElement(using: &random) ?? .start)
        if Int.random(in: 0..<3, using: &random) == 0 { update.payload = [1, 2] }
        if update.payload == nil && update.action != .succeed && Bool.random(using: &random) {
            update.error = ErrorObject(message: "no")
        }
        let delay = Milliseconds(.random(in: 1...2_000, using: &random))
        switch identity.type {
        case .step: if update.action == .retry { update.options = .step(nextAttemptDelay: delay) }
        case .wait: if update.action == .start { update.options = .wait(duration: delay) }
        case .callback: update.options = .callback(timeout: delay, heartbeatTimeout: Milliseconds(delay.rawValue / 2))
        case .context: update.options = .context(replayChildren: Bool.random(using: &random))
        case .chainedInvoke:
            let function = ["child", "plain", "nobody", "nobody:live", "a b"].randomElement(using: &random) ?? "child"
            update.options = .chainedInvoke(function: function, timeout: delay)
            update.payload = [4]
        case .execution: break
        }
        return update
    }

    static func outcome(_ random: inout SplitMix64) -> InvocationOutcome {
        let divergence = Divergence(
            recorded: nil, attempted: OperationIdentity(id: OperationID("1"), type: .step, name: "a"))
        switch Int.random(in: 0..<40, using: &random) {
        case 0: return .succeeded(result: [1])
        case 1: return .failed(nil)
        case 2..<8: return .crashed(ErrorObject(type: "Handler.Timeout"))
        case 8..<14: return .interrupted
        case 14..<18: return .held(divergence)
        default: return .pending
        }
    }
}

/// A generator with a seed, so that a failure can be had again.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
