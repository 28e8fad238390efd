import Foundation
import Indelible
import LogStorage
import Testing

/// A file is whole and durable before anything names it, and no file that a record names is ever touched.
@Suite struct FileSerdesDurabilityTests {
    typealias Unit = FileSerdesTests

    @Test func `the bytes are synced, then named, then every name above is synced`() async throws {
        let disk = try Unit.disk()
        let before = disk.operationCount()
        let record = try FileRecord(try await Unit.serdes(disk).encode("hello", for: Unit.place))
        let calls = disk.operations[before...].filter { ![.exists, .createDirectory].contains($0.operation) }
        #expect(
            calls.map(\.operation) == [.create, .write, .sync, .rename] + Array(repeating: .syncDirectory, count: 4))
        let draft = calls[calls.startIndex].path
        #expect(draft.hasSuffix(".tmp"))
        #expect(calls.prefix(4).allSatisfy { $0.path == draft })
        var directory = "values/" + (try #require(record.file))
        for call in calls.suffix(4) {
            directory = String(directory[..<(directory.lastIndex(of: "/") ?? directory.startIndex)])
            #expect(call.path == directory)
        }
    }

    @Test func `a second file in a directory syncs that directory alone`() async throws {
        let disk = try Unit.disk()
        let serdes = Unit.serdes(disk)
        _ = try await serdes.encode(1, for: Unit.place)
        let before = disk.operationCount(.sync)
        _ = try await serdes.encode(2, for: Unit.place)
        #expect(disk.operationCount(.sync) - before == 2)
    }

    @Test func `whatever call the power goes at, what was returned is there and what is made again is whole`()
        async throws
    {
        let disk = try Unit.disk(recordsCrashPoints: true)
        let first = try await Unit.serdes(disk).encode(["first"], for: Unit.place)
        let whole = disk.crashPoints.count
        let second = try await Unit.serdes(disk).encode(["second"], for: Unit.place)
        #expect(disk.crashPoints.count > whole + 4)
        for (index, point) in disk.crashPoints.enumerated() {
            for seed in 0..<12 as Range<UInt64> {
                let after = point.disk(seed: seed)
                let comment = Comment(rawValue: "crash point \(index) (\(point.operation)), seed \(seed)")
                if index >= whole - 1 {
                    #expect(try await Unit.serdes(after).decode([String].self, from: first) == ["first"], comment)
                }
                // The attempt is made again: with the same value, then with another.
                for value in ["first", "third"] {
                    let record = try await Unit.serdes(after).encode([value], for: Unit.place)
                    let later = after.crashed(seed: seed &+ 100)
                    #expect(try await Unit.serdes(later).decode([String].self, from: record) == [value], comment)
                    if index >= whole - 1 {
                        #expect(try await Unit.serdes(later).decode([String].self, from: first) == ["first"], comment)
                    }
                }
            }
        }
        #expect(try await Unit.serdes(disk).decode([String].self, from: second) == ["second"])
    }

    @Test(arguments: [DiskOperation.Class.write, .sync, .read], [EIO, ENOSPC])
    func `whatever call fails, the error says where, and the next try succeeds`(
        operations: DiskOperation.Class, code: Int32
    ) async throws {
        var failures = 0
        for nth in 1...20 {
            let disk = try Unit.disk()
            let serdes = Unit.serdes(disk)
            disk.fail(nth: nth, of: operations, code: code)
            var record: [UInt8]?
            do {
                record = try await serdes.encode("hello", for: Unit.place)
            } catch let error as SerdesError {
                failures += 1
                #expect(error.code == .unavailable)
                #expect(error.message.contains("values"), "\(error)")
                disk.stopFailing()
                record = try await serdes.encode("hello", for: Unit.place)
            }
            disk.stopFailing()
            let later = disk.crashed(seed: UInt64(nth))
            #expect(try await Unit.serdes(later).decode(String.self, from: record) == "hello", "call \(nth)")
        }
        #expect(failures > 2)
    }

    @Test func `a name that other bytes have is left alone`() async throws {
        let disk = try Unit.disk()
        let serdes = Unit.serdes(disk)
        let record = try await serdes.encode("hello", for: Unit.place)
        let path = "values/" + (try #require(try FileRecord(record).file))
        disk.replace(path, with: Array("forged!".utf8))
        let other = try await serdes.encode("hello", for: Unit.place)
        let name = try #require(try FileRecord(other).file)
        #expect("values/\(name)" == path.replacing(".json", with: ".1.json"))
        #expect(disk.contents(of: path) == Array("forged!".utf8))
        #expect(try await serdes.decode(String.self, from: other) == "hello")
        #expect(try await serdes.encode("hello", for: Unit.place) == other)
    }

    @Test func `a file that somebody put in place is synced before it is relied on`() async throws {
        let disk = try Unit.disk()
        let record = try await Unit.serdes(disk).encode("hello", for: Unit.place)
        let path = "values/" + (try #require(try FileRecord(record).file))
        disk.lose(path)
        let file = try disk.open(path, .create)
        try file.write(Array(#""hello""#.utf8), at: 0)
        file.close()
        #expect(try await Unit.serdes(disk).encode("hello", for: Unit.place) == record)
        for seed in 0..<12 as Range<UInt64> {
            let later = disk.crashed(seed: seed)
            #expect(try await Unit.serdes(later).decode(String.self, from: record) == "hello", "seed \(seed)")
        }
    }

    @Test func `names that are all taken are an error with what to do`() async throws {
        let disk = try Unit.disk()
        let serdes = Unit.serdes(disk)
        var last: SerdesError?
        for _ in 0..<40 where last == nil {
            do {
                let record = try FileRecord(try await serdes.encode("hello", for: Unit.place))
                disk.replace("values/" + (try #require(record.file)), with: Array("forged!".utf8))
            } catch let error as SerdesError {
                last = error
            }
        }
        #expect(last?.message.contains("remove those that no record names") == true)
    }

    @Test(arguments: [1, 3])
    func `writers of one place at one time agree, and leave no draft`(valueCount: Int) async throws {
        let disk = try Unit.disk()
        let shared = Unit.serdes(disk)
        let records = try await withThrowingTaskGroup(of: (Int, [UInt8]?).self) { group in
            for index in 0..<24 {
                group.addTask {
                    // As one process does, and as several do.
                    let serdes = index % 2 == 0 ? shared : Unit.serdes(disk)
                    return (index % valueCount, try await serdes.encode([index % valueCount], for: Unit.place))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(records.map { "\($0)" }).count == valueCount)
        for (value, record) in records {
            #expect(try await shared.decode([Int].self, from: record) == [value])
        }
        let files = try disk.files(below: "values")
        #expect(files.count == valueCount && files.allSatisfy { $0.hasSuffix(".json") })
    }

    @Test func `a thousand readers at once share a few threads`() async throws {
        let disk = try Unit.disk()
        let record = try await Unit.serdes(disk).encode("hello", for: Unit.place)
        let crowd = CrowdedFileSystem(disk, meeting: 16)
        let serdes = FileSerdes(at: "values", fileSystem: crowd)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<1_000 {
                group.addTask {
                    await #expect(throws: Never.self) { try await serdes.decode(String.self, from: record) }
                }
            }
        }
        #expect(crowd.mostAtOnce == 16)
    }
}
