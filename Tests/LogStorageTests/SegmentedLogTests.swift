import Testing

@testable import LogStorage

@Suite struct SegmentedLogTests {
    /// Appends, steps, waits, reads and reopens at random, against an array of what must be there.
    @Test(arguments: TestSeeds.some(12))
    func `a log holds what was appended, whatever happens in which order`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var fixture = LogFixture(
            MemoryFiles(), segment: [32 << 10, 64 << 10, 256 << 10].randomElement(using: &random)!)
        fixture.options.durability = Bool.random(using: &random) ? .durable : .relaxed
        fixture.options.padCommits = Int.random(in: 0..<4, using: &random) == 0
        var next = LSN.first
        for round in 0..<6 {
            var recovered = LSN.first
            let log = try fixture.open(seed: random.next()) { record in
                #expect(record == LogFixture.record(recovered), "seed \(seed)")
                recovered = recovered.advanced(by: 1)
            }
            #expect(recovered == next, "seed \(seed), round \(round)")
            #expect(log.nextLSN == next)
            for _ in 0..<40 {
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<6:
                    let forced = Int.random(in: 0..<4, using: &random) > 0
                    try log.append(Int.random(in: 1...30, using: &random), forced: forced)
                case 6: fixture.clock.advance(Int64.random(in: 0...60, using: &random))
                case 7: log.preparer.step()
                case 8: check(log, from: LSN(UInt64.random(in: 1...log.nextLSN.rawValue, using: &random)), seed)
                default: while log.writer.step(now: fixture.clock.now()) {}
                }
            }
            next = log.nextLSN
            try log.close()
        }
        #expect(try LogInspector(directory: LogFixture.directory, fileSystem: fixture.files).verify().isIntact)
    }

    private func check(_ log: SegmentedLog, from start: LSN, _ seed: UInt64) {
        #expect(throws: Never.self) {
            var reader = log.read(from: start)
            var expected = start
            while let record = try reader.next() {
                #expect(record == LogFixture.record(expected), "seed \(seed)")
                expected = expected.advanced(by: 1)
            }
            #expect(expected >= min(log.durableLSN, start) && (start > log.durableLSN || expected >= log.durableLSN))
            if start < log.durableLSN { #expect(try log.record(at: start) == LogFixture.record(start)) }
        }
    }

    @Test func `a record is acknowledged by its sync and not before`() throws {
        let log = try LogFixture(MemoryFiles()).open()
        let acknowledged = Flag()
        let lsns = try log.append(2)
        log.whenDurable(before: lsns.upperBound) { _ in acknowledged.set() }
        #expect(!acknowledged.isSet)
        #expect(throws: LogError.noSuchRecord(LSN(1))) { try log.record(at: LSN(1)) }
        #expect(log.writer.step(now: 0))
        #expect(acknowledged.isSet)
        #expect(log.durableLSN == lsns.upperBound)
    }

    @Test func `completions run in the order of their records`() throws {
        let log = try LogFixture(MemoryFiles()).open()
        let order = Order()
        let first = try log.append(1).upperBound
        let second = try log.append(1).upperBound
        log.whenDurable(before: second) { _ in order.add(3) }
        log.whenDurable(before: first) { _ in order.add(1) }
        log.whenDurable(before: first) { _ in order.add(2) }
        log.writer.step(now: 0)
        #expect(order.items == [1, 2, 3])
        log.whenDurable(before: second) { _ in order.add(4) }
        #expect(order.items == [1, 2, 3, 4])
    }

    @Test func `a completion may append and wait again`() throws {
        let log = try LogFixture(MemoryFiles()).open()
        let order = Order()
        let first = try log.append(1).upperBound
        log.whenDurable(before: first) { _ in
            order.add(1)
            log.whenDurable(before: first) { _ in order.add(3) }
            let next = try! log.append(1).upperBound
            log.whenDurable(before: next) { _ in order.add(4) }
        }
        log.whenDurable(before: first) { _ in order.add(2) }
        while log.writer.step(now: 0) {}
        #expect(order.items == [1, 2, 3, 4])
    }

    @Test func `an unforced append is written after a moment, and synced when somebody waits for it`() throws {
        let fixture = LogFixture(MemoryFiles())
        let log = try fixture.open()
        let end = try log.append(1, forced: false).upperBound
        #expect(!log.writer.step(now: 0))
        #expect(log.writer.nextWake == fixture.options.unforcedWriteDelay)
        #expect(!log.writer.step(now: 1))
        #expect(log.writer.step(now: 2))
        #expect(log.durableLSN == .first)
        let acknowledged = Flag()
        log.whenDurable(before: end) { _ in acknowledged.set() }
        #expect(log.writer.step(now: 2))
        #expect(acknowledged.isSet)
    }

    @Test func `an unforced append rides with the next forced one`() throws {
        let log = try LogFixture(MemoryFiles()).open()
        try log.append(1, forced: false)
        let end = try log.append(1).upperBound
        #expect(log.writer.step(now: 0))
        #expect(log.durableLSN == end)
    }

    @Test func `a relaxed append is acknowledged by its write, and synced a moment later`() throws {
        var fixture = LogFixture(MemoryFiles())
        fixture.options.durability = .relaxed
        let log = try fixture.open()
        let acknowledged = Flag()
        let end = try log.append(1).upperBound
        log.whenDurable(before: end) { _ in acknowledged.set() }
        #expect(log.writer.step(now: 0))
        #expect(acknowledged.isSet)
        #expect(log.durableLSN == .first)
        #expect(!log.writer.step(now: 49))
        #expect(log.writer.step(now: 50))
        #expect(log.durableLSN == end)
    }

    @Test func `an idle log vouches for its last frame, once`() throws {
        let fixture = LogFixture(MemoryFiles())
        let log = try fixture.open()
        try log.append(1)
        #expect(log.writer.step(now: 0))
        #expect(!log.writer.step(now: 49))
        #expect(log.writer.step(now: 50))
        #expect(!log.writer.step(now: 1_000))
        #expect(log.writer.nextWake == nil)
        let report = try LogInspector(directory: LogFixture.directory, fileSystem: fixture.files).verify()
        #expect(report.segments.map(\.syncPointCount) == [1])
    }

    @Test func `a clock that goes back delays nothing`() throws {
        let log = try LogFixture(MemoryFiles()).open()
        try log.append(1, forced: false)
        #expect(!log.writer.step(now: 1_000_000))
        #expect(log.writer.step(now: 5))
        #expect(log.writer.step(now: 0))
        #expect(log.durableLSN == LSN(2))
    }

    @Test func `a record larger than a frame, and a group larger than a segment, are stored whole`() throws {
        let fixture = LogFixture(MemoryFiles(), segment: 64 << 10)
        let log = try fixture.open()
        var batch = RecordBatch()
        for size in [FormatLimits.frameBodyByteCountMax + 1, 0, 300_000] {
            batch.append(execution: 1, sequence: 1, kind: 1, time: 1, body: [UInt8](repeating: 7, count: size))
        }
        let room = log.room(forRecords: 3, bodyBytes: batch.bodies.count)
        #expect(try !log.tryReserve(byteCount: room, .completion))
        #expect(log.preparer.step())
        #expect(try log.tryReserve(byteCount: room, .completion))
        log.enqueue(batch, forced: true, reservation: room)
        while log.writer.step(now: 0) {}
        #expect(log.durableLSN == LSN(4))
        #expect(try log.record(at: LSN(3)).body == [UInt8](repeating: 7, count: 300_000))
        try log.close()
        var sizes: [Int] = []
        try fixture.open { sizes.append($0.body.count) }.close()
        #expect(sizes == batch.entries.map(\.length))
    }

    @Test func `an append over the limit is refused before anything is written`() throws {
        let log = try LogFixture(MemoryFiles()).open()
        let limit = FormatLimits.groupByteCountMax
        #expect(throws: LogError.appendTooLarge(byteCount: limit + 1, limit: limit)) {
            try log.tryReserve(byteCount: limit + 1, .new)
        }
    }

    @Test func `the same seed gives the same bytes`() throws {
        let contents = try (0..<2).map { _ in
            let files = MemoryFiles()
            let fixture = LogFixture(files, segment: 32 << 10)
            for seed in [1, 2] as [UInt64] {
                let log = try fixture.open(seed: seed)
                for _ in 0..<100 {
                    try log.append(10)
                    log.writer.step(now: 0)
                }
                try log.close()
            }
            return files.contents
        }
        #expect(contents[0] == contents[1])
        #expect(contents[0].count > 3)
    }

    @Test func `a segment grows to the next size when it is full, and its unused tail is given back`() throws {
        let files = MemoryFiles()
        var fixture = LogFixture(files)
        fixture.options.segmentSizes = [32 << 10, 64 << 10]
        let log = try fixture.open()
        for _ in 0..<300 {
            try log.append(10)
            log.writer.step(now: 0)
        }
        try log.close()
        let sizes = files.list(LogFixture.directory).filter { $0 != "lock" }.map {
            files.contents[LogFixture.directory + "/" + $0]!.count
        }
        #expect(sizes.count > 2)
        #expect(sizes[0] < 32 << 10)
        #expect(sizes.last == 64 << 10)
        #expect(sizes.dropLast().dropFirst().allSatisfy { (32 << 10..<64 << 10).contains($0) })
    }

    @Test func `a closed log refuses, and closing again does nothing`() throws {
        let log = try LogFixture(MemoryFiles()).open()
        try log.close()
        try log.close()
        #expect(throws: LogError.closed) { try log.tryReserve(byteCount: 100, .completion) }
        let told = Flag()
        let end = log.enqueue(LogFixture.batch(from: log.nextLSN, count: 1), forced: true, reservation: 0).upperBound
        log.whenDurable(before: end) { error in if error == .closed { told.set() } }
        #expect(told.isSet)
    }

    @Test func `closing writes what was enqueued`() throws {
        let fixture = LogFixture(MemoryFiles())
        let log = try fixture.open()
        try log.append(3, forced: false)
        try log.close()
        #expect(try fixture.recover() == LSN(4))
    }
}
