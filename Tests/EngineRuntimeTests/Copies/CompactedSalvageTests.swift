import ExecutionModel
import LogStorage
import Testing

@testable import EngineRuntime

/// Compacted logs are damaged and salvaged: what compaction has dropped is not missing, what it has copied is there, and what
/// was deleted stays gone.
@Suite(.timeLimit(.minutes(10))) struct CompactedSalvageTests {
    private static func salvage(_ disk: SimulatedDisk) throws(SalvageError) -> SalvageReport {
        try LogSalvage(of: "log", to: "new", options: CompactingRig.options.log, fileSystem: disk).run(
            now: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000), seed: 3)
    }

    /// A log that nobody has open, and what was seen of it.
    private static func make(_ seed: UInt64) async throws -> (log: CompactedLog, disk: SimulatedDisk, expected: Seen) {
        var log = try await CompactedLog(seed: seed)
        for _ in 0..<2 { try await log.goOn() }
        let expected = try await Seen(log.runtime)
        let manifest = try #require(log.runtime.files.newest)
        #expect(manifest.appendSegments[0].number > 1 && !manifest.rewriteSegments.isEmpty)
        #expect(expected.executions.values.contains { $0.trimTime != nil })
        let disk = log.rig.disk.afterProcessKill()
        try await log.runtime.close(grace: .zero)
        return (log, disk, expected)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `an intact compacted log is salvaged whole, with summaries, histories and names`(seed: UInt64) async throws {
        let (log, disk, expected) = try await Self.make(seed)
        let report = try Self.salvage(disk)
        #expect(report.isComplete && report.unknown.isEmpty && report.addedCount == 0, "seed \(seed): \(report)")
        #expect(try LogInspector.verify("new", fileSystem: disk).isIntact, "seed \(seed)")
        let found = try await seen("new", on: disk, at: log.time)
        #expect(found.difference(from: expected) == nil, "seed \(seed)")
        #expect(log.deleted.isDisjoint(with: found.executions.keys), "seed \(seed)")
    }

    /// What is wrong with what a salvage made; nil: nothing.
    private static func complaint(_ log: CompactedLog, _ disk: SimulatedDisk, _ expected: Seen) async throws -> String?
    {
        let report = try salvage(disk)
        let found = try await seen("new", on: disk, at: log.time)
        if !log.deleted.isDisjoint(with: found.executions.keys) { return "what was deleted is back" }
        let damaged = Set(report.damaged.map { ExecutionNumber($0.number) })
        for (number, execution) in expected.executions where found.executions[number] != execution {
            if report.isComplete { return "\(number) is not what it was, and the report says that all is" }
            if damaged.contains(number) { continue }
            // One of which not a record was found.
            if found.executions[number] == nil, report.hasLostCopies || !report.unknown.isEmpty { continue }
            return "\(number) is not what it was without a word"
        }
        for (number, execution) in found.executions where expected.executions[number] != execution {
            if !execution.status.isTerminal, execution.status != .paused { return "\(number) would run on from a hole" }
        }
        return nil
    }

    @Test func `a bit flipped anywhere in a rewrite segment loses little, and nothing runs on from a hole`()
        async throws
    {
        let (log, disk, expected) = try await Self.make(4)
        for name in try disk.list("log").filter({ $0.hasSuffix(".rewrite") }) {
            let bytes = try #require(disk.contents(of: "log/" + name))
            for offset in [1, 20, 70, 120, 140, 6_000] + Array(stride(from: 8_192, to: bytes.count, by: 2_003)) {
                let damaged = disk.afterProcessKill()
                var bytes = bytes
                bytes[offset] ^= 4
                damaged.replace("log/" + name, with: bytes)
                let complaint = try await Self.complaint(log, damaged, expected)
                #expect(complaint == nil, "\(name), byte \(offset)")
            }
        }
    }

    @Test func `any file of a compacted log may be missing, and what it held is all that is`() async throws {
        let (log, disk, expected) = try await Self.make(5)
        for name in try disk.list("log") where name != SegmentNames.lock && !name.hasSuffix(".tmp") {
            let lacking = disk.afterProcessKill()
            lacking.lose("log/" + name)
            if try !lacking.list("log").contains(where: { $0.hasSuffix(".segment") }) { continue }
            let complaint = try await Self.complaint(log, lacking, expected)
            #expect(complaint == nil, "\(name)")
        }
    }
}
