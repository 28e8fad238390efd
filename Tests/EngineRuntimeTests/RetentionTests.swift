import ExecutionEngine
import ExecutionModel
import LogStorage
import Testing

@testable import EngineRuntime

/// What is kept of ended executions, over openings and losses of power.
@Suite(.timeLimit(.minutes(10))) struct RetentionTests {
    private let rig = Rig()

    /// The history for 5 s, then its summary for 3 s; after a failure the summary for ever.
    private static let policy = RetentionPolicy(
        succeeded: .history(Milliseconds(5_000), thenSummary: Milliseconds(3_000)),
        otherwise: .history(Milliseconds(5_000), thenSummary: nil))

    private static func echo(_ policy: RetentionPolicy = policy) -> FunctionRegistration {
        FunctionRegistration(name: "echo", retention: policy) { .succeeded(result: $0.input) }
    }

    private func ended(_ runtime: EngineRuntime) async throws -> ExecutionID {
        let id = try await runtime.start(function: "echo", name: "a", input: [1]).id
        _ = try await runtime.end(of: id.number)
        await runtime.quiet()
        return id
    }

    @Test func `a history is trimmed, then its summary, each by the timer and over an opening`() async throws {
        var runtime = try await rig.open([Self.echo()])
        let id = try await ended(runtime)
        let end = rig.clock.now()
        #expect(runtime.stepTimers() == end.adding(Milliseconds(5_000)))
        rig.advance(runtime, by: 5_000)
        for isReopened in [false, true] {
            if isReopened {
                try await runtime.close(grace: .zero)
                // Another policy concerns executions that begin later.
                runtime = try await rig.open([Self.echo(.forever)])
            }
            let summary = try await runtime.summary(id.number)
            #expect(summary.historyTrimTime == end.adding(Milliseconds(5_000)))
            #expect(summary.result == .inline([1]) && summary.input == .inline([1]) && summary.endTime == end)
            #expect(summary.retention == Self.policy)
            #expect(runtime.stepTimers() == end.adding(Milliseconds(8_000)))
            #expect(try await runtime.start(function: "echo", name: "a", input: [1]).id == id)
        }
        rig.advance(runtime, by: 3_000)
        #expect(runtime.known.isEmpty)
        try await runtime.close(grace: .zero)
        runtime = try await rig.open()
        #expect(runtime.known.isEmpty)
        try await runtime.close(grace: .zero)
    }

    @Test func `an opening long after drops what is over, and nothing that is held`() async throws {
        var runtime = try await rig.open([Self.echo()])
        let dropped = try await ended(runtime)
        let held = try await runtime.start(function: "echo", name: "b", input: [2]).id
        _ = try await runtime.end(of: held.number)
        try await runtime.hold(held, as: "case-1", reason: "fraud")
        try await runtime.close(grace: .zero)
        rig.clock.advance(by: 1 << 40)
        runtime = try await rig.open([Self.echo()])
        #expect(runtime.stepTimers() == nil)
        #expect(runtime.known == [held.number])
        #expect(try await runtime.summary(held.number).holds.map(\.title) == ["'case-1' (fraud)"])
        let refused = await #expect(throws: RuntimeError.self) { try await runtime.delete(held) }
        #expect(refused?.refusal?.code == .resourceConflict)
        let unknown = await #expect(throws: RuntimeError.self) { try await runtime.hold(dropped, as: "late") }
        guard case .unknownExecution(dropped.number) = unknown else {
            Issue.record("\(String(describing: unknown))")
            return
        }
        try await runtime.release(held, from: "case-1")
        // The end of the hold is what makes it due.
        #expect(runtime.stepTimers() == nil)
        #expect(runtime.known.isEmpty)
        try await runtime.close(grace: .zero)
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `a hold that is acknowledged outlives a loss of power`(seed: UInt64) async throws {
        let runtime = try await rig.open([Self.echo()])
        let id = try await ended(runtime)
        try await runtime.hold(id, as: "case-1")
        let released = Task { try? await runtime.hold(id, as: "case-2") }
        for _ in 0..<seed { await Task.yield() }
        let rest = Rig(disk: rig.disk.crashed(seed: seed))
        await released.value
        try await runtime.close(grace: .zero)
        rest.clock.advance(by: 1 << 30)
        let next = try await rest.open([Self.echo()])
        next.stepTimers()
        let holds = try await next.summary(id.number).holds.map(\.name)
        #expect(holds.first == "case-1" && holds.dropFirst().allSatisfy { $0 == "case-2" }, "seed \(seed)")
        for hold in holds { try await next.release(id, from: hold) }
        next.stepTimers()
        #expect(next.known.isEmpty, "seed \(seed)")
        try await next.close(grace: .zero)
    }

    /// Power loss and the death of the process after every call to the disk, of a whole life.
    @Test func `whenever the process dies, what is held is kept and the rest is trimmed once`() async throws {
        let rig = Rig(disk: SimulatedDisk(seed: 1, recordsCrashPoints: true))
        let runtime = try await rig.open([Self.echo()])
        let id = try await runtime.start(function: "echo", name: "a", input: [1]).id
        _ = try await runtime.end(of: id.number)
        let end = rig.clock.now()
        await runtime.quiet()
        try await runtime.hold(id, as: "case-1")
        let held = rig.disk.operationCount()
        rig.advance(runtime, by: 5_000)
        let releaseAsked = rig.disk.operationCount()
        try await runtime.release(id, from: "case-1")
        let released = rig.disk.operationCount()
        runtime.stepTimers()
        try await runtime.durable(before: runtime.log.nextLSN)
        let trimmed = rig.disk.operationCount()
        rig.advance(runtime, by: 3_000)
        try await runtime.close(grace: .zero)

        var heldCount = 0
        var trimmedCount = 0
        for (index, point) in rig.disk.crashPoints.enumerated() {
            for crash in 0..<3 {
                let disk = crash == 0 ? point.diskAfterProcessKill() : point.disk(seed: UInt64(3 * index + crash))
                let after = Rig(disk: disk)
                after.clock.advance(by: 5_000)
                let count = point.operationCount
                let reopened = try await after.open([Self.echo()])
                await reopened.quiet()
                reopened.stepTimers()
                guard let summary = try? await reopened.summary(id.number) else {
                    // Not yet acknowledged, or over.
                    #expect(count < held || count >= trimmed, "call \(count)")
                    try await reopened.close(grace: .zero)
                    continue
                }
                let isHeld = !summary.holds.isEmpty
                if (held...releaseAsked).contains(count) { #expect(isHeld, "call \(count)") }
                if count >= released { #expect(!isHeld, "call \(count)") }
                // One that had not ended before the crash has a later end, and time.
                let isDue = !isHeld && summary.endTime == end
                #expect((summary.historyTrimTime != nil) == isDue, "call \(count)")
                heldCount += isHeld ? 1 : 0
                trimmedCount += isDue ? 1 : 0
                let history = try await reopened.history(id.number)
                #expect(HistoryRules.violation(in: history) == nil, "call \(count)")
                after.clock.advance(by: 1 << 30)
                reopened.stepTimers()
                if isHeld {
                    #expect(reopened.known == [id.number], "call \(count)")
                    try await reopened.release(id, from: "case-1")
                    reopened.stepTimers()
                }
                #expect(reopened.known.isEmpty, "call \(count)")
                try await reopened.close(grace: .zero)
                let last = try await after.open()
                #expect(last.known.isEmpty, "call \(count)")
                try await last.close(grace: .zero)
            }
        }
        #expect(heldCount > 0 && trimmedCount > 0, "some died in between")
    }

    @Test func `a trim that was not synced comes again`() async throws {
        let runtime = try await rig.open([Self.echo()])
        let id = try await ended(runtime)
        let before = rig.disk.crashed(seed: 1)
        rig.advance(runtime, by: 5_000)
        try await runtime.close(grace: .zero)
        let rest = Rig(disk: before)
        rest.clock.advance(by: 5_000)
        let next = try await rest.open([Self.echo()])
        next.stepTimers()
        let kinds = try await next.kinds(id.number)
        #expect(kinds.count { $0 == .historyTrimmed } == 1)
        try await next.close(grace: .zero)
    }

    @Test func `what is trimmed of a child changes nothing for its parent`() async throws {
        let child = FunctionRegistration(
            name: "echo",
            retention: RetentionPolicy(
                succeeded: .history(Milliseconds(1), thenSummary: nil), otherwise: .forever)
        ) { .succeeded(result: $0.input) }
        let runtime = try await rig.open([.caller("shop", of: "echo"), child])
        let parent = try await runtime.start(function: "shop", input: [1]).id
        _ = try await runtime.end(of: parent.number)
        await runtime.quiet()
        rig.advance(runtime, by: 1)
        let trimmed = try await runtime.list().first { $0.id != parent }
        #expect(trimmed?.historyTrimTime != nil && trimmed?.status == .succeeded)
        #expect(try await runtime.summary(parent.number).status == .succeeded)
        try await runtime.close(grace: .zero)
    }
}
