import ExecutionModel
import Testing

@testable import ExecutionEngine

/// A chained invoke, as the execution that makes it sees it. SPEC.md, "Chained invoke"; its state table is among those of
/// ``OperationTests``.
@Suite struct ChainedInvokeTests {
    static let failure = ErrorObject(
        message: "no", type: "Declined", data: "{\"code\":51}", stackTrace: ["charge", "main"])

    private func row(_ driver: EngineDriver, _ id: String = "1") throws -> Operation {
        try #require(driver.execution.operation(OperationID(id)))
    }

    @Test func `the executions start first, each with its LSN as number, and the events name them`() throws {
        let driver = EngineDriver.invoked()
        let before = UInt64(driver.records.count)
        try driver.checkpoint([
            .step("1", .start), .invoke("2", "charge", input: "7"), .context("3", .start),
            .invoke("3-1", "ship", parent: "3"),
        ])
        #expect(
            driver.kinds.suffix(6) == [
                .executionStartedExtended, .executionStartedExtended, .stepStarted, .chainedInvokeStarted,
                .contextStarted, .chainedInvokeStarted,
            ])
        for (place, (id, ordinal)) in [("2", 1), ("3-1", 3)].enumerated() {
            let child = try #require(driver.state.execution(try driver.child(of: id)))
            #expect(child.number.rawValue == before + UInt64(place) + 1)
            #expect(
                child.start.parent == ParentLink(execution: driver.number, operation: OperationOrdinal(UInt32(ordinal)))
            )
            #expect(child.readiness(at: driver.now) == .runnable)
            #expect(try row(driver, id).details == .chainedInvoke(child: child.id))
        }
    }

    @Test func `the execution's start says what the update and its function say`() throws {
        let driver = EngineDriver()
        driver.register(
            "charge",
            FunctionDirectory.Entry(
                executionTimeout: Milliseconds(5_000), retention: RetentionPolicy(Milliseconds(9))))
        _ = try driver.start(
            ExecutionStart(
                secret: RandomBits(high: 1, low: 1), function: "pay", name: "a", input: nil, tenantID: "shop",
                traceHeader: "Root=1"))
        _ = driver.invoke()
        try driver.checkpoint([
            .invoke("1", "charge", input: "7"),
            .invoke("2", "charge:$LATEST", tenant: "shop-1", trace: "Root=2", timeout: 4_000),
            .invoke("3", "charge", timeout: 6_000),
        ])
        let starts = try ["1", "2", "3"].map { try #require(driver.state.execution(driver.child(of: $0))).start }
        #expect(starts.map(\.function) == ["charge", "charge", "charge"])
        #expect(starts.map(\.version) == ["$LATEST", "$LATEST", "$LATEST"])
        #expect(starts.map(\.input) == [.inline(Array("7".utf8)), nil, nil])
        #expect(starts.map(\.timeout?.rawValue) == [5_000, 4_000, 5_000], "the lesser of the two")
        #expect(starts.map(\.retention) == Array(repeating: RetentionPolicy(Milliseconds(9)), count: 3))
        #expect(starts.map(\.tenantID) == [nil, "shop-1", nil], "a tenant is not inherited")
        #expect(starts.map(\.traceHeader) == ["Root=1", "Root=2", "Root=1"], "a trace goes on")
        #expect(starts.map(\.isPlain) == [false, false, false])
        let secret = driver.execution.start.secret
        #expect(
            starts.map(\.name)
                == ["1", "2", "3"].map { ExecutionStart.chainedName(of: OperationID($0), secret: secret) })
        #expect(Set(starts.map(\.secret)).count == 3)
        let recorded = driver.records.compactMap { record -> ChainedInvokeStart? in
            guard case .chainedInvokeStarted(_, let start) = record.event else { return nil }
            return start
        }
        #expect(recorded.map(\.function) == ["charge", "charge:$LATEST", "charge"], "as the handler named it")
        #expect(recorded.map(\.traceHeader) == [nil, "Root=2", nil])
        #expect(recorded.map(\.input) == starts.map(\.input))
    }

    @Test(
        arguments: [
            (.succeeded, "9", nil, nil), (.succeeded, nil, nil, nil), (.failed, nil, failure, failure),
            (.failed, nil, nil, nil), (.stopped, nil, failure, failure),
            (.stopped, nil, nil, ErrorObject(message: "Execution stopped by user request")),
            (
                .timedOut, nil, nil,
                ErrorObject(message: "CHAINED_INVOKE timed out after 1.500 seconds.", type: "ChainedInvoke.Timeout")
            ),
        ] as [(OperationStatus, String?, ErrorObject?, ErrorObject?)])
    func `the end of the execution is the operation's, with its result or error as it is`(
        status: OperationStatus, result: String?, error: ErrorObject?, recorded: ErrorObject?
    ) throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.invoke("1", "charge", timeout: 1_500)])
        driver.finish(.pending)
        #expect(driver.readiness == .waiting, "an open invoke is worth waiting for")
        try driver.endChild(status, result: result, error: error)
        let row = try row(driver)
        #expect(row.status == status)
        #expect(row.result == result.map { .inline(Array($0.utf8)) })
        #expect(row.error == recorded)
        #expect(row.endTime == driver.now)
        #expect(driver.readiness == .runnable)
        #expect(driver.invoke().last == row)
    }

    @Test func `an end is taken once, from the execution that was started, and only when it has ended`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.invoke("1", "charge"), .invoke("2", "charge"), .step("3", .start)])
        let (first, second) = (try driver.child(of: "1"), try driver.child(of: "2"))
        let count = driver.records.count
        driver.completeParent(of: first)
        #expect(driver.records.count == count, "it goes on")
        let id = try #require(driver.state.execution(second)).id
        let end = ChildEnd(status: .succeeded, result: nil, error: nil, timeout: nil)
        for (ordinal, end) in [
            (0, end), (2, end), (9, end),
            (1, ChildEnd(status: .running)), (1, ChildEnd(status: .paused)), (1, ChildEnd(status: .pausing)),
        ] as [(UInt32, ChildEnd)] {
            #expect(driver.execution.decideChildEnd(OperationOrdinal(ordinal), of: id, end).events.isEmpty)
        }
        try driver.endChild(of: "1", .succeeded)
        let told = driver.records.count
        for _ in 1...2 { driver.completeParent(of: first) }
        #expect(driver.records.count == told)
        #expect(driver.execution.openChildren == [second])
    }

    @Test func `a parent that has ended is not told, and its end does not end the execution`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.invoke("1", "charge")])
        let child = try driver.child(of: "1")
        _ = try driver.stop()
        #expect(driver.state.execution(child)?.status == .running)
        let parent = driver.number
        driver.number = child
        _ = driver.invoke()
        driver.finish(.succeeded(result: nil))
        #expect(driver.execution.endForParent?.parent.execution == parent)
        let count = driver.records.count
        driver.completeParent(of: child)
        #expect(driver.records.count == count)
    }

    @Test func `an invocation in flight gets the end with its next checkpoint`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([.invoke("1", "charge")])
        #expect(!driver.execution.hasUnseenChanges)
        try driver.endChild(.failed, error: Self.failure)
        #expect(driver.execution.hasUnseenChanges)
        let reply = try driver.checkpoint([.step("2", .start)])
        #expect(reply.map(\.status) == [.failed, .started])
        #expect(reply.first?.error == Self.failure)
        driver.finish(.succeeded(result: nil))
        #expect(driver.execution.status == .succeeded)
    }

    @Test func `three executions deep, each end wakes the one above`() throws {
        let driver = EngineDriver.invoked()
        var line = [driver.number]
        for _ in 1...3 {
            try driver.checkpoint([.invoke("1", "nest")])
            driver.finish(.pending)
            driver.number = try driver.child(of: "1")
            line.append(driver.number)
            _ = driver.invoke()
        }
        driver.finish(.succeeded(result: Array("0".utf8)))
        for depth in [2, 1, 0] {
            driver.completeParent(of: line[depth + 1])
            #expect(driver.number == line[depth])
            #expect(driver.readiness == .runnable)
            let rows = driver.invoke()
            #expect(rows.last?.result == .inline(Array("0".utf8)))
            driver.finish(.succeeded(result: Array("0".utf8)))
        }
        #expect(line.allSatisfy { driver.state.execution($0)?.status == .succeeded })
    }

    @Test func `what is passed on and comes back counts for the one that invokes`() throws {
        let driver = EngineDriver.invoked()
        let (operations, bytes) = (driver.execution.meteredOperationCount, driver.execution.meteredByteCount)
        try driver.checkpoint([.invoke("1", "charge", input: "12345")])
        #expect(driver.execution.meteredOperationCount == operations + 1)
        #expect(driver.execution.meteredByteCount == bytes + 5)
        try driver.endChild(.succeeded, result: "678")
        #expect(driver.execution.meteredByteCount == bytes + 8)
    }

    @Test func `a history shows the version for both kinds of function, and a name for durable ones alone`() throws {
        let driver = EngineDriver(unknownTargets: .fail)
        driver.register("charge", FunctionDirectory.Entry(version: "7"))
        driver.register("rate", FunctionDirectory.Entry(isPlain: true))
        _ = try driver.start()
        _ = driver.invoke()
        try driver.checkpoint([
            .invoke("1", "000000000000:function:charge:7", input: "1", tenant: "shop"), .invoke("2", "rate"),
            .invoke("3", "nobody", input: "1"),
        ])
        let charge = try #require(driver.state.execution(driver.child(of: "1")))
        let records = driver.records.filter { $0.execution == driver.number }
        let shown = try HistoryProjection.history(of: records).compactMap { event -> (String?, String?)? in
            guard case .chainedInvokeStarted(let start, let child) = event.details else { return nil }
            return (start.target?.version, child?.description)
        }
        #expect(shown.map(\.0) == ["7", "$LATEST", nil])
        #expect(
            shown.map(\.1) == [
                "arn:indelible:lambda:local:000000000000:function:charge:7/durable-execution/"
                    + "\(charge.start.name)/\(charge.id)", nil, nil,
            ])
    }
}

extension ChildEnd {
    fileprivate init(status: ExecutionStatus) {
        self.init(status: status, result: nil, error: nil, timeout: nil)
    }
}
