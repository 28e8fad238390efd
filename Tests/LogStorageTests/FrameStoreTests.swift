import Testing

@testable import LogStorage

@Suite struct FrameStoreTests {
    private func outlines(_ files: any LogFileSystem) throws -> [FrameOutline] {
        var frames: [FrameOutline] = []
        _ = try SegmentFooter.scan(.rewrite(1), directory: "/log", fileSystem: files) { frames.append($0) }
        return frames
    }

    private func disk() throws -> SimulatedDisk {
        let disk = SimulatedDisk()
        try disk.createDirectory("/log")
        try RewriteFixture(seed: 6, executions: 300, large: true).make(disk, target: 2_000)
        return disk
    }

    @Test func `a frame comes back as it was written, from the disk once`() throws {
        let disk = try disk()
        let store = FrameStore(directory: "/log", fileSystem: disk, cacheByteLimit: 64 << 20)
        let frames = try outlines(disk)
        for _ in 0..<2 {
            for outline in frames {
                let frame = try store.frame(at: outline.location)
                #expect(frame.header == outline.header && frame.entries == outline.entries)
                #expect(frame.entries.indices.allSatisfy { frame.lsn(at: $0) == outline.lsn(at: $0) })
            }
        }
        let opens = disk.operations.count { $0.operation == .open }
        let reads = disk.operations.count { $0.operation == .read }
        for outline in frames { _ = try store.frame(at: outline.location) }
        #expect(disk.operations.count { $0.operation == .open } == opens)
        #expect(disk.operations.count { $0.operation == .read } == reads)
    }

    @Test func `it keeps to its budget, and the frames used last`() throws {
        let disk = try disk()
        let limit = 40_000
        let store = FrameStore(directory: "/log", fileSystem: disk, cacheByteLimit: limit)
        let frames = try outlines(disk)
        #expect(frames.contains { $0.header.rawLength > limit }, "one that alone is over it")
        var random = SplitMix64(seed: 1)
        for _ in 0..<2_000 {
            let outline = frames.randomElement(using: &random)!
            #expect(try store.frame(at: outline.location).header == outline.header)
            #expect(store.cachedByteCount <= limit)
        }
        let small = frames.filter { $0.header.rawLength < 2_000 }.prefix(6)
        for outline in small { _ = try store.frame(at: outline.location) }
        let reads = disk.operations.count { $0.operation == .read }
        for outline in small { _ = try store.frame(at: outline.location) }
        #expect(disk.operations.count { $0.operation == .read } == reads)

        let none = FrameStore(directory: "/log", fileSystem: disk, cacheByteLimit: 0)
        _ = try none.frame(at: frames[0].location)
        #expect(none.cachedByteCount == 0)
    }

    @Test func `a file that was dropped is told from damage`() throws {
        let disk = try disk()
        let store = FrameStore(directory: "/log", fileSystem: disk, cacheByteLimit: 1 << 20)
        let frames = try outlines(disk)
        let kept = try store.frame(at: frames[0].location)
        try disk.remove("/log/00000001.rewrite")
        // Open files and frames in memory outlive the name.
        #expect(try store.frame(at: frames[0].location).entries == kept.entries)
        _ = try store.frame(at: frames[1].location)
        store.forget(.rewrite(1))
        #expect(store.cachedByteCount == 0)
        for outline in frames.prefix(2) {
            #expect(throws: FrameStoreError.gone(.rewrite(1))) { try store.frame(at: outline.location) }
        }
        #expect(throws: FrameStoreError.gone(.append(9))) {
            try store.frame(at: FrameLocation(file: .append(9), offset: 8_192))
        }
    }

    @Test func `a place that holds no frame is damage, with the file and the place`() throws {
        let disk = try disk()
        let store = FrameStore(directory: "/log", fileSystem: disk, cacheByteLimit: 1 << 20)
        let size = disk.contents(of: "/log/00000001.rewrite")!.count
        for offset in [0, 8, 4_096, 8_193, 8_200, size - 64, size, size + 4_096, .max - 7, -8] {
            let location = FrameLocation(file: .rewrite(1), offset: offset)
            #expect {
                try store.frame(at: location)
            } throws: { error in
                guard case .damaged(let damage)? = error as? FrameStoreError else { return false }
                return damage.file == .rewrite(1) && damage.offset == offset
            }
        }
        #expect(store.cachedByteCount == 0)
    }

    @Test func `a device that refuses is no damage, and the next read may succeed`() throws {
        let disk = try disk()
        let frames = try outlines(disk)
        for nth in 1... {
            let store = FrameStore(directory: "/log", fileSystem: disk, cacheByteLimit: 1 << 20)
            disk.fail(nth: nth, of: .any, code: 5)
            let largest = frames.max { $0.byteCount < $1.byteCount }!
            var failure: FrameStoreError?
            do throws(FrameStoreError) { _ = try store.frame(at: largest.location) } catch { failure = error }
            disk.stopFailing()
            #expect(try store.frame(at: largest.location).header == largest.header)
            guard let failure else {
                #expect(nth > 3)
                return
            }
            guard case .storage = failure else {
                Issue.record("call \(nth): \(failure)")
                return
            }
        }
    }

    @Test func `frames of append segments are read while the log goes on`() throws {
        let disk = SimulatedDisk()
        let log = try LogFixture(disk, segment: 16 << 10).open()
        let store = FrameStore(directory: "/log", fileSystem: disk, cacheByteLimit: 1 << 20)
        var tail = log.follow(from: .first)
        for count in 0..<80 {
            try log.append(count % 5 + 1)
            while log.writer.step(now: 0) {}
            while let outline = try tail.next() {
                let frame = try store.frame(at: outline.location)
                #expect(
                    frame.entries.indices.allSatisfy { frame.record(at: $0) == LogFixture.record(frame.lsn(at: $0)) })
            }
        }
        #expect(tail.position == log.nextLSN)
        try log.close()
    }

    @Test(arguments: [true, false])
    func `dead frames behind the end of a segment are found for nobody`(isOpen: Bool) throws {
        let disk = SimulatedDisk()
        let path = "/log/00000001.segment"
        var log = try LogFixture(disk).open()
        for _ in 0..<3 {
            try log.append(3)
            while log.writer.step(now: 0) {}
        }
        var ends: [Int] = []
        var tail = log.follow(from: .first)
        while let frame = try tail.next() { ends.append(frame.location.offset + frame.byteCount) }
        try log.close()
        let whole = try #require(disk.contents(of: path))
        // The last commit is torn, and cut off; then the cut is undone, as a loss of power may, and its sectors are all there.
        disk.replace(path, with: whole.prefix(ends[1]) + [UInt8](repeating: 0, count: whole.count - ends[1]))
        log = try LogFixture(disk).open()
        try log.append(3)
        while log.writer.step(now: 0) {}
        disk.replace(path, with: whole)
        let store = FrameStore(directory: "/log", fileSystem: disk, cacheByteLimit: 1 << 20)
        let end = isOpen ? log.end(ofSegment: 1) : nil
        for execution in 1...4 as ClosedRange<UInt64> {
            let places = try store.locations(of: execution, in: .append(1), end: end)
            #expect(places.allSatisfy { $0.offset < ends[1] }, "\(execution)")
        }
        try log.close()
    }

    @Test func `a segment that does not reach to its end is damaged, and not searched for less`() throws {
        let disk = SimulatedDisk()
        let log = try LogFixture(disk).open()
        for _ in 0..<3 {
            try log.append(3)
            while log.writer.step(now: 0) {}
        }
        let end = try #require(log.end(ofSegment: 1))
        var bytes = try #require(disk.contents(of: "/log/00000001.segment"))
        bytes[SegmentHeader.encodedByteCount + 4] ^= 1
        disk.replace("/log/00000001.segment", with: bytes)
        let store = FrameStore(directory: "/log", fileSystem: disk, cacheByteLimit: 1 << 20)
        #expect(throws: FrameStoreError.self) { try store.locations(of: 1, in: .append(1), end: end) }
        #expect(try store.locations(of: 1, in: .append(1), end: nil).isEmpty)
        try log.close()
    }

    @Test func `frames that are not durable yet are left out`() throws {
        let disk = SimulatedDisk()
        let log = try LogFixture(disk).open()
        for _ in 0..<3 {
            try log.append(3)
            while log.writer.step(now: 0) {}
        }
        let store = FrameStore(directory: "/log", fileSystem: disk, cacheByteLimit: 1 << 20)
        let all = try (1...4 as ClosedRange<UInt64>).flatMap { try store.locations(of: $0, in: .append(1)) }
        let some = try (1...4 as ClosedRange<UInt64>).flatMap {
            try store.locations(of: $0, in: .append(1), below: LSN(7))
        }
        #expect(Set(all).count == 3 && Set(some).count == 2)
        try log.close()
    }

    @Test func `threads may read at the same time`() async throws {
        let disk = try disk()
        let store = FrameStore(directory: "/log", fileSystem: disk, cacheByteLimit: 30_000)
        let frames = try outlines(disk)
        try await withThrowingTaskGroup { group in
            for seed in 0..<4 as Range<UInt64> {
                group.addTask {
                    var random = SplitMix64(seed: seed)
                    for _ in 0..<300 {
                        let outline = frames.randomElement(using: &random)!
                        let header = try store.frame(at: outline.location).header
                        #expect(header == outline.header)
                        if random.next() % 50 == 0 { store.forget(.rewrite(1)) }
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}

@Suite struct RecentlyUsedTests {
    @Test(arguments: TestSeeds.some(8))
    func `it holds what a list in the order of use would hold`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var cache = RecentlyUsed<Int, Int>(limit: 100)
        // Oldest first.
        var model: [(key: Int, value: Int, cost: Int)] = []
        for step in 0..<4_000 {
            let key = Int.random(in: 0..<20, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                let cost = Int.random(in: 0...110, using: &random)
                cache.insert(step, for: key, cost: cost)
                model.removeAll { $0.key == key }
                guard cost <= 100 else { break }
                while model.reduce(0, { $0 + $1.cost }) + cost > 100 { model.removeFirst() }
                model.append((key, step, cost))
            case 1:
                cache.remove(key)
                model.removeAll { $0.key == key }
            default:
                let index = model.firstIndex { $0.key == key }
                #expect(cache.value(for: key) == index.map { model[$0].value }, "INDELIBLE_SEED=\(seed), step \(step)")
                if let index { model.append(model.remove(at: index)) }
            }
            #expect(cache.count == model.count && cache.cost == model.reduce(0) { $0 + $1.cost })
        }
    }
}
