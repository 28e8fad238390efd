import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization
import Testing

@testable import EngineRuntime

/// The power goes, or the process, at every call to the disk that a compaction makes, those of the manifests and of the removal
/// of files included.
@Suite(.timeLimit(.minutes(10))) struct CompactionCrashTests {
    /// What of the caches is gone too.
    enum Loss: CaseIterable {
        case nothing, tables, newestManifest, newestManifestAndTables
    }

    @Test(arguments: Loss.allCases)
    func `wherever a compaction is cut, everything is there once, and what was deleted stays gone`(
        loss: Loss
    ) async throws {
        let rig = CompactingRig(disk: SimulatedDisk(seed: 4, recordsCrashPoints: true))
        let runtime = try await rig.open()
        let gone = try await fill(runtime, rig)
        let expected = try await Seen(runtime)
        // A manifest before the compaction, and the one before that.
        try rig.snapshot(runtime)
        let start = rig.disk.operationCount()
        try rig.settle(runtime)
        // Those that let the files go.
        for _ in 0..<2 { try runtime.replaceTables(by: runtime.index.content.withLock { $0.runs }) }
        let time = rig.rig.clock.now()
        let end = rig.disk.operationCount()
        try await runtime.close(grace: .zero)

        var count = 0
        for (index, point) in rig.disk.crashPoints.enumerated() where (start...end).contains(point.operationCount) {
            let isKill = index % 3 == 0
            let disk = isKill ? point.diskAfterProcessKill() : point.disk(seed: UInt64(index))
            let after = CompactingRig(disk: disk)
            after.rig.clock.advance(by: time.since(after.rig.clock.now()).rawValue)
            if loss == .newestManifest || loss == .newestManifestAndTables { try after.damageNewestManifest() }
            if loss == .tables || loss == .newestManifestAndTables { try after.loseTables() }
            let reopened = try await after.open()
            let difference = try await Seen(reopened).difference(from: expected)
            #expect(difference == nil, "call \(point.operationCount), \(point.operation)")
            #expect(gone.isDisjoint(with: reopened.known), "call \(point.operationCount)")
            #expect(try reopened.accountingViolation() == nil, "call \(point.operationCount)")
            // And it goes on from there.
            if index % 4 == 0 {
                try after.settle(reopened)
                let difference = try await Seen(reopened).difference(from: expected)
                #expect(difference == nil, "after another compaction, call \(point.operationCount)")
            }
            try await reopened.close(grace: .zero)
            count += 1
        }
        #expect(count > 40, "the compaction makes few calls: \(count)")
    }

    /// Executions that wait, have ended, were trimmed and were deleted, each in a segment or over several.
    private func fill(_ runtime: EngineRuntime, _ rig: CompactingRig) async throws -> Set<ExecutionNumber> {
        var random = SplitMix64(seed: 8)
        var ids: [ExecutionID] = []
        for index in 0..<9 {
            ids.append(try await rig.waiting(runtime, "n\(index)", byteCount: 2_000, &random))
            if index == 4 { try rig.snapshot(runtime) }
        }
        for id in ids.prefix(3) { try await rig.end(runtime, id, [UInt8](repeating: 1, count: 3_000)) }
        rig.rig.clock.advance(by: 6_000)
        for id in ids.prefix(3) {
            while try await runtime.summary(id.number).historyTrimTime == nil { try await runtime.passTime() }
        }
        for id in ids[3..<7] { try await rig.end(runtime, id, [UInt8](repeating: 1, count: 3_000)) }
        _ = try await rig.waiting(runtime, "between", byteCount: 6_000, &random)
        for id in ids[3..<6] { try await runtime.delete(id) }
        _ = try await rig.waiting(runtime, "last", byteCount: 6_000, &random)
        try rig.snapshot(runtime)
        return Set(ids[3..<6].map(\.number))
    }
}
