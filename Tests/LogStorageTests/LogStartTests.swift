import Testing

@testable import LogStorage

/// Opening a log from where a snapshot says, against opening it from its first record.
@Suite struct LogStartTests {
    /// A log of many small segments, made by several openings, and what is known of it at the end.
    struct Sample {
        var contents: [String: [UInt8]]
        var rows: [SealedSegment]
        var frames: [FrameOutline]
        var newest: UInt64
        var end: LSN
        var logID: LogID

        init(segment: Int = 16 << 10, appends: Int = 40) throws {
            let files = MemoryFiles()
            let fixture = LogFixture(files, segment: segment)
            for seed in 1...3 as ClosedRange<UInt64> {
                let log = try fixture.open(seed: seed)
                for count in 0..<appends {
                    try log.append(count % 7 + 1)
                    while log.writer.step(now: 0) {}
                }
                try log.close()
            }
            // Opened once more, for the list of segments; left as after a crash, the newest one empty.
            contents = files.contents
            let log = try LogFixture(files, segment: segment).open(seed: 9)
            rows = log.sealedSegments
            newest = log.newestSegment
            end = log.nextLSN
            logID = log.logID
            frames = []
            var tail = log.follow(from: .first)
            while let frame = try tail.next() { frames.append(frame) }
            try log.close()
        }

        func start(at lsn: LSN) -> LogStart {
            let segment = rows.last { $0.firstLSN <= lsn && lsn < $0.nextLSN }?.number ?? rows.last!.number
            return LogStart(segment: segment, lsn: lsn, sealed: rows.filter { $0.number < segment }, logID: logID)
        }
    }

    static func open(
        _ files: any LogFileSystem, from start: LogStart?, segment: Int = 16 << 10,
        _ outlined: (FrameOutline) -> Void = { _ in }
    ) throws(LogError) -> SegmentedLog {
        var options = LogOptions()
        options.segmentSizes = [segment]
        return try SegmentedLog.open(
            at: LogFixture.directory, options: options, fileSystem: files, clock: ManualClock(), seed: 5,
            waitForLock: false, startThreads: false, from: { () throws(LogError) in start }, outlined: outlined)
    }

    static func refusal(_ contents: [String: [UInt8]], from start: LogStart) -> LogError? {
        let files = MemoryFiles(contents)
        do throws(LogError) {
            try open(files, from: start).close()
            return nil
        } catch {
            var after = files.contents
            after["/log/lock"] = contents["/log/lock"]
            #expect(after == contents, "a refusal changes nothing")
            return error
        }
    }

    @Test func `from every place it hands out what lies behind, and the log goes on alike`() throws {
        let sample = try Sample()
        #expect(sample.rows.count > 5)
        for frame in sample.frames {
            for lsn in [frame.header.firstLSN, frame.header.endLSN] {
                let files = MemoryFiles(sample.contents)
                var found: [FrameOutline] = []
                let log = try Self.open(files, from: sample.start(at: lsn)) { found.append($0) }
                #expect(found == sample.frames.filter { $0.header.endLSN > lsn }, "from \(lsn.rawValue)")
                #expect(log.nextLSN == sample.end)
                #expect(log.sealedSegments == sample.rows)
                try log.append(2)
                while log.writer.step(now: 0) {}
                try log.close()
                if frame.header.firstLSN.rawValue % 40 < 4 {
                    #expect(try LogFixture(files).recover { Issue.record("\($0.lsn)") } == sample.end.advanced(by: 2))
                }
            }
        }
        var all: [FrameOutline] = []
        try Self.open(MemoryFiles(sample.contents), from: nil) { all.append($0) }.close()
        #expect(all == sample.frames, "and without a place, everything")
    }

    @Test func `sealed segments are not read, and yet their records can be`() throws {
        let sample = try Sample()
        let disk = SimulatedDisk()
        try disk.createDirectory("/log")
        for (path, bytes) in sample.contents { disk.replace(path, with: bytes) }
        let start = sample.start(at: sample.end)
        let log = try Self.open(disk, from: start)
        let unread = Set(start.sealed.map { "/log/" + SegmentNames.segment($0.number) })
        #expect(unread.count > 4)
        #expect(!disk.operations.contains { $0.operation == .read && unread.contains($0.path) })
        for lsn in 1..<sample.end.rawValue { #expect(try log.record(at: LSN(lsn)) == LogFixture.record(LSN(lsn))) }
        var reader = log.read(from: .first)
        var next = LSN.first
        while let record = try reader.next() {
            #expect(record == LogFixture.record(next))
            next = next.advanced(by: 1)
        }
        #expect(next == sample.end)
        try log.close()
    }

    @Test func `what the list says and the log does not have is damage, with its place`() throws {
        let sample = try Sample()
        let start = sample.start(at: sample.frames.last!.header.firstLSN)
        #expect(Self.refusal(sample.contents, from: start) == nil)
        let path = { "/log/" + SegmentNames.segment($0) }
        for row in start.sealed {
            var contents = sample.contents
            contents[path(row.number)] = nil
            let missing = LogDamage(segment: row.number, offset: 0, reason: .missing)
            #expect(Self.refusal(contents, from: start) == .damaged(missing))
            contents = sample.contents
            contents[path(row.number)] = Array(contents[path(row.number)]![..<(row.end - 1)])
            let short = LogDamage.Reason.fileTooShort(size: row.end - 1, expected: row.end)
            #expect(
                Self.refusal(contents, from: start)
                    == .damaged(LogDamage(segment: row.number, offset: row.end - 1, reason: short)))
        }
        func broken(_ field: String) -> LogError {
            .damaged(LogDamage(segment: start.segment, offset: 0, reason: .chainBroken(field: field)))
        }
        let last = start.sealed.count - 1
        var wrong = start
        wrong.sealed[last].lastFrameCRC ^= 1
        #expect(Self.refusal(sample.contents, from: wrong) == broken("lastFrameCRC"))
        wrong = start
        wrong.sealed[last].end -= 8
        #expect(Self.refusal(sample.contents, from: wrong) == broken("endOffset"))
        wrong = start
        wrong.sealed[last].nextLSN = LSN(wrong.sealed[last].nextLSN.rawValue - 1)
        #expect(Self.refusal(sample.contents, from: wrong) == broken("firstLSN"))
        wrong = start
        wrong.logID = LogID(high: 0, low: 0)
        #expect(
            Self.refusal(sample.contents, from: wrong)
                == .damaged(LogDamage(segment: start.segment, offset: 0, reason: .foreignLog)))
        wrong = start
        wrong.segment = sample.newest + 1
        wrong.sealed = sample.rows
        #expect(
            Self.refusal(sample.contents, from: wrong)
                == .damaged(LogDamage(segment: wrong.segment, offset: 0, reason: .missing)))
        // A place before the segment that is said to hold it.
        wrong = start
        wrong.lsn = LSN(start.sealed[last].nextLSN.rawValue - 1)
        guard case .damaged(let damage)? = Self.refusal(sample.contents, from: wrong),
            case .recordsMissing = damage.reason
        else {
            Issue.record("accepted")
            return
        }
    }

    @Test func `a log that ends before what was durable has lost it`() throws {
        let sample = try Sample()
        var start = sample.start(at: sample.end)
        start.lsn = sample.end.advanced(by: 1)
        guard case .damaged(let damage)? = Self.refusal(sample.contents, from: start) else {
            Issue.record("accepted")
            return
        }
        #expect(damage.reason == .recordsMissing(next: sample.end, durable: start.lsn, found: nil))
    }

    @Test func `dropped segments leave a gap that the list explains, and readers go over it`() throws {
        let sample = try Sample()
        let dropped = sample.rows[2]
        let path = "/log/" + SegmentNames.segment(dropped.number)
        var start = sample.start(at: sample.end)
        start.sealed.remove(at: 2)
        // Removed already, and not yet.
        for isThere in [false, true] {
            var contents = sample.contents
            if !isThere { contents[path] = nil }
            let log = try Self.open(MemoryFiles(contents), from: start)
            let gap = dropped.firstLSN.rawValue..<dropped.nextLSN.rawValue
            var reader = log.read(from: .first)
            var lsns: [UInt64] = []
            while let record = try reader.next() { lsns.append(record.lsn.rawValue) }
            #expect(lsns == (1..<sample.end.rawValue).filter { !gap.contains($0) })
            #expect(throws: LogError.noSuchRecord(dropped.firstLSN)) { try log.record(at: dropped.firstLSN) }
            var tail = log.follow(from: dropped.firstLSN)
            #expect(try tail.next()?.header.firstLSN == dropped.nextLSN)
            try log.close()
        }
        // Nothing explains one behind the start.
        var early = sample.start(at: sample.rows[1].firstLSN)
        var contents = sample.contents
        contents[path] = nil
        let missing = LogError.damaged(LogDamage(segment: dropped.number, offset: 0, reason: .missing))
        #expect(Self.refusal(contents, from: early) == missing)
        early.sealed.append(sample.rows[3])
        #expect(Self.refusal(contents, from: early) == missing)
    }

    @Test func `readers look for nothing in segments that are forgotten while the log is open`() throws {
        let sample = try Sample()
        let files = MemoryFiles(sample.contents)
        let log = try Self.open(files, from: nil)
        var reader = log.read(from: .first)
        var tail = log.follow(from: .first)
        _ = (try reader.next(), try tail.next())
        let forgotten = Set(sample.rows.prefix(4).map(\.number))
        log.forget(segments: forgotten.union([log.newestSegment]))
        for number in forgotten { files.remove("/log/" + SegmentNames.segment(number)) }
        // What the reader had in hand is read to its end.
        var last = LSN.first
        while let record = try reader.next() { last = record.lsn }
        while try tail.next() != nil {}
        #expect(last.advanced(by: 1) == sample.end && tail.position == sample.end)
        #expect(log.sealedSegments.map(\.number).first == sample.rows[4].number)
        try log.close()
    }

    @Test(arguments: [true, false])
    func `a lookup in a segment that was not read goes by its footer, or by one pass over it`(hasFooter: Bool) throws {
        let sample = try Sample(segment: 1 << 20, appends: 4_000)
        let row = try #require(sample.rows.first)
        #expect(row.end > 3 * SegmentList.markDistance)
        let disk = SimulatedDisk()
        try disk.createDirectory("/log")
        for (path, bytes) in sample.contents { disk.replace(path, with: bytes) }
        if hasFooter {
            let postings = try SegmentFooter.scan(.append(1), end: row.end, directory: "/log", fileSystem: disk)
            try SegmentFooter.write(postings, to: .append(1), directory: "/log", fileSystem: disk)
        }
        let log = try Self.open(disk, from: sample.start(at: sample.end), segment: 1 << 20)
        func bytesRead(for lsn: LSN) throws -> Int {
            let before = disk.operations.count
            let record = try log.record(at: lsn)
            #expect(record == LogFixture.record(lsn))
            return disk.operations[before...].filter { $0.operation == .read }.reduce(0) { $0 + $1.length }
        }
        let lsn = LSN(row.nextLSN.rawValue - 1)
        let first = try bytesRead(for: lsn)
        let again = try bytesRead(for: lsn)
        #expect(hasFooter == (first < 600_000), "\(first)")
        #expect(again < 600_000, "\(again)")
        try log.close()
    }

    @Test func `a footer outlives openings that append nothing`() throws {
        let sample = try Sample()
        let files = MemoryFiles(sample.contents)
        let log = try Self.open(files, from: nil)
        let row = try #require(log.sealedSegments.last)
        let file = LogFileID.append(row.number)
        let postings = try SegmentFooter.scan(file, end: row.end, directory: "/log", fileSystem: files)
        try SegmentFooter.write(postings, to: file, directory: "/log", fileSystem: files)
        try log.close()
        for _ in 0..<2 { try Self.open(files, from: nil).close() }
        #expect(
            try SegmentFooter.read(file, end: row.end, directory: "/log", fileSystem: files).totals == postings.totals)
    }

    /// After every crash, the opening from the last snapshot that was made decides as the one from the first record does.
    @Test(arguments: TestSeeds.some(2))
    func `after any crash it decides as an opening from the first record does`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let disk = SimulatedDisk(seed: seed, recordsCrashPoints: true)
        let fixture = LogFixture(disk, segment: 16 << 10)
        var starts: [(operationCount: Int, start: LogStart)] = []
        for _ in 0..<2 {
            let log = try fixture.open(seed: random.next())
            for index in 0..<16 {
                try log.append(index % 9 == 8 ? 90 : Int.random(in: 1...12, using: &random))
                if Int.random(in: 0..<3, using: &random) == 0 { log.preparer.step() }
                if Int.random(in: 0..<4, using: &random) == 0 { fixture.clock.advance(60) }
                while Int.random(in: 0..<3, using: &random) > 0, log.writer.step(now: fixture.clock.now()) {}
                let start = LogStart(
                    segment: log.newestSegment, lsn: log.durableLSN, sealed: log.sealedSegments, logID: log.logID)
                starts.append((disk.operationCount(), start))
            }
            try log.close()
        }
        for point in disk.crashPoints {
            guard let start = starts.last(where: { $0.operationCount <= point.operationCount })?.start else { continue }
            for sample in 0..<12 as Range<UInt64> {
                let comment: Comment = "INDELIBLE_SEED=\(seed), after call \(point.operationCount), sample \(sample)"
                var frames: [FrameOutline] = []
                let whole = try Self.open(point.disk(seed: sample), from: nil) { frames.append($0) }
                var found: [FrameOutline] = []
                let log = try Self.open(point.disk(seed: sample), from: start) { found.append($0) }
                #expect(log.nextLSN == whole.nextLSN && log.nextLSN >= start.lsn, comment)
                #expect(log.sealedSegments == whole.sealedSegments, comment)
                #expect(found == frames.filter { $0.header.endLSN > start.lsn }, comment)
                try log.close()
                try whole.close()
            }
        }
    }
}
