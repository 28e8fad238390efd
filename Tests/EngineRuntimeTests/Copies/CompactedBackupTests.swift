import ExecutionModel
import LogStorage
import Synchronization
import Testing

@testable import EngineRuntime

/// A compacted log is backed up, while it is compacted on, and every restore opens with the same executions.
@Suite(.timeLimit(.minutes(10))) struct CompactedBackupTests {
    @discardableResult
    private static func backUp(_ files: any LogFileSystem) throws(LogCopyError) -> LogBackup.Report {
        try LogBackup(of: "log", to: "backup", fileSystem: files).run()
    }

    /// What an engine shows that opens a restore of the backup.
    private static func restored(_ disk: SimulatedDisk, at time: Timestamp) async throws -> Seen {
        let disk = disk.afterProcessKill()
        let report = try LogRestore(of: "backup", to: "restored", fileSystem: disk).run()
        #expect(report.notes.isEmpty, "\(report.notes)")
        #expect(try !disk.list("restored").contains { $0.hasSuffix(".tmp") || $0 == "incomplete" })
        return try await seen("restored", on: disk, at: time)
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `a restore of a compacted log opens with the same executions, after every run of the backup`(
        seed: UInt64
    ) async throws {
        var log = try await CompactedLog(seed: seed)
        for round in 0..<4 {
            try await log.goOn()
            let first = try Self.backUp(log.rig.disk)
            let expected = try await Seen(log.runtime)
            #expect(
                try await Self.restored(log.rig.disk, at: log.time).difference(from: expected) == nil,
                "seed \(seed), round \(round)")
            #expect(
                try LogInspector.verify("backup", fileSystem: log.rig.disk).isIntact, "seed \(seed), round \(round)")
            // Nothing is left of what compaction has dropped.
            let manifest = try #require(log.runtime.files.newest)
            #expect(
                try log.rig.disk.list("backup").filter { $0.hasSuffix(".rewrite") }.count
                    == manifest.rewriteSegments.count)
            #expect(try log.rig.disk.list("backup").filter { $0.hasSuffix(".manifest") }.count == 1)
            if round > 0 { #expect(manifest.appendSegments[0].number > 1, "no segment was dropped") }
            // What never changes is copied once.
            let again = try Self.backUp(log.rig.disk)
            #expect(again.copied.count == 1 && again.copiedRewrites.isEmpty, "seed \(seed), round \(round)")
            #expect(again.keptRewriteCount == manifest.rewriteSegments.count && again.nextLSN == first.nextLSN)
        }
        try await log.runtime.close(grace: .zero)
    }

    @Test(arguments: [1] as [UInt64])
    func `power loss at any call of a backup loses neither the backup of before nor the log`(seed: UInt64) async throws
    {
        var log = try await CompactedLog(seed: seed, disk: SimulatedDisk(seed: seed, recordsCrashPoints: true))
        let disk = log.rig.disk
        try await log.goOn()
        let beforeFirst = disk.operationCount()
        try Self.backUp(disk)
        let first = try await Seen(log.runtime)
        let afterFirst = disk.operationCount()
        try await log.goOn()
        try await log.goOn()
        let second = try await Seen(log.runtime)
        let beforeSecond = disk.operationCount()
        try Self.backUp(disk)
        let end = disk.operationCount()
        let points = disk.crashPoints.filter {
            (beforeFirst...afterFirst).contains($0.operationCount) || (beforeSecond...end).contains($0.operationCount)
        }
        try await log.runtime.close(grace: .zero)
        var finishedCount = 0
        for (index, point) in points.enumerated() {
            let comment: Comment = "seed \(seed), call \(point.operationCount) (\(point.operation))"
            let crashed = index % 3 == 0 ? point.diskAfterProcessKill() : point.disk(seed: UInt64(index))
            let isSecond = point.operationCount >= beforeSecond
            if isSecond {
                let found = try await Self.restored(crashed, at: log.time)
                let isFirst = found.difference(from: first) == nil
                #expect(isFirst || found.difference(from: second) == nil, comment)
                if !isFirst { finishedCount += 1 }
            }
            try Self.backUp(crashed)
            let found = try await Self.restored(crashed, at: log.time)
            #expect(found.difference(from: isSecond ? second : first) == nil, comment)
        }
        #expect(points.count > 60 && finishedCount > 3, "\(points.count) calls, \(finishedCount) of them late")
    }

    @Test func `a failure of the disk at any call ends the run, and the backup restores`() async throws {
        var log = try await CompactedLog(seed: 5)
        try await log.goOn()
        try Self.backUp(log.rig.disk)
        let first = try await Seen(log.runtime)
        try await log.goOn()
        let second = try await Seen(log.runtime)
        for nth in 1... {
            let disk = log.rig.disk.afterProcessKill()
            disk.fail(nth: nth, of: .any, code: 5)
            let start = disk.operationCount()
            do {
                try Self.backUp(disk)
            } catch {
                disk.stopFailing()
                let found = try await Self.restored(disk, at: log.time)
                #expect(
                    found.difference(from: first) == nil || found.difference(from: second) == nil, "call \(nth)")
                continue
            }
            #expect(disk.operationCount() - start < nth, "call \(nth) failed, and the run did not")
            break
        }
        try await log.runtime.close(grace: .zero)
    }

    /// Between any two calls the engine may index, write a snapshot, compact and remove files.
    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `a backup beside an engine that compacts is one of the log, whatever goes meanwhile`(seed: UInt64) async throws
    {
        var log = try await CompactedLog(seed: seed)
        var again = 0
        for round in 0..<4 {
            try await log.goOn()
            try await log.leaveDeadBehind(6)
            let expected = try await Seen(log.runtime)
            let runtime = log.runtime
            let random = Mutex(SplitMix64(seed: seed << 8 | UInt64(round)))
            let failure = Mutex<(any Error)?>(nil)
            let before = try #require(runtime.files.newest).number
            let files = HookedFiles(log.rig.disk) {
                let choice = random.withLock { Int.random(in: 0..<8, using: &$0) }
                do {
                    if choice < 2 { try runtime.stepMaintenance() }
                    if choice == 2 { try runtime.writeEngineSnapshot() }
                } catch {
                    failure.withLock { $0 = error }
                }
            }
            try Self.backUp(files)
            #expect(failure.withLock { $0 } == nil)
            if try #require(runtime.files.newest).number > before + 2 { again += 1 }
            let found = try await Self.restored(log.rig.disk, at: log.time)
            #expect(found.difference(from: expected) == nil, "seed \(seed), round \(round)")
            #expect(log.deleted.isDisjoint(with: found.executions.keys), "seed \(seed), round \(round)")
        }
        #expect(again > 0, "the engine has done nothing meanwhile")
        try await log.runtime.close(grace: .zero)
    }

    @Test func `a backup that an engine has opened has parted from its log, also when nothing of it is left there`()
        async throws
    {
        var log = try await CompactedLog(seed: 7)
        try await log.goOn()
        try Self.backUp(log.rig.disk)
        let opened = CompactingRig(disk: try log.rig.disk.holding("backup"))
        let runtime = try await opened.open()
        try opened.settle(runtime)
        try await runtime.close(grace: .zero)
        for name in try opened.disk.list("log") where name != SegmentNames.lock {
            log.rig.disk.replace("backup/" + name, with: try #require(opened.disk.contents(of: "log/" + name)))
        }
        #expect {
            try Self.backUp(log.rig.disk)
        } throws: { error in
            if case .parted? = error as? LogCopyError { true } else { false }
        }
        try await log.runtime.close(grace: .zero)
    }

    @Test func `a table that is damaged is left out with a note, a rewrite segment that is damaged ends the run`()
        async throws
    {
        var log = try await CompactedLog(seed: 8)
        try await log.goOn()
        try rigSnapshot(log)
        let expected = try await Seen(log.runtime)
        let disk = log.rig.disk
        let manifest = try #require(log.runtime.files.newest)
        let table = "log/" + LogFileKind.table.name(try #require(manifest.tables.first).number)
        var bytes = try #require(disk.contents(of: table))
        bytes[10] ^= 1
        disk.replace(table, with: bytes)
        #expect(try Self.backUp(disk).notes.count == 1)
        _ = try LogRestore(of: "backup", to: "restored", fileSystem: disk).run()
        #expect(try await seen("restored", on: disk, at: log.time).difference(from: expected) == nil)

        let other = disk.afterProcessKill()
        for name in try other.list("backup") { other.lose("backup/" + name) }
        let rewrite = try #require(manifest.rewriteSegments.first).number
        let path = "log/" + LogFileKind.rewrite.name(rewrite)
        bytes = try #require(other.contents(of: path))
        bytes[8_192 + 100] ^= 1
        other.replace(path, with: bytes)
        #expect {
            try Self.backUp(other)
        } throws: { error in
            guard case .source(.damaged(let damage))? = error as? LogCopyError else { return false }
            return damage.file == .rewrite(rewrite)
        }
        try await log.runtime.close(grace: .zero)
    }

    @Test func `a backup that has lost any file that it needs is not restored, and the next run puts it back`()
        async throws
    {
        var log = try await CompactedLog(seed: 9)
        try await log.goOn()
        try await log.goOn()
        let disk = log.rig.disk
        try Self.backUp(disk)
        let expected = try await Seen(log.runtime)
        let names = try disk.list("backup").filter { $0.hasSuffix(".segment") || $0.hasSuffix(".rewrite") }
        #expect(names.count > 3)
        for name in names {
            let lacking = disk.afterProcessKill()
            lacking.lose("backup/" + name)
            #expect(throws: LogCopyError.self, "\(name)") {
                try LogRestore(of: "backup", to: "restored", fileSystem: lacking).run()
            }
            #expect(try !lacking.exists("restored"), "\(name)")
            guard try lacking.list("backup").contains(where: { $0.hasSuffix(".segment") }) else {
                // Without any segment it is no backup of anything.
                #expect(throws: LogCopyError.self, "\(name)") { try Self.backUp(lacking) }
                continue
            }
            #expect(try !LogInspector.verify("backup", fileSystem: lacking).isIntact, "\(name)")
            try Self.backUp(lacking)
            #expect(try await Self.restored(lacking, at: log.time).difference(from: expected) == nil, "\(name)")
        }
        try await log.runtime.close(grace: .zero)
    }

    private func rigSnapshot(_ log: CompactedLog) throws { try log.rig.snapshot(log.runtime) }
}
