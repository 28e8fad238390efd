import Testing

@testable import LogStorage

@Suite struct SimulatedDiskTests {
    static let seeds: Range<UInt64> = 0..<300
    static let inputOutputError: Int32 = 5
    static let diskFull: Int32 = 28

    /// A disk with a durable file of one sector of ones and one of twos.
    private func diskWithFile() throws -> (SimulatedDisk, any LogFile) {
        let disk = SimulatedDisk(seed: 1)
        try disk.createDirectory("log")
        let file = try disk.open("log/file", .create)
        try file.write(sector(1) + sector(2), at: 0)
        try file.sync()
        try disk.syncDirectory("log")
        return (disk, file)
    }

    private func sector(_ byte: UInt8) -> [UInt8] {
        [UInt8](repeating: byte, count: 512)
    }

    /// The contents that crashes of this disk leave in the file; nil where it has no name.
    private func outcomes(_ disk: SimulatedDisk, _ path: String = "log/file") -> Set<[UInt8]?> {
        Set(Self.seeds.map { disk.crashed(seed: $0).contents(of: path) })
    }

    private func expect(_ reason: FileSystemError.Reason, _ body: () throws -> Void) {
        #expect {
            try body()
        } throws: { error in
            (error as? FileSystemError)?.reason == reason
        }
    }

    // MARK: What a crash leaves

    @Test func `what was synced survives every crash`() throws {
        let (disk, file) = try diskWithFile()
        #expect(outcomes(disk) == [sector(1) + sector(2)])
        try file.write(sector(3), at: 512)
        try file.syncData()
        #expect(outcomes(disk) == [sector(1) + sector(3)])
    }

    @Test func `each unsynced sector is old or new by itself`() throws {
        let (disk, file) = try diskWithFile()
        try file.write(sector(3) + sector(4), at: 0)
        #expect(disk.contents(of: "log/file") == sector(3) + sector(4))
        #expect(
            outcomes(disk) == [
                sector(1) + sector(2), sector(3) + sector(2), sector(1) + sector(4), sector(3) + sector(4),
            ])
    }

    @Test func `a sector written twice may be in any of its versions, never a mix`() throws {
        let (disk, file) = try diskWithFile()
        try file.write([7, 7], at: 0)
        try file.write([8, 8], at: 1)
        let tail = sector(1).dropFirst(3) + sector(2)
        #expect(outcomes(disk) == [[1, 1, 1] + tail, [7, 7, 1] + tail, [7, 8, 8] + tail])
    }

    @Test func `a size is durable by sync alone, and not atomic with the bytes`() throws {
        let (disk, file) = try diskWithFile()
        let old = sector(1) + sector(2)
        try file.write(sector(3), at: 1_024)
        #expect(outcomes(disk) == [old, old + sector(0), old + sector(3)])
        try file.syncData()
        #expect(outcomes(disk) == [old, old + sector(3)])
        try file.sync()
        #expect(outcomes(disk) == [old + sector(3)])
    }

    @Test func `a file without a synced directory has a name or not`() throws {
        let disk = SimulatedDisk()
        try disk.createDirectory("log")
        let file = try disk.open("log/file", .create)
        try file.write(sector(1), at: 0)
        try file.sync()
        #expect(outcomes(disk) == [nil, sector(1)])
        try disk.syncDirectory("log")
        #expect(outcomes(disk) == [sector(1)])
        try disk.remove("log/file")
        #expect(disk.contents(of: "log/file") == nil)
        #expect(outcomes(disk) == [nil, sector(1)])
    }

    @Test func `a name may survive without the bytes`() throws {
        let disk = SimulatedDisk()
        try disk.createDirectory("log")
        let file = try disk.open("log/file", .create)
        try file.write(sector(1), at: 0)
        try disk.syncDirectory("log")
        #expect(outcomes(disk) == [[], sector(0), sector(1)])
    }

    @Test func `a rename is atomic and durable by its directory's sync`() throws {
        let (disk, _) = try diskWithFile()
        let other = try disk.open("log/other", .create)
        try other.write([9], at: 0)
        try other.sync()
        try disk.syncDirectory("log")
        try disk.rename("log/other", to: "log/file")
        let names = Set(Self.seeds.map { try! disk.crashed(seed: $0).list("log") })
        #expect(names == [["file", "other"], ["file"]])
        #expect(outcomes(disk) == [[9], sector(1) + sector(2)])
        try disk.syncDirectory("log")
        #expect(outcomes(disk) == [[9]])
    }

    @Test func `changes of names get to the disk in any order`() throws {
        let disk = SimulatedDisk()
        try disk.createDirectory("log")
        for name in ["a", "b"] { try disk.open("log/" + name, .create).sync() }
        let names = Set(Self.seeds.map { try! disk.crashed(seed: $0).list("log") })
        #expect(names == [[], ["a"], ["b"], ["a", "b"]])
    }

    @Test func `a cut and a given back tail get to the disk or not`() throws {
        let (disk, file) = try diskWithFile()
        try file.deallocate(from: 512)
        #expect(disk.contents(of: "log/file") == sector(1) + sector(0))
        #expect(outcomes(disk) == [sector(1) + sector(2), sector(1) + sector(0)])
        try file.sync()
        try file.truncate(to: 100)
        try file.truncate(to: 200)
        let cut = [UInt8](repeating: 1, count: 100) + [UInt8](repeating: 0, count: 100)
        #expect(disk.contents(of: "log/file") == cut)
        try file.sync()
        #expect(outcomes(disk) == [cut])
    }

    @Test func `a killed process loses nothing that it wrote, and its locks`() throws {
        let (disk, file) = try diskWithFile()
        try file.write(sector(3), at: 0)
        let lock = try disk.lock("log/lock", wait: false)
        let killed = disk.afterProcessKill()
        #expect(killed.contents(of: "log/file") == sector(3) + sector(2))
        #expect(outcomes(killed) == outcomes(disk))
        try killed.lock("log/lock", wait: false).release()
        expect(.locked) { _ = try disk.lock("log/lock", wait: false) }
        lock.release()
        try disk.lock("log/lock", wait: false).release()
    }

    @Test func `crash points hold the disk after every change`() throws {
        let disk = SimulatedDisk(recordsCrashPoints: true)
        try disk.createDirectory("log")
        let file = try disk.open("log/file", .create)
        try disk.syncDirectory("log")
        try file.write(sector(1), at: 0)
        _ = try file.read(at: 0, count: 1)
        try file.sync()
        try file.write(sector(2), at: 0)
        let points = disk.crashPoints
        #expect(
            points.map(\.operation.operation) == [.createDirectory, .create, .syncDirectory, .write, .sync, .write])
        #expect(points.map(\.operationCount) == [1, 2, 3, 4, 6, 7])
        let outcomes = points.map { point in
            Set(Self.seeds.map { point.disk(seed: $0).contents(of: "log/file") })
        }
        #expect(
            outcomes == [
                [nil], [nil, []], [[]], [[], sector(0), sector(1)], [sector(1)], [sector(1), sector(2)],
            ])
        #expect(points[5].diskAfterProcessKill().contents(of: "log/file") == sector(2))
    }

    @Test func `the same seed leaves the same disk`() throws {
        let (disk, file) = try diskWithFile()
        for index in 0..<50 { try file.write(sector(UInt8(index)), at: index * 300) }
        for seed in Self.seeds {
            let crashed = disk.crashed(seed: seed)
            #expect(crashed.contents(of: "log/file") == disk.crashed(seed: seed).contents(of: "log/file"))
            // What is there after a crash is durable.
            #expect(
                crashed.crashed(seed: seed &+ 1).contents(of: "log/file") == crashed.contents(of: "log/file"))
        }
    }

    // MARK: Failures

    @Test func `the n-th call of a class fails, once or for ever`() throws {
        let (disk, file) = try diskWithFile()
        disk.fail(nth: 2, of: .write, code: Self.inputOutputError)
        try file.write([1], at: 0)
        try file.sync()
        expect(.inputOutput) { try file.write([1], at: 0) }
        try file.write([1], at: 0)
        disk.fail(nth: 1, of: .read, code: Self.inputOutputError, persists: true)
        for _ in 0..<3 { expect(.inputOutput) { _ = try file.read(at: 0, count: 1) } }
        disk.stopFailing()
        #expect(try file.read(at: 0, count: 1) == [1])
        #expect(disk.operations.count(where: \.failed) == 4)
        #expect(disk.operationCount(.read) == 4)
    }

    @Test func `a failed sync forgets what it did not write, while the cache goes on showing it`() throws {
        let (disk, file) = try diskWithFile()
        var lost = 0
        for round in UInt8(10)..<40 {
            let before = try file.readUncached(at: 0, count: 1_024)
            try file.write(sector(round) + sector(round), at: 0)
            disk.fail(nth: 1, of: .sync, code: Self.inputOutputError)
            expect(.inputOutput) { try file.syncData() }
            #expect(disk.contents(of: "log/file") == sector(round) + sector(round))
            try file.syncData()
            let after = outcomes(disk)
            #expect(after.count == 1)
            let onDisk = try file.readUncached(at: 0, count: 1_024)
            #expect(after == [onDisk])
            // Later cached reads agree with the device.
            #expect(try file.read(at: 0, count: 1_024) == onDisk)
            if onDisk == before { lost += 1 }
        }
        #expect(lost > 0)
    }

    @Test func `a sync that lies writes nothing, and a later one that does not lie writes it`() throws {
        let (disk, file) = try diskWithFile()
        disk.lie(nth: 2)
        try file.write(sector(3), at: 0)
        try file.syncData()
        #expect(!disk.hasLied)
        try file.write(sector(4), at: 0)
        try file.syncData()
        #expect(disk.hasLied && disk.afterProcessKill().hasLied && !disk.crashed(seed: 0).hasLied)
        #expect(outcomes(disk) == [sector(3) + sector(2), sector(4) + sector(2)])
        try file.syncData()
        #expect(outcomes(disk) == [sector(4) + sector(2)])
    }

    @Test func `a sync that fails after one that lied forgets what both did not write`() throws {
        let (disk, file) = try diskWithFile()
        disk.lie(nth: 1)
        try file.write(sector(3), at: 0)
        try file.syncData()
        disk.fail(nth: 1, of: .sync, code: Self.inputOutputError)
        expect(.inputOutput) { try file.syncData() }
        let left = outcomes(disk)
        #expect(left.count == 1 && left.isSubset(of: [sector(1) + sector(2), sector(3) + sector(2)]))
    }

    @Test func `a read past the cache sends what waits, and does not sync it`() throws {
        let (disk, file) = try diskWithFile()
        try file.write(sector(3), at: 0)
        #expect(try file.readUncached(at: 0, count: 512) == sector(3))
        #expect(outcomes(disk).contains(sector(1) + sector(2)))
    }

    @Test func `a failed write has written any part`() throws {
        var parts: Set<[UInt8]> = []
        for seed in Self.seeds {
            let disk = SimulatedDisk(seed: seed)
            let file = try disk.open("file", .create)
            disk.fail(nth: 1, of: .write, code: Self.inputOutputError)
            expect(.inputOutput) { try file.write([1, 2, 3], at: 0) }
            parts.insert(disk.contents(of: "file")!)
        }
        #expect(parts == [[], [1], [1, 2], [1, 2, 3]])
    }

    @Test func `a full disk refuses what needs room, and takes what does not`() throws {
        let disk = SimulatedDisk(capacity: 2_048)
        let file = try disk.open("file", .create)
        try file.write([UInt8](repeating: 0, count: 1_536), at: 0)
        #expect(disk.usedByteCount == 1_536)
        expect(.diskFull) { try file.write(sector(1) + sector(2), at: 1_536) }
        #expect(disk.contents(of: "file")?.suffix(512) == sector(1)[...])
        expect(.diskFull) { _ = try disk.open("other", .create) }
        try file.write(sector(3), at: 512)
        disk.capacity = 4_096
        let other = try disk.open("other", .create)
        try other.write(sector(4), at: 0)
        #expect(disk.usedByteCount == 2_560)
        try file.deallocate(from: 512)
        try disk.remove("other")
        #expect(disk.usedByteCount == 512)
    }

    // MARK: Names and calls

    @Test func `names behave as on a system`() throws {
        let disk = SimulatedDisk()
        try disk.createDirectory("/data/log/")
        try disk.createDirectory("/data/log")
        #expect(try disk.list("/data") == ["log"])
        #expect(try disk.exists("/data/log"))
        expect(.notFound) { _ = try disk.list("/other") }
        expect(.notFound) { _ = try disk.open("/data/log/file", .readWrite) }
        expect(.notFound) { _ = try disk.open("/other/file", .create) }
        let file = try disk.open("/data/log/file", .create)
        expect(.alreadyExists) { _ = try disk.open("/data/log/file", .create) }
        expect(.notADirectory) { _ = try disk.list("/data/log/file") }
        expect(.notADirectory) { try disk.createDirectory("/data/log/file") }
        expect(.notADirectory) { try disk.createDirectory("/data/log/file/below") }
        #expect(try file.size() == 0)
        let reader = try disk.open("/data/log/file", .read)
        expect(.other) { try reader.write([1], at: 0) }
    }

    @Test func `a file can be put in place and lost behind the caller's back`() throws {
        let disk = SimulatedDisk()
        disk.replace("file", with: [1, 2, 3])
        #expect(outcomes(disk, "file") == [[1, 2, 3]])
        disk.replace("file", with: [4])
        #expect(try disk.open("file", .read).read(at: 0, count: 9) == [4])
        disk.lose("file")
        #expect(outcomes(disk, "file") == [nil])
    }

    @Test func `calls from many threads leave a whole disk`() async throws {
        let (disk, file) = try diskWithFile()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<8 {
                group.addTask {
                    for _ in 0..<50 { try file.write([UInt8](repeating: UInt8(index), count: 512), at: index * 512) }
                }
            }
            try await group.waitForAll()
        }
        try file.sync()
        #expect(disk.contents(of: "log/file") == (0..<8).flatMap { sector($0) })
    }
}
