import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization
import Testing

@testable import EngineRuntime

/// An engine over tiny segments that are compacted as soon as anything in them is dead, and what anybody can see of its
/// executions.
struct CompactingRig {
    let rig: Rig
    /// Sixteen kilobytes a segment: a few executions.
    static let options: RuntimeOptions = {
        var options = Rig.options
        options.log.segmentSizes = [16 << 10]
        options.log.unforcedWriteDelay = 0
        options.maintenance.idleTime = Milliseconds(0)
        options.maintenance.timerHorizon = Milliseconds(1)
        options.maintenance.longSuspension = Milliseconds(10_000)
        options.maintenance.compaction = .eager
        return options
    }()

    /// The history for 5 s after a success, then its summary.
    static let policy = RetentionPolicy(
        succeeded: .history(Milliseconds(5_000), thenSummary: nil), otherwise: .forever)

    init(disk: SimulatedDisk = SimulatedDisk()) {
        rig = Rig(disk: disk)
    }

    var disk: SimulatedDisk { rig.disk }

    /// Records its input as the result of a step, waits for a callback, and ends with that.
    static let function = FunctionRegistration(name: "order", retention: policy) { invocation in
        let session = invocation.session()
        guard let callback = invocation.row("2") else {
            _ = try? await session.checkpoint([
                OperationUpdate(.step("1"), .succeed, payload: invocation.input),
                OperationUpdate(.callback("2"), .start),
            ])
            return .pending
        }
        guard callback.status == .succeeded, case .inline(let bytes)? = callback.result else {
            guard callback.status == .succeeded, let result = callback.result else { return .pending }
            let number = invocation.execution.number
            return (try? await invocation.runtime.resolve(result, of: number)).map { .succeeded(result: $0) }
        }
        return .succeeded(result: bytes)
    }

    func open(
        options: RuntimeOptions = options, functions: [FunctionRegistration] = [function]
    ) async throws -> EngineRuntime {
        try await rig.open(functions, options: options)
    }

    /// One that waits for its callback, with so many bytes of input that no codec makes smaller.
    func waiting(
        _ runtime: EngineRuntime, _ name: String, byteCount: Int, _ random: inout SplitMix64
    ) async throws -> ExecutionID {
        let input = (0..<byteCount).map { _ in UInt8.random(in: 0...255, using: &random) }
        let id = try await runtime.start(function: "order", name: name, input: input).id
        try await runtime.suspended(id.number)
        return id
    }

    func end(_ runtime: EngineRuntime, _ id: ExecutionID, _ result: [UInt8] = [1]) async throws {
        let callback = try await runtime.about(id.number) { () async throws(RuntimeError) in
            runtime.core.withLock { core in core.engine.update(id.number) { $0.callbackID(OperationOrdinal(1)) } }
        }
        try await runtime.complete(try #require(callback), .succeed(result))
        _ = try await runtime.end(of: id.number)
        await runtime.quiet()
    }

    /// Has everything in the index, and writes an engine snapshot; compacts nothing.
    func snapshot(_ runtime: EngineRuntime) throws {
        try runtime.indexer.catchUp(to: runtime.log.durableLSN)
        let position = runtime.index.position
        runtime.core.withLock { $0.noteIndexed(to: position) }
        try runtime.writeEngineSnapshot()
    }

    /// Writes engine snapshots and compacts until nothing is left to do.
    func settle(_ runtime: EngineRuntime) throws {
        try snapshot(runtime)
        var stepCount = 0
        while try runtime.stepMaintenance() {
            stepCount += 1
            // Each compaction leaves less than there was.
            guard stepCount < 10_000 else {
                Issue.record("the maintenance does not come to an end")
                return
            }
        }
        try runtime.evictIdle()
    }

    /// The files of the log by their suffix, in the order of their names.
    func names(_ suffix: String) throws -> [String] {
        try disk.list("log").filter { $0.hasSuffix(suffix) }.sorted()
    }

    func loseTables() throws {
        for name in try names(".table") { disk.lose("log/" + name) }
    }

    func damageNewestManifest() throws {
        guard let name = try names(".manifest").last, var bytes = disk.contents(of: "log/" + name) else { return }
        bytes[bytes.count / 2] ^= 1
        disk.replace("log/" + name, with: bytes)
    }
}

extension CompactionPolicy {
    /// Compacts whatever has a dead byte, and puts any two rewrite segments together.
    static let eager: CompactionPolicy = {
        var policy = CompactionPolicy()
        policy.liveShareMin = 1
        policy.smallCountMax = 1
        policy.copiedByteCountMax = 30_000
        return policy
    }()
}

/// What anybody can see of an engine's executions, durable.
struct Seen: Equatable {
    struct Execution: Equatable {
        var history: [RecordedEvent]
        var status: ExecutionStatus
        var input: Payload?
        var result: Payload?
        var holds: [String]
        var trimTime: Timestamp?
    }

    var executions: [ExecutionNumber: Execution] = [:]

    init(_ runtime: EngineRuntime) async throws {
        await runtime.quiet()
        for number in runtime.known {
            let summary = try await runtime.summary(number)
            executions[number] = Execution(
                history: try await runtime.history(number), status: summary.status, input: summary.input,
                result: summary.result, holds: summary.holds.map(\.name), trimTime: summary.historyTrimTime)
        }
        try await runtime.durable(before: runtime.log.nextLSN)
    }

    /// The first that differs, and in what.
    func difference(from other: Seen) -> String? {
        for number in Set(executions.keys).union(other.executions.keys).sorted() {
            let (one, two) = (executions[number], other.executions[number])
            if one == two { continue }
            guard let one, let two else { return "\(number) is \(one == nil ? "gone" : "there again")" }
            return one.history == two.history
                ? "\(number) is seen as \(one), and was \(two)"
                : "\(number) has the events \(one.history.map(\.sequence)), and had \(two.history.map(\.sequence))"
        }
        return nil
    }
}
