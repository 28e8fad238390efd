import ExecutionModel
import LogStorage
import Testing

@testable import EngineRuntime

@Suite struct MaintenanceCountsTests {
    @Test func `what the maintenance does is counted, and what the log holds`() async throws {
        let rig = CompactingRig()
        let runtime = try await rig.open()
        var random = SplitMix64(seed: 1)
        var ids: [ExecutionID] = []
        for index in 0..<8 { ids.append(try await rig.waiting(runtime, "n\(index)", byteCount: 3_000, &random)) }
        try rig.snapshot(runtime)
        let before = runtime.maintenanceCounts
        #expect(before.snapshotCount == 1 && before.compactedFileCount == 0 && before.residentCount == 8)
        #expect(before.recordByteCount > 24_000 && before.liveByteCount <= before.recordByteCount)
        for id in ids.prefix(6) {
            try await rig.end(runtime, id)
            try await runtime.delete(id)
        }
        try rig.settle(runtime)
        let after = runtime.maintenanceCounts
        #expect(after.compactedFileCount > 0 && after.copiedByteCount > 0 && after.snapshotCount > 1)
        #expect(after.givenBackByteCount > 10_000 && after.liveByteCount < before.liveByteCount)
        #expect(after.evictedCount == 2 && after.residentCount == 0 && after.loadedCount == 0)
        #expect(after.storedByteCount > 0)
        _ = try await runtime.summary(ids[7].number)
        #expect(runtime.maintenanceCounts.loadedCount == 1 && runtime.maintenanceCounts.residentCount == 1)
        try await runtime.close(grace: .zero)
    }
}
