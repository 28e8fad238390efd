import Testing

@testable import LogStorage

@Suite struct LogRestoreTests {
    private static func restore(_ disk: SimulatedDisk) throws(LogCopyError) -> LogRestore.Report {
        try LogRestore(of: LogFixture.directory, to: "/restored", fileSystem: disk).run()
    }

    private static func disk(groups: Int, recordsCrashPoints: Bool = false) throws -> SimulatedDisk {
        let disk = SimulatedDisk(seed: 3, recordsCrashPoints: recordsCrashPoints)
        let log = try LogFixture(disk, segment: 16 << 10).open()
        for _ in 0..<groups { try log.append(20) }
        try log.close()
        return disk
    }

    /// Opens the restored directory as an engine would.
    ///
    /// - Returns: The LSN after its last record; nil when it is refused.
    private static func opened(_ disk: SimulatedDisk) throws -> LSN? {
        do throws(LogError) {
            return try SegmentedLog.open(
                at: "/restored", options: LogFixture(disk, segment: 16 << 10).options, fileSystem: disk,
                clock: ManualClock(), seed: 7, waitForLock: false, startThreads: false, recovered: { _ in }
            ).nextLSN
        } catch {
            switch error {
            case .notALog(_, StagedDirectory.marker), .damaged: return nil
            default: throw error
            }
        }
    }

    @Test(arguments: [1, 3, 14])
    func `a restore that is cut leaves all of the log, or a directory that no engine opens`(groups: Int) throws {
        let disk = try Self.disk(groups: groups, recordsCrashPoints: true)
        let start = disk.operationCount()
        let report = try Self.restore(disk)
        #expect(report.nextLSN == LSN(UInt64(groups) * 20 + 1) && report.recordCount == groups * 20)
        var refusals = 0
        for point in disk.crashPoints where point.operationCount > start {
            for sample in 0..<UInt64(8) {
                let crashed = point.disk(seed: sample)
                guard let names = try? crashed.list("/restored"), !names.isEmpty, names != [SegmentNames.lock] else {
                    continue
                }
                let end = try Self.opened(crashed)
                if end == nil { refusals += 1 }
                #expect(
                    end == nil || end == report.nextLSN, "\(groups) groups, call \(point.operationCount), \(sample)")
            }
        }
        #expect(refusals > 0)
        #expect(try Self.opened(disk.crashed(seed: 1)) == report.nextLSN)
    }

    @Test func `a directory that holds anything is refused and left as it is`() throws {
        let disk = try Self.disk(groups: 2)
        try disk.createDirectory("/restored")
        disk.replace("/restored/letter.txt", with: [1])
        #expect(throws: LogCopyError.notEmpty(path: "/restored", found: "letter.txt")) { try Self.restore(disk) }
        #expect(try disk.list("/restored") == ["letter.txt"])
        disk.lose("/restored/letter.txt")
        disk.fail(nth: 4, of: .write, code: 5)
        #expect(throws: LogCopyError.self) { try Self.restore(disk) }
        #expect(throws: LogCopyError.notEmpty(path: "/restored", found: "incomplete")) { try Self.restore(disk) }
    }

    @Test func `a damaged backup is not restored, and a torn tail is left out`() throws {
        let disk = try Self.disk(groups: 14)
        let path = "/log/00000002.segment"
        let sound = try #require(disk.contents(of: path))
        var bytes = sound
        bytes[9_000] ^= 1
        disk.replace(path, with: bytes)
        #expect {
            try Self.restore(disk)
        } throws: { error in
            guard case .source(.damaged(let damage)) = error as? LogCopyError else { return false }
            return damage.segment == 2
        }
        #expect(try !disk.exists("/restored"))
        disk.replace(path, with: sound)
        // The sync-point that closed the log is torn: it was never acknowledged to anyone.
        let newest = try #require(disk.segments("/log").last)
        let report = try LogInspector(directory: "/log", fileSystem: disk).verify()
        bytes = newest.1
        bytes[try #require(report.segments.last).end - 60] ^= 1
        disk.replace("/log/" + newest.0, with: bytes)
        #expect(try Self.restore(disk).nextLSN == report.nextLSN)
        #expect(try LogInspector(directory: "/restored", fileSystem: disk).verify().tornTail == nil)
    }
}
