import Testing

@testable import LogStorage

@Suite struct LogFullDiskTests {
    @Test func `a full disk refuses new work, lets running work go on, and takes all again once there is space`() throws
    {
        let disk = SimulatedDisk()
        let fixture = LogFixture(disk, segment: 64 << 10)
        let log = try fixture.open()
        disk.capacity = disk.usedByteCount + 1_000
        #expect(log.preparer.step())
        #expect(
            disk.contents(of: "/log/00000002.segment.tmp") == nil, "the space that a failed spare took is given back")
        #expect(throws: noRoom(2)) { try log.tryReserve(byteCount: 100, .new) }

        // Completions have the rest of the segment, down to the last byte that was promised.
        var completed = 0
        #expect(throws: noRoom(2)) {
            while true {
                let batch = LogFixture.batch(from: log.nextLSN, count: 4)
                let room = log.room(forRecords: 4, bodyBytes: batch.bodies.count)
                while try !log.tryReserve(byteCount: room, .completion) { log.writer.step(now: 0) }
                log.enqueue(batch, forced: true, reservation: room)
                completed += 1
            }
        }
        while log.writer.step(now: 0) {}
        #expect(completed > 20)
        #expect(log.failure == nil)
        #expect(log.durableLSN == log.nextLSN)

        // The preparer tries again after a pause, and then the log goes on without being reopened.
        disk.capacity = .max
        #expect(!log.preparer.step())
        fixture.clock.advance(100)
        #expect(log.preparer.step())
        #expect(try log.tryReserve(byteCount: 100, .new))
        log.release(reservation: 100)
        try log.append(3)
        let end = log.nextLSN
        try log.close()
        #expect(try fixture.recover() == end)
    }

    @Test func `opening on a full disk is refused, changes nothing, and works once there is space`() throws {
        let disk = SimulatedDisk()
        let fixture = LogFixture(disk, segment: 64 << 10)
        let log = try fixture.open()
        let end = try log.append(10).upperBound
        try log.close()
        disk.capacity = disk.usedByteCount + 1_000
        let full = FileSystemError(.write, "/log/00000002.segment.tmp", code: 28)
        #expect(throws: LogError.storage(full)) { try fixture.open() }
        #expect(disk.contents(of: "/log/00000002.segment.tmp") == nil)
        disk.capacity = .max
        #expect(try fixture.recover() == end)
    }

    @Test func `a crash on a full disk loses nothing that was acknowledged`() throws {
        for seed in 1...20 as ClosedRange<UInt64> {
            let disk = SimulatedDisk(seed: seed, capacity: 60_000 + Int(seed) * 2_000)
            let script = LogScript(disk)
            // The run ends where the disk is full, or nowhere.
            do { try script.run(seed: seed, rounds: 3) } catch {}
            let crashed = disk.crashed(seed: seed)
            crashed.capacity = .max
            #expect(crashed.complaint(of: script) == nil, "seed \(seed)")
        }
    }

    @Test func `an append that needs a longer spare than fits is refused, and the others go on`() throws {
        let disk = SimulatedDisk()
        let log = try LogFixture(disk, segment: 64 << 10).open()
        #expect(log.preparer.step())
        disk.capacity = disk.usedByteCount + 1_000
        let large = 200 << 10
        #expect(try !log.tryReserve(byteCount: large, .completion))
        #expect(log.preparer.step())
        #expect(throws: noRoom(2)) { try log.tryReserve(byteCount: large, .completion) }
        #expect(try log.tryReserve(byteCount: 1_000, .new))
        log.release(reservation: 1_000)
        try log.append(2)
        try log.close()
    }

    @Test func `who waits behind one that is refused for want of space has room once there is some`() async throws {
        let disk = SimulatedDisk()
        let fixture = LogFixture(disk, segment: 64 << 10)
        let log = try fixture.open()
        #expect(log.preparer.step())
        disk.capacity = disk.usedByteCount + 1_000
        let large = Task.immediate { try await log.reserve(byteCount: 200 << 10, .completion) }
        let smaller = Task.immediate { try await log.reserve(byteCount: 150 << 10, .completion) }
        #expect(log.preparer.step())
        await #expect(throws: noRoom(2)) { try await large.value }
        disk.capacity = .max
        fixture.clock.advance(10_000)
        try #require(log.preparer.step(), "nobody asks for a longer spare")
        try await smaller.value
        log.release(reservation: 150 << 10)
        try log.close()
    }

    private func noRoom(_ segment: UInt64) -> LogError {
        .noRoom(FileSystemError(.write, "/log/" + SegmentNames.temporary(segment), code: 28))
    }
}
