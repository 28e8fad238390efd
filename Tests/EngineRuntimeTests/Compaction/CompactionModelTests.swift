import ExecutionEngine
import ExecutionModel
import Foundation
import LogStorage
import Testing

@testable import EngineRuntime

/// Random work, compaction in the middle of it, and trouble: nobody can tell that anything was ever compacted.
///
/// The model is what was seen before: a history only grows, unless it is trimmed or its execution deleted.
/// `INDELIBLE_SEED` gives a seed to run alone.
@Suite(.serialized, .timeLimit(.minutes(10))) struct CompactionModelTests {
    static let seeds: [UInt64] =
        ProcessInfo.processInfo.environment["INDELIBLE_SEED"].flatMap { UInt64($0) }.map { [$0] } ?? Array(1...30)

    @Test(arguments: seeds)
    func `compaction, openings and the loss of caches change nothing that can be seen`(seed: UInt64) async throws {
        var run = try await CompactionRun(seed: seed)
        for _ in 0..<40 { try await run.act() }
        try await run.finish()
    }
}

private struct CompactionRun {
    private let seed: UInt64
    private var random: SplitMix64
    private var rig: CompactingRig
    private var runtime: EngineRuntime
    private var waiting: [ExecutionID] = []
    private var ended: [ExecutionID] = []
    private var held: [ExecutionID: String] = [:]
    private var deleted: Set<ExecutionNumber> = []
    private var nextName = 0
    private var lastLSN: UInt64 = 0

    init(seed: UInt64) async throws {
        self.seed = seed
        random = SplitMix64(seed: seed)
        rig = CompactingRig(disk: SimulatedDisk(seed: seed))
        runtime = try await rig.open()
    }

    mutating func act() async throws {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<30: try await start()
        case 30..<45: try await endOne()
        case 45..<55: try await deleteOne()
        case 55..<60: try await holdOrRelease()
        case 60..<66: try await letTimePass()
        case 66..<76:
            try rig.snapshot(runtime)
            try runtime.evictIdle()
        default: try await trouble()
        }
        #expect(try runtime.accountingViolation() == nil, "seed \(seed)")
    }

    private mutating func start() async throws {
        nextName += 1
        let byteCount = [10, 400, 3_000, 9_000].randomElement(using: &random) ?? 10
        waiting.append(try await rig.waiting(runtime, "n\(nextName)", byteCount: byteCount, &random))
        #expect(waiting.last.map { $0.number.rawValue > lastLSN } ?? false, "seed \(seed): a number is given twice")
        lastLSN = runtime.log.nextLSN.rawValue - 1
    }

    private mutating func endOne() async throws {
        guard let id = waiting.randomElement(using: &random) else { return }
        waiting.removeAll { $0 == id }
        ended.append(id)
        try await rig.end(runtime, id, [UInt8](repeating: 7, count: .random(in: 1...2_000, using: &random)))
    }

    private mutating func deleteOne() async throws {
        guard let id = ended.filter({ held[$0] == nil }).randomElement(using: &random) else { return }
        ended.removeAll { $0 == id }
        deleted.insert(id.number)
        try await runtime.delete(id)
    }

    private mutating func holdOrRelease() async throws {
        if Bool.random(using: &random), let (id, name) = held.min(by: { $0.key.number < $1.key.number }) {
            held[id] = nil
            try await runtime.release(id, from: name)
        } else if let id = ended.randomElement(using: &random), held[id] == nil {
            held[id] = "case"
            try await runtime.hold(id, as: "case")
        }
    }

    private mutating func letTimePass() async throws {
        rig.rig.clock.advance(by: .random(in: 1...4_000, using: &random))
        try await runtime.passTime()
        await runtime.quiet()
    }

    /// Whatever it is, it looks the same afterwards.
    private mutating func trouble() async throws {
        let before = try await Seen(runtime)
        let what = Int.random(in: 0..<12, using: &random)
        switch what {
        case 0..<4:
            for _ in 0..<Int.random(in: 1...8, using: &random) { try runtime.stepMaintenance() }
        case 4..<6: try rig.settle(runtime)
        default: try await reopen(what)
        }
        let difference = try await Seen(runtime).difference(from: before)
        #expect(difference == nil, "seed \(seed), trouble \(what)")
        #expect(deleted.isDisjoint(with: runtime.known), "seed \(seed), trouble \(what): what was deleted is back")
    }

    private mutating func reopen(_ what: Int) async throws {
        if Bool.random(using: &random) { try runtime.stepMaintenance() }
        var disk = rig.disk
        if what % 3 == 0 { disk = disk.crashed(seed: random.next()) }
        if what % 3 == 1 { disk = disk.afterProcessKill() }
        let time = rig.rig.clock.now()
        try await runtime.close(grace: .zero)
        rig = CompactingRig(disk: disk)
        rig.rig.clock.advance(by: time.since(rig.rig.clock.now()).rawValue)
        if what == 8 || what == 9 { try rig.damageNewestManifest() }
        if what >= 9 { try rig.loseTables() }
        runtime = try await rig.open()
    }

    mutating func finish() async throws {
        let before = try await Seen(runtime)
        for what in [6, 9, 11] {
            try rig.settle(runtime)
            try rig.settle(runtime)
            try await reopen(what)
            let difference = try await Seen(runtime).difference(from: before)
            #expect(difference == nil, "seed \(seed), at the end, trouble \(what)")
            #expect(try runtime.accountingViolation() == nil, "seed \(seed), at the end")
        }
        try await runtime.close(grace: .zero)
    }
}
