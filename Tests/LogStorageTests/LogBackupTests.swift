import Foundation
import Synchronization
import Testing

@testable import LogStorage

@Suite struct LogBackupTests {
    private static func backUp(_ files: any LogFileSystem) throws(LogCopyError) -> LogBackup.Report {
        try LogBackup(of: LogFixture.directory, to: "/backup", fileSystem: files).run()
    }

    /// What opening the copy in `directory` finds: the LSN after its last record; nil for a record that is not what was
    /// appended.
    private static func recovered(_ directory: String, _ files: any LogFileSystem) throws(LogError) -> LSN? {
        var next = LSN.first
        var isRight = true
        let log = try SegmentedLog.open(
            at: directory, options: LogFixture(files, segment: 16 << 10).options, fileSystem: files,
            clock: ManualClock(), seed: 77, waitForLock: false, startThreads: false,
            recovered: { record in
                isRight = isRight && record == LogFixture.record(next)
                next = next.advanced(by: 1)
            })
        try log.close()
        return isRight ? next : nil
    }

    /// Opens a log, appends so many groups of 20 records and closes it.
    private static func append(_ groups: Int, _ files: any LogFileSystem, seed: UInt64) throws {
        let log = try LogFixture(files, segment: 16 << 10).open(seed: seed)
        for _ in 0..<groups { try log.append(20) }
        try log.close()
    }

    @Test func `a backup opens as the log that it was made of, and the next run copies only what is new`() throws {
        let disk = SimulatedDisk()
        try Self.append(30, disk, seed: 1)
        let first = try Self.backUp(disk)
        #expect(first.nextLSN == LSN(601) && first.keptCount == 0 && first.copied.count > 3)
        #expect(try Self.recovered("/backup", disk.crashed(seed: 1)) == LSN(601))
        try Self.append(10, disk, seed: 2)
        let second = try Self.backUp(disk)
        #expect(second.nextLSN == LSN(801))
        #expect(second.keptCount == first.copied.count - 1 && second.copied.first == first.copied.last)
        #expect(try Self.recovered("/backup", disk.crashed(seed: 2)) == LSN(801))
        let third = try Self.backUp(disk)
        #expect(third.copied == [second.copied.last!] && third.nextLSN == LSN(801))
    }

    /// Between any two calls of the backup the writer may append, sync, roll over or close the log and open it again.
    @Test(arguments: TestSeeds.some(15))
    func `a backup beside a writer is a prefix that holds what was acknowledged before`(seed: UInt64) throws {
        let writer = try LiveWriter(seed: seed)
        for round in 0..<3 {
            let acknowledged = writer.acknowledged
            let report = try Self.backUp(HookedFiles(writer.disk, before: { writer.goOn() }))
            #expect(report.nextLSN >= acknowledged, "INDELIBLE_SEED=\(seed), round \(round)")
            #expect(writer.boundaries.contains(report.nextLSN), "INDELIBLE_SEED=\(seed), round \(round)")
            let backup = try LogInspector(directory: "/backup", fileSystem: writer.disk).verify()
            #expect(backup.isIntact && backup.nextLSN == report.nextLSN, "INDELIBLE_SEED=\(seed), round \(round)")
            // What is in a backup is durable in its log too: a later run continues it.
            for sample in 0..<UInt64(5) {
                let crashed = writer.disk.crashed(seed: seed << 8 | sample)
                let source = try LogFixture(crashed, segment: 16 << 10).recover()
                #expect(source >= report.nextLSN, "INDELIBLE_SEED=\(seed), round \(round)")
                #expect(try Self.recovered("/backup", crashed) == report.nextLSN, "INDELIBLE_SEED=\(seed)")
            }
        }
    }

    @Test func `what was written and not synced is synced before a backup has it`() throws {
        let disk = SimulatedDisk()
        let fixture = LogFixture(disk, segment: 16 << 10)
        let log = try fixture.open()
        try log.append(5)
        log.writer.step(now: fixture.clock.now())
        try log.append(5, forced: false)
        for _ in 0..<3 {
            log.writer.step(now: fixture.clock.now())
            fixture.clock.advance(2)
        }
        let report = try Self.backUp(disk)
        #expect(report.nextLSN == LSN(11))
        for sample in 0..<UInt64(50) {
            #expect(try LogFixture(disk.crashed(seed: sample), segment: 16 << 10).recover() == report.nextLSN)
        }
        try log.close()
    }

    @Test(arguments: TestSeeds.some(2))
    func `power loss at any call leaves the backup of before or a longer one, and the next run ends it`(
        seed: UInt64
    ) throws {
        let disk = SimulatedDisk(seed: seed, recordsCrashPoints: true)
        try Self.append(12, disk, seed: 1)
        let first = try Self.backUp(disk)
        try Self.append(12, disk, seed: 2)
        let start = disk.operationCount()
        let second = try Self.backUp(disk)
        for point in disk.crashPoints {
            let crashed = point.disk(seed: seed)
            let isSecond = point.operationCount > start
            if isSecond {
                let found = try LogInspector(directory: "/backup", fileSystem: crashed).verify()
                #expect(found.isIntact, "INDELIBLE_SEED=\(seed), call \(point.operationCount) (\(point.operation))")
                #expect(found.nextLSN >= first.nextLSN && found.nextLSN <= second.nextLSN)
            }
            guard isSecond || crashed.contents(of: "/log/00000002.segment") != nil else { continue }
            _ = try LogFixture(crashed, segment: 16 << 10).recover()
            let report = try Self.backUp(crashed)
            let next = try LogInspector(directory: LogFixture.directory, fileSystem: crashed).verify().nextLSN
            #expect(report.nextLSN == next, "INDELIBLE_SEED=\(seed), call \(point.operationCount)")
            #expect(try Self.recovered("/backup", crashed) == next, "INDELIBLE_SEED=\(seed), \(point.operationCount)")
        }
    }

    @Test func `a failure of the disk ends the run, and the backup is sound`() throws {
        let disk = SimulatedDisk(seed: 5)
        try Self.append(12, disk, seed: 1)
        let first = try Self.backUp(disk)
        try Self.append(12, disk, seed: 2)
        for nth in 1... {
            let start = disk.operationCount()
            disk.fail(nth: nth, of: .any, code: 5)
            let report: LogBackup.Report
            do { report = try Self.backUp(disk) } catch {
                disk.stopFailing()
                let found = try LogInspector(directory: "/backup", fileSystem: disk).verify()
                #expect(found.isIntact && found.nextLSN >= first.nextLSN, "call \(nth)")
                continue
            }
            disk.stopFailing()
            #expect(disk.operationCount() - start < nth, "call \(nth) failed, and the run did not")
            #expect(report.nextLSN == LSN(481))
            break
        }
    }

    @Test func `a flipped bit in a segment is named, and the backup keeps what it has`() throws {
        let disk = SimulatedDisk()
        try Self.append(12, disk, seed: 1)
        let first = try Self.backUp(disk)
        try Self.append(12, disk, seed: 2)
        let path = LogFixture.directory + "/" + SegmentNames.segment(first.copied.last! + 1)
        var bytes = try #require(disk.contents(of: path))
        bytes[SegmentHeader.encodedByteCount + 90] ^= 4
        disk.replace(path, with: bytes)
        #expect {
            try Self.backUp(disk)
        } throws: { error in
            guard case .source(.damaged(let damage)) = error as? LogCopyError else { return false }
            return damage.segment == first.copied.last! + 1
        }
        #expect(try Self.recovered("/backup", disk)! >= first.nextLSN)
    }

    @Test func `a disk that writes other bytes than it was given is found out`() throws {
        let disk = SimulatedDisk()
        try Self.append(12, disk, seed: 1)
        let count = Mutex(0)
        let liar = HookedFiles(
            disk,
            written: { bytes in
                guard
                    count.withLock({
                        $0 += 1; return $0 == 2
                    }), bytes.count > 9_000
                else { return bytes }
                var bytes = bytes
                bytes[9_000] ^= 1
                return bytes
            })
        #expect(throws: LogCopyError.copyDiffers(path: "/backup/00000002.segment.tmp")) { try Self.backUp(liar) }
    }

    @Test func `a backup of another log, one that went on by itself, and other directories are refused`() throws {
        let disk = SimulatedDisk()
        try Self.append(12, disk, seed: 1)
        let first = try Self.backUp(disk)
        let newest = first.copied.last!
        // Opened: it has a segment that the log has not.
        let opened = disk.afterProcessKill()
        #expect(try Self.recovered("/backup", opened) == first.nextLSN)
        #expect(throws: LogCopyError.parted(path: "/backup", segment: newest + 1)) { try Self.backUp(opened) }
        // The log went on too, with a segment of the same number.
        try Self.append(1, opened, seed: 4)
        #expect(throws: LogCopyError.parted(path: "/backup", segment: newest + 1)) {
            try Self.append(1, opened, seed: 5)
            let log = try SegmentedLog.open(
                at: "/backup", options: LogFixture(opened).options, fileSystem: opened, clock: ManualClock(), seed: 8,
                waitForLock: false, startThreads: false, recovered: { _ in })
            try log.append(3)
            try log.close()
            return try Self.backUp(opened)
        }
        let other = SimulatedDisk()
        try Self.append(3, other, seed: 9)
        for (name, bytes) in disk.segments("/backup") {
            if name == "00000001.segment" { try other.createDirectory("/backup") }
            other.replace("/backup/" + name, with: bytes)
        }
        try Self.append(30, other, seed: 10)
        #expect(throws: LogCopyError.anotherLog(path: "/backup")) { try Self.backUp(other) }
        let foreign = SimulatedDisk()
        try Self.append(1, foreign, seed: 1)
        try foreign.createDirectory("/backup")
        foreign.replace("/backup/letter.txt", with: [1])
        #expect(throws: LogCopyError.notEmpty(path: "/backup", found: "letter.txt")) { try Self.backUp(foreign) }
        #expect(throws: LogCopyError.source(.notALog(path: "/nothing", found: "no segment"))) {
            try foreign.createDirectory("/nothing")
            _ = try LogBackup(of: "/nothing", to: "/there", fileSystem: foreign).run()
        }
    }

    @Test func `two runs at once are refused`() throws {
        let disk = SimulatedDisk()
        try Self.append(3, disk, seed: 1)
        _ = try Self.backUp(disk)
        let lock = try disk.lock("/backup/lock", wait: false)
        #expect(throws: LogCopyError.inUse(directory: "/backup")) { try Self.backUp(disk) }
        lock.release()
        _ = try Self.backUp(disk)
    }

    @Test func `a live log on real files is backed up and restored`() throws {
        let root = NSTemporaryDirectory() + "log-backup-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: root) }
        let files = PosixFileSystem()
        let log = try SegmentedLog.open(
            at: root + "/log", options: LogFixture(files, segment: 64 << 10).options, fileSystem: files,
            clock: ManualClock(), seed: 3, waitForLock: false, startThreads: false, recovered: { _ in })
        for _ in 0..<40 { try log.append(20) }
        while log.writer.step(now: 0) {}
        let backup = LogBackup(of: root + "/log", to: root + "/copies/backup", fileSystem: files)
        #expect(try backup.run().nextLSN == LSN(801))
        for _ in 0..<40 { try log.append(20) }
        while log.writer.step(now: 0) {}
        #expect(try backup.run().nextLSN == LSN(1_601))
        try log.close()
        let restored = root + "/restored"
        let report = try LogRestore(of: root + "/copies/backup", to: restored, fileSystem: files).run()
        #expect(report.recordCount == 1_600 && report.nextLSN == LSN(1_601))
        #expect(try Self.recovered(restored, files) == LSN(1_601))
        #expect(try !files.list(restored).contains(StagedDirectory.marker))
    }
}

extension SimulatedDisk {
    /// The segments of a directory by name.
    func segments(_ directory: String) -> [(String, [UInt8])] {
        let names = (try? list(directory)) ?? []
        return names.filter { $0.hasSuffix(".segment") }.map { ($0, contents(of: directory + "/" + $0) ?? []) }
    }
}
