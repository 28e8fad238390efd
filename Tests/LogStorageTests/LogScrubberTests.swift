import Testing

@testable import LogStorage

@Suite struct LogScrubberTests {
    /// An open log of several sealed segments.
    private static func log(_ disk: SimulatedDisk, _ fixture: LogFixture) throws -> SegmentedLog {
        let log = try fixture.open()
        for _ in 0..<30 { try log.append(20) }
        while log.writer.step(now: fixture.clock.now()) {}
        return log
    }

    private static func fixture(_ disk: SimulatedDisk, bytesPerSecond: Int = 1 << 20) -> LogFixture {
        var fixture = LogFixture(disk, segment: 16 << 10)
        fixture.options.scrubbing.bytesPerSecond = bytesPerSecond
        return fixture
    }

    /// Steps until `count` passes are over.
    private static func scrub(_ log: SegmentedLog, _ clock: ManualClock, passes count: Int) {
        while log.scrubber.progress.passCount < count {
            log.scrubber.step(now: clock.now())
            clock.advance(1_000)
        }
    }

    private static func flip(_ disk: SimulatedDisk, _ segment: UInt64, _ offset: Int) throws {
        let path = LogFixture.directory + "/" + SegmentNames.segment(segment)
        var bytes = try #require(disk.contents(of: path))
        bytes[offset] ^= 16
        disk.replace(path, with: bytes)
    }

    @Test func `a pass over a sound log reads all that is sealed, finds nothing and changes nothing`() throws {
        let disk = SimulatedDisk()
        let fixture = Self.fixture(disk)
        let log = try Self.log(disk, fixture)
        let before = disk.fingerprint
        let writes = disk.operationCount(.write) + disk.operationCount(.sync)
        // The first pass begins anywhere, the second at the first segment.
        Self.scrub(log, fixture.clock, passes: 1)
        let first = log.scrubber.progress.byteCount
        Self.scrub(log, fixture.clock, passes: 2)
        #expect(log.scrubber.progress.findings.isEmpty)
        let report = try LogInspector(directory: LogFixture.directory, fileSystem: disk).verify()
        let sealed = report.segments.dropLast().reduce(0) { $0 + $1.end }
        #expect(log.scrubber.progress.byteCount - first == sealed)
        #expect(disk.fingerprint == before)
        #expect(disk.operationCount(.write) + disk.operationCount(.sync) == writes)
        try log.close()
    }

    @Test func `damage anywhere in a sealed segment is found once, and the log works on`() throws {
        for offset in [0, 30, 70, 4_100, 8_192, 8_200, 8_300, 9_500, 12_000] {
            let disk = SimulatedDisk()
            let fixture = Self.fixture(disk)
            let log = try Self.log(disk, fixture)
            try Self.flip(disk, 2, offset)
            let told = Order()
            log.scrubber.observe { told.add(Int($0.segment)) }
            Self.scrub(log, fixture.clock, passes: 3)
            let expected = try LogInspector(directory: LogFixture.directory, fileSystem: disk).verify().problems
            #expect(!log.scrubber.progress.findings.isEmpty, "byte \(offset)")
            #expect(told.items.count == log.scrubber.progress.findings.count, "byte \(offset)")
            let places = Set(log.scrubber.progress.findings.map { [Int($0.segment), $0.offset] })
            #expect(places.count == told.items.count, "byte \(offset)")
            let found = Set(log.scrubber.progress.findings.map(\.segment))
            #expect(found.contains { number in expected.contains { $0.segment == number } }, "byte \(offset)")
            // Who asks later is told all the same.
            let late = Order()
            log.scrubber.observe { late.add(Int($0.segment)) }
            #expect(late.items == told.items)
            try log.append(3)
            try log.close()
        }
    }

    @Test func `a segment that is cut, and one that cannot be read, are found`() throws {
        let disk = SimulatedDisk()
        let fixture = Self.fixture(disk)
        let log = try Self.log(disk, fixture)
        let path = LogFixture.directory + "/00000001.segment"
        disk.replace(path, with: Array(try #require(disk.contents(of: path)).prefix(10_000)))
        Self.scrub(log, fixture.clock, passes: 2)
        #expect(log.scrubber.progress.findings.contains { $0.segment == 1 })
        try log.close()

        let refusing = SimulatedDisk()
        let other = Self.fixture(refusing)
        let unreadable = try Self.log(refusing, other)
        refusing.fail(nth: 1, of: .read, code: 5, persists: true)
        Self.scrub(unreadable, other.clock, passes: 1)
        refusing.stopFailing()
        #expect(
            unreadable.scrubber.progress.findings.contains {
                if case .unreadable(_, _, let error) = $0 { error.code == 5 } else { false }
            })
        try unreadable.close()
    }

    @Test func `it reads no faster than it is told to, and rests after a pass`() throws {
        let disk = SimulatedDisk()
        let fixture = Self.fixture(disk, bytesPerSecond: 4_096)
        let log = try Self.log(disk, fixture)
        let start = fixture.clock.now()
        func turn() {
            log.scrubber.step(now: fixture.clock.now())
            fixture.clock.advance(log.scrubber.pause(now: fixture.clock.now()) ?? 1)
        }
        while log.scrubber.progress.passCount < 1 {
            let seconds = (fixture.clock.now() - start) / 1_000
            turn()
            // A step may read its part at once.
            #expect(log.scrubber.progress.byteCount <= Int(seconds + 1) * 4_096 + LogScrubber.stepByteCount)
        }
        let end = fixture.clock.now()
        let read = log.scrubber.progress.byteCount
        turn()
        #expect(log.scrubber.progress.byteCount == read || fixture.clock.now() >= start + 24 * 3_600_000)
        // A clock that went back puts nothing off for ever.
        fixture.clock.advance(start - end - 3_000_000_000)
        for _ in 0..<100 { turn() }
        #expect(log.scrubber.progress.passCount > 1)
        #expect(log.scrubber.progress.byteCount > 0)
        try log.close()
    }

    @Test func `a log that is not to be scrubbed is not read`() throws {
        let disk = SimulatedDisk()
        let fixture = Self.fixture(disk, bytesPerSecond: 0)
        let log = try Self.log(disk, fixture)
        let reads = disk.operationCount(.read)
        #expect(!log.scrubber.step(now: fixture.clock.now()))
        #expect(disk.operationCount(.read) == reads)
        try log.close()
    }

    @Test func `a thread of the log's own scrubs, and ends with the log`() throws {
        let disk = SimulatedDisk()
        let fixture = Self.fixture(disk)
        let log = try Self.log(disk, fixture)
        try log.close()
        try Self.flip(disk, 1, 9_000)
        // Opening reads and refuses it; what is scrubbed is damaged after the opening.
        #expect(throws: LogError.self) { try fixture.open() }
        try Self.flip(disk, 1, 9_000)
        let running = try fixture.open(startThreads: true)
        try running.close()
    }
}
