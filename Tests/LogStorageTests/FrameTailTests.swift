import Testing

@testable import LogStorage

@Suite struct FrameTailTests {
    /// What following a log gave, checked as it comes.
    private struct Follower {
        var tail: FrameTail
        var next: LSN
        var frames: [FrameOutline] = []

        init(_ log: SegmentedLog, from lsn: LSN = .first) {
            tail = log.follow(from: lsn)
            next = lsn
        }

        /// Takes what there is, and says what is wrong with it; nil: nothing.
        mutating func drain(atMost limit: Int = .max) throws -> String? {
            for _ in 0..<limit {
                guard let frame = try tail.next() else { return nil }
                if frame.header.firstLSN != next { return "\(frame.header.firstLSN) instead of \(next)" }
                for (index, entry) in frame.entries.enumerated() {
                    let record = LogFixture.record(frame.lsn(at: index))
                    let expected = RecordBatch.Entry(
                        execution: record.execution, sequence: record.sequence, kind: record.kind,
                        length: record.body.count, time: record.time)
                    if entry != expected { return "LSN \(record.lsn.rawValue): \(entry)" }
                }
                next = frame.header.endLSN
                frames.append(frame)
            }
            return nil
        }
    }

    @Test(arguments: TestSeeds.some(30))
    func `it gives every durable frame once, in order, whatever the writer does meanwhile`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var fixture = LogFixture(SimulatedDisk(), segment: 16 << 10)
        fixture.options.padCommits = seed % 5 == 0
        fixture.options.durability = seed % 3 == 0 ? .relaxed : .durable
        let log = try fixture.open(seed: seed)
        var follower = Follower(log)
        for _ in 0..<300 {
            switch Int.random(in: 0..<8, using: &random) {
            case 0, 1, 2: try log.append(Int.random(in: 1...9, using: &random), forced: Bool.random(using: &random))
            case 3: log.writer.step(now: fixture.clock.now())
            case 4: log.preparer.step()
            case 5: fixture.clock.advance(Int64.random(in: 1...70, using: &random))
            default:
                let complaint = try follower.drain(atMost: Int.random(in: 1...4, using: &random))
                #expect(complaint == nil, "INDELIBLE_SEED=\(seed)")
                #expect(follower.next <= log.durableLSN, "INDELIBLE_SEED=\(seed): not durable yet")
            }
        }
        fixture.clock.advance(100)
        while log.writer.step(now: fixture.clock.now()) {}
        #expect(try follower.drain() == nil, "INDELIBLE_SEED=\(seed)")
        #expect(follower.next == log.durableLSN, "INDELIBLE_SEED=\(seed)")
        #expect(follower.tail.position == follower.next)
        #expect(Set(follower.frames.map(\.location.file)).count > 1, "INDELIBLE_SEED=\(seed): it goes over rollovers")
        try log.close()

        // Another one, which begins where this log is full.
        let again = try fixture.open(seed: seed &+ 1)
        var second = Follower(again)
        #expect(try second.drain() == nil, "INDELIBLE_SEED=\(seed)")
        #expect(second.frames.starts(with: follower.frames), "INDELIBLE_SEED=\(seed): places are as they were")
        try again.close()
    }

    @Test func `it begins with the frame that holds the record asked for`() throws {
        let fixture = LogFixture(SimulatedDisk(), segment: 16 << 10)
        let log = try fixture.open()
        var starts: [LSN] = []
        for count in 1...40 {
            starts.append(try log.append(count % 5 + 1).lowerBound)
            while log.writer.step(now: 0) {}
        }
        for lsn in 1..<log.nextLSN.rawValue {
            var tail = log.follow(from: LSN(lsn))
            let frame = try #require(try tail.next())
            #expect(frame.header.firstLSN == starts.last { $0 <= LSN(lsn) })
        }
        var end = log.follow(from: log.nextLSN)
        #expect(try end.next() == nil)
        try log.append(1)
        log.writer.step(now: 0)
        #expect(try end.next()?.entries.count == 1)
        try log.close()
    }

    @Test func `damage is named, and met again by the next call`() throws {
        let files = MemoryFiles()
        let log = try LogFixture(files, segment: 16 << 10).open()
        for _ in 0..<3 {
            try log.append(2)
            log.writer.step(now: 0)
        }
        var tail = log.follow(from: .first)
        let first = try #require(try tail.next())
        let path = "/log/00000001.segment"
        let place = first.location.offset + first.byteCount
        var damaged = log.follow(from: .first)
        files.contents[path]![place + 30] ^= 1
        // Written through another set of files, so a reader that is opened now sees it.
        _ = try damaged.next()
        for _ in 0..<2 {
            #expect {
                _ = try damaged.next()
            } throws: { error in
                guard case .damaged(let damage)? = error as? LogError else { return false }
                return damage.segment == 1 && damage.offset == place
            }
        }
    }
}
