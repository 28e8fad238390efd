import Foundation
import Testing

@testable import LogStorage

/// Power loss after every write and every sync, in many of the ways that the disk is allowed to lose.
@Suite struct LogCrashTests {
    /// Samples of the legal losses for each crash point.
    static let samples = ProcessInfo.processInfo.environment["INDELIBLE_CRASH_SAMPLES"].flatMap { Int($0) } ?? 200

    @Test(arguments: TestSeeds.some(2))
    func `no crash loses what was acknowledged or shows half an append`(seed: UInt64) throws {
        let disk = SimulatedDisk(seed: seed, recordsCrashPoints: true)
        let script = LogScript(disk)
        try script.run(seed: seed)
        #expect(disk.contents(of: "/log/00000004.segment") != nil, "the run is long enough for rollovers")
        for point in disk.crashPoints {
            var seen: Set<Int> = []
            for sample in 0..<UInt64(Self.samples) {
                let crashed = point.disk(seed: seed << 32 | sample)
                // Many seeds lose the same.
                guard seen.insert(crashed.fingerprint).inserted else { continue }
                if let complaint = crashed.complaint(of: script, acknowledgedAt: point.operationCount) {
                    Issue.record(
                        "INDELIBLE_SEED=\(seed), after call \(point.operationCount) (\(point.operation)), sample \(sample): \(complaint)"
                    )
                    return
                }
            }
            let killed = point.diskAfterProcessKill()
            let complaint = killed.complaint(of: script, acknowledgedAt: point.operationCount)
            #expect(complaint == nil, "INDELIBLE_SEED=\(seed), process killed after call \(point.operationCount)")
        }
    }

    /// Frames that no sync covers reach the disk in any order. The later one must not vouch for the earlier one's records.
    @Test func `of records that were written and not synced, the first may be lost and the last be there`() throws {
        let disk = SimulatedDisk(seed: 1, recordsCrashPoints: true)
        var fixture = LogFixture(disk)
        let log = try fixture.open()
        try log.append(3)
        log.writer.step(now: fixture.clock.now())
        let synced = log.durableLSN
        // The first is of several sectors, so that one of them can be lost and all of the last be there.
        for (count, forced) in [(12, false), (2, true)] {
            try log.append(count, forced: forced)
            // The second look finds the wait over.
            for _ in 0..<2 {
                fixture.clock.advance(fixture.options.unforcedWriteDelay)
                log.writer.step(now: fixture.clock.now())
            }
        }
        let writes = disk.crashPoints.filter {
            $0.operation.operation == .write && $0.operation.path.hasSuffix(".segment")
        }
        try log.close()
        var ends: Set<LSN> = []
        for sample in 0..<200 as Range<UInt64> {
            // After the last frame's write and before its sync.
            fixture.files = try #require(writes.last).disk(seed: sample)
            let end = try fixture.recover { Issue.record("sample \(sample): record \($0.lsn.rawValue)") }
            ends.insert(end)
        }
        #expect(ends.min() == synced && ends.max() == synced.advanced(by: 14), "\(ends)")
    }

    /// The next segment's syncs say nothing of this one's bytes.
    @Test func `records that were written and not synced before a rollover are on the disk after it`() throws {
        let disk = SimulatedDisk(seed: 1)
        var fixture = LogFixture(disk, segment: 16 << 10)
        let log = try fixture.open()
        while log.newestSegment == 1 {
            try log.append(8, forced: false)
            for _ in 0..<2 {
                fixture.clock.advance(fixture.options.unforcedWriteDelay)
                log.writer.step(now: fixture.clock.now())
            }
        }
        try log.append(1)
        log.writer.step(now: fixture.clock.now())
        let acknowledged = log.durableLSN
        #expect(acknowledged == log.nextLSN)
        for sample in 0..<50 as Range<UInt64> {
            fixture.files = disk.crashed(seed: sample)
            let end = try fixture.recover { Issue.record("sample \(sample): record \($0.lsn.rawValue)") }
            #expect(end == acknowledged, "sample \(sample)")
        }
        try log.close()
    }

    /// A crash, and a second one after every call of the recovery from the first.
    @Test(arguments: TestSeeds.some(2))
    func `a crash during recovery changes nothing`(seed: UInt64) throws {
        let disk = SimulatedDisk(seed: seed, recordsCrashPoints: true)
        let script = LogScript(disk)
        try script.run(seed: seed, rounds: 1)
        var random = SplitMix64(seed: seed)
        for point in disk.crashPoints where point.operationCount % 3 == 0 {
            let first = point.recordingDisk(seed: random.next())
            #expect(first.complaint(of: script, acknowledgedAt: point.operationCount) == nil)
            for second in first.crashPoints {
                for _ in 0..<3 {
                    let sample = random.next()
                    let crashed = second.disk(seed: sample)
                    let complaint = crashed.complaint(of: script, acknowledgedAt: point.operationCount)
                    #expect(
                        complaint == nil,
                        "INDELIBLE_SEED=\(seed), call \(point.operationCount), then \(second.operationCount)")
                }
            }
        }
    }

    /// A killed process leaves bytes that only the cache holds. Recovery shows them, so it must have synced them.
    @Test(arguments: TestSeeds.some(2))
    func `what a recovery has shown survives a power loss right after it`(seed: UInt64) throws {
        let disk = SimulatedDisk(seed: seed, recordsCrashPoints: true)
        let script = LogScript(disk)
        try script.run(seed: seed, rounds: 1)
        for point in disk.crashPoints {
            let killed = point.diskAfterProcessKill()
            var fixture = script.fixture
            fixture.files = killed
            // Not closed: the power goes right after.
            let shown = try fixture.open(seed: 5).nextLSN
            for sample in 0..<5 {
                fixture.files = killed.crashed(seed: UInt64(sample))
                #expect(try fixture.recover() == shown, "INDELIBLE_SEED=\(seed), call \(point.operationCount)")
            }
        }
    }
}

extension SimulatedDisk {
    /// Equal for disks that hold the same files.
    var fingerprint: Int {
        var hasher = Hasher()
        for name in (try? list(LogFixture.directory)) ?? [] {
            hasher.combine(name)
            hasher.combine(contents(of: LogFixture.directory + "/" + name))
        }
        return hasher.finalize()
    }
}

extension CrashPoint {
    /// The same as ``disk(seed:)``, with crash points of its own.
    func recordingDisk(seed: UInt64) -> SimulatedDisk {
        var image = image.afterPowerLoss(seed: seed)
        image.recordsCrashPoints = true
        return SimulatedDisk(image)
    }
}
