import ExecutionEngine
import ExecutionModel
import LogStorage
import Testing

@testable import EngineRuntime

/// The end of an execution and its completion in the one that waits are two appends: between them anything may happen.
@Suite(.timeLimit(.minutes(10))) struct ChainingCrashTests {
    /// The kinds that a disk's log holds, by execution, read without an engine.
    private func record(of disk: SimulatedDisk) throws -> [UInt64: [UInt8]] {
        var kinds: [UInt64: [UInt8]] = [:]
        let log = try SegmentedLog.open(
            at: "log", options: Rig.options.log, fileSystem: disk, clock: LogTime(clock: ManualClock()), seed: 1,
            waitForLock: false, recovered: { kinds[$0.execution, default: []].append($0.kind) })
        try log.close()
        return kinds
    }

    private func count(_ kind: EventKind, _ kinds: [UInt8]?) -> Int {
        kinds?.count { $0 == kind.rawValue } ?? 0
    }

    /// Power loss and the death of the process after every call to the disk, of a whole run.
    @Test(arguments: [false, true])
    func `whenever the process dies, the child's end reaches the parent once`(isPlain: Bool) async throws {
        let functions = [FunctionRegistration.caller(of: "charge"), .adder(isPlain: isPlain)]
        let rig = Rig(disk: SimulatedDisk(seed: 1, recordsCrashPoints: true))
        let runtime = try await rig.open(functions)
        let parent = try await runtime.start(function: "pay", name: "a", input: [7]).id.number
        _ = try await runtime.end(of: parent)
        await runtime.quiet()
        try await runtime.close(grace: .zero)

        var owed = 0
        for (index, point) in rig.disk.crashPoints.enumerated() {
            for crash in 0..<3 {
                let disk = { () -> SimulatedDisk in
                    crash == 0 ? point.diskAfterProcessKill() : point.disk(seed: UInt64(3 * index + crash))
                }
                let before = try record(of: disk())
                guard let known = before[parent.rawValue] else { continue }
                let child = before.first { $0.key != parent.rawValue }
                if count(.executionSucceeded, child?.value) == 1, count(.chainedInvokeSucceeded, known) == 0 {
                    owed += 1
                }
                let after = Rig(disk: disk())
                let reopened = try await after.open(functions)
                let result = try await reopened.end(of: parent).result
                #expect(result == .inline([7, 1]), "call \(point.operationCount)")
                await reopened.quiet()
                let kinds = try await reopened.kinds(parent)
                #expect(kinds.count { $0 == .chainedInvokeStarted } == 1, "call \(point.operationCount)")
                #expect(kinds.count { $0 == .chainedInvokeSucceeded } == 1, "call \(point.operationCount)")
                #expect(try await reopened.list().count == (isPlain ? 1 : 2))
                try await reopened.close(grace: .zero)
                let end = try record(of: after.disk)
                #expect(end.count == 2)
                let kept = end.first { $0.key != parent.rawValue }?.value
                #expect(count(.executionSucceeded, kept) == 1)
                #expect(count(.executionDeleted, kept) == (isPlain ? 1 : 0))
            }
        }
        #expect(owed > 0, "some of them died in between")
    }

    /// A child whose result the disk has room for once, and not twice.
    private func owed(_ rig: Rig, retention: RetentionPolicy = .forever) async throws -> (
        EngineRuntime, ExecutionID, ExecutionID
    ) {
        let big = FunctionRegistration.patient("charge", rig.calls, retention: retention) { _ in
            .succeeded(result: [UInt8](repeating: 1, count: 1 << 20))
        }
        let runtime = try await rig.open([.caller(of: "charge"), big])
        let parent = try await runtime.start(function: "pay", input: [7]).id
        let child = try await runtime.child(of: parent.number)
        await rig.calls.wait("charge invoked")
        try await runtime.suspended(parent.number)
        // A segment for the result, the next spare, and not another that is as long.
        rig.disk.capacity = rig.disk.usedByteCount + (1 << 20) + (384 << 10)
        rig.calls.note("charge go")
        try await runtime.summary(child.number) { $0.status == .succeeded }
        await runtime.quiet()
        return (runtime, parent, child)
    }

    @Test func `a parent that a full disk has no room for is told when there is`() async throws {
        let rig = Rig()
        let (runtime, parent, child) = try await owed(rig)
        #expect(try await runtime.summary(parent.number).standing == .suspended(nextDue: nil))
        rig.advance(runtime, by: 1_000)
        await runtime.quiet()
        #expect(try await runtime.summary(parent.number).status == .running, "the disk is full as before")
        let refusal = await #expect(throws: RuntimeError.self) { try await runtime.delete(child) }
        #expect(
            refusal?.refusal
                == EngineError(
                    .resourceConflict,
                    "The execution that invoked this one does not have its result yet: delete it a moment later."))
        rig.disk.capacity = .max
        try await rig.advance(runtime, untilEndOf: parent.number)
        #expect(try await runtime.end(of: parent.number).result?.length == 1 << 20)
        #expect(try await runtime.kinds(parent.number).count { $0 == .chainedInvokeSucceeded } == 1)
        try await runtime.delete(child)
        try await runtime.close(grace: .zero)
    }

    @Test func `a parent that was never told is told by the next opening`() async throws {
        let rig = Rig()
        let (runtime, parent, _) = try await owed(rig)
        let after = Rig(disk: rig.disk.crashed(seed: 2))
        after.disk.capacity = .max
        let reopened = try await after.open([.caller(of: "charge")])
        #expect(try await reopened.end(of: parent.number).result?.length == 1 << 20)
        #expect(try await reopened.kinds(parent.number).count { $0 == .chainedInvokeSucceeded } == 1)
        try await reopened.close(grace: .zero)
        try await runtime.close(grace: .zero)
    }

    @Test(arguments: [Milliseconds(0), nil])
    func `an execution is kept beyond its retention until the one that waits for it knows its end`(
        summary: Milliseconds?
    ) async throws {
        let rig = Rig()
        let retention = RetentionPolicy(succeeded: .history(Milliseconds(1), thenSummary: summary), otherwise: .forever)
        let (runtime, parent, child) = try await owed(rig, retention: retention)
        for _ in 1...3 {
            rig.advance(runtime, by: 1_000)
            await runtime.quiet()
            let child = try await runtime.summary(child.number)
            #expect(child.status == .succeeded && child.historyTrimTime == nil)
        }
        rig.disk.capacity = .max
        try await rig.advance(runtime, untilEndOf: parent.number)
        #expect(try await runtime.end(of: parent.number).result?.length == 1 << 20)
        rig.advance(runtime, by: 1_000)
        guard summary != nil else {
            #expect(try await runtime.summary(child.number).historyTrimTime != nil)
            return try await runtime.close(grace: .zero)
        }
        let gone = await #expect(throws: RuntimeError.self) { try await runtime.summary(child.number) }
        guard case .unknownExecution(child.number) = gone else {
            Issue.record("\(String(describing: gone))")
            return
        }
        try await runtime.close(grace: .zero)
    }

    /// The limits of an embedded engine, and its segments, in small.
    static let small: RuntimeOptions = {
        var options = RuntimeOptions()
        options.log.segmentSizes = [16 << 10]
        options.limits.payloadLengthMax = 60 << 10
        options.limits.chainedPayloadLengthMax = 60 << 10
        options.limits.errorLengthMax = 4 << 10
        options.limits.callbackResultLengthMax = 60 << 10
        options.limits.checkpointLengthMax = 96 << 10
        return options
    }()

    /// Updates that two records hold each; and with them, what the execution hands down.
    @Test(arguments: [false, true])
    func `a chained invoke that a full disk has no room for fails nothing`(isInherited: Bool) async throws {
        let rig = Rig()
        let updates =
            isInherited
            ? (0..<10).map { OperationUpdate.invoke("\($0)", "charge") }
            : [.invoke("1", "charge", input: [UInt8](repeating: 1, count: Self.small.limits.chainedPayloadLengthMax))]
        let function = FunctionRegistration(name: "pay") { [disk = rig.disk, calls = rig.calls] invocation in
            disk.capacity = disk.usedByteCount
            let error = await #expect(throws: RuntimeError.self) {
                try await invocation.runtime.checkpoint(invocation.token, updates)
            }
            disk.capacity = .max
            if case .log(.noRoom) = error { calls.note("refused") }
            return .succeeded(result: nil)
        }
        let runtime = try await rig.open([function], options: Self.small)
        let trace = String(repeating: "t", count: isInherited ? Limits.traceHeaderLengthMax : 1)
        let number = try await runtime.start(function: "pay", input: nil, traceHeader: trace).id.number
        #expect(try await runtime.end(of: number).status == .succeeded)
        #expect(rig.calls.count("refused") == 1)
        #expect(runtime.known == [number])
        try await runtime.close(grace: .zero)
    }

    @Test func `what a chained invoke may pass on fits an append`() async throws {
        let rig = Rig()
        let longest = [UInt8](repeating: 1, count: Self.small.limits.chainedPayloadLengthMax)
        let runtime = try await rig.open([.caller(of: "charge"), .adder("charge")], options: Self.small)
        let number = try await runtime.start(function: "pay", input: longest).id.number
        let error = try await runtime.end(of: number).error
        // Its result is one byte longer.
        #expect(error?.type == "InvalidParameterValueException")
        #expect(try await runtime.summary(try await runtime.child(of: number).number).input?.length == longest.count)
        try await runtime.close(grace: .zero)
    }
}
