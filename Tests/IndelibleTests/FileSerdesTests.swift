import ExecutionModel
import Foundation
import Indelible
import LogStorage
import Testing

@Suite struct FileSerdesTests {
    static let facts = ExecutionFacts(
        id: ExecutionID(number: ExecutionNumber(7), check: RandomBits(high: 1, low: 2)), function: "pay",
        name: "order 7/a", arn: "arn", startTime: Timestamp(millisecondsSinceEpoch: 0))
    static let place = SerdesPlace(facts, operation: "1-2")
    static let id = "7-00000000000000010000000000000002"

    static func disk(recordsCrashPoints: Bool = false) throws -> SimulatedDisk {
        let disk = SimulatedDisk(recordsCrashPoints: recordsCrashPoints)
        try disk.createDirectory("values")
        return disk
    }

    static func serdes(_ disk: SimulatedDisk, base: any Serdes = .json, mode: FileSerdes.Mode = .always) -> FileSerdes {
        FileSerdes(at: "values", base: base, mode: mode, fileSystem: disk)
    }

    static func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    // MARK: What is recorded

    @Test func `a value in a file leaves its path, length and checksum in the record`() async throws {
        let disk = try Self.disk()
        let serdes = Self.serdes(disk)
        let bytes = try await serdes.encode("hello", for: Self.place)
        let record = try FileRecord(bytes)
        let checksum = try #require(record.checksum)
        let file = "pay/order%207%2Fa/\(Self.id)/1-2.\(checksum).json"
        #expect(Self.text(bytes) == #"{"checksum":"\#(checksum)","file":"\#(file)","length":7}"#)
        #expect(disk.contents(of: "values/\(file)") == Array(#""hello""#.utf8))
        #expect(try disk.files(below: "values") == ["values/\(file)"])
        #expect(try await serdes.decode(String.self, from: bytes, for: Self.place) == "hello")
    }

    static let inline: [([UInt8], String)] = [
        (Array("plain".utf8), #"{"data":"plain"}"#),
        (Array("a \"b\"\n/".utf8), #"{"data":"a \"b\"\n/"}"#),
        ([], #"{"data":""}"#),
        ([0xFF, 0x00], #"{"base64":"/wA="}"#),
    ]

    @Test(arguments: inline)
    func `a small value is in the record, as text or as base64`(bytes: [UInt8], record: String) async throws {
        let serdes = Self.serdes(try Self.disk(), base: .bytes, mode: .overflow)
        let encoded = try await serdes.encode(bytes, for: Self.place)
        #expect(Self.text(encoded) == record)
        #expect(try await serdes.decode([UInt8].self, from: encoded, for: Self.place) == bytes)
    }

    @Test func `no bytes stay no bytes`() async throws {
        let silent = TransformingSerdes { bytes, _ in
            bytes
        } decode: { bytes, _ in
            bytes
        }
        let serdes = Self.serdes(try Self.disk(), base: silent)
        #expect(try await serdes.decode(Int?.self, from: nil, for: Self.place) == nil)
    }

    @Test(arguments: [(0, true), (1, false)])
    func `what the record takes is counted with its envelope`(excess: Int, isInline: Bool) async throws {
        let disk = try Self.disk()
        let serdes = Self.serdes(disk, base: .bytes, mode: .overflow)
        let overhead = #"{"data":""}"#.utf8.count
        let length = FileSerdes.inlineLengthMaxDefault - overhead + excess
        let bytes = try await serdes.encode(String(repeating: "x", count: length), for: Self.place)
        #expect((try FileRecord(bytes).file == nil) == isInline)
        #expect(FileSerdes.inlineLengthMaxDefault == 261_120)
    }

    // MARK: Where files are

    static let places: [(SerdesPlace, FileSerdes.PathStyle, String)] = [
        (SerdesPlace(facts), .readable, "pay/order%207%2Fa/\(id)/result."),
        (SerdesPlace(facts, operation: ".."), .readable, "pay/order%207%2Fa/\(id)/%2E%2E."),
        (.outside, .readable, "@outside/"),
        (.outside, .hashed, "@outside/"),
    ]

    @Test(arguments: places)
    func `the path follows from the place`(place: SerdesPlace, style: FileSerdes.PathStyle, prefix: String) async throws
    {
        let serdes = FileSerdes(at: "values", mode: .always, pathStyle: style, fileSystem: try Self.disk())
        let record = try FileRecord(try await serdes.encode(1, for: place))
        let checksum = try #require(record.checksum)
        #expect(record.file == "\(prefix)\(checksum).json")
    }

    @Test func `hashed names say nothing of the names, and tell places apart`() async throws {
        let serdes = FileSerdes(at: "values", mode: .always, pathStyle: .hashed, fileSystem: try Self.disk())
        let one = try #require(try FileRecord(try await serdes.encode(1, for: Self.place)).file)
        let other = try #require(
            try FileRecord(try await serdes.encode(1, for: SerdesPlace(Self.facts, operation: "1-3"))).file)
        #expect(one != other)
        let allowed = Set("0123456789abcdef/.json")
        #expect(one.allSatisfy(allowed.contains))
        #expect(one.split(separator: "/").map(\.count) == [32, 32, 32, 32 + 1 + 32 + 5])
    }

    @Test func `another value of one place is another file`() async throws {
        let disk = try Self.disk()
        let serdes = Self.serdes(disk)
        var records: [[UInt8]?] = []
        for value in 0..<3 { records.append(try await serdes.encode(value, for: Self.place)) }
        for (value, record) in records.enumerated() {
            #expect(try await serdes.decode(Int.self, from: record, for: Self.place) == value)
        }
        #expect(try disk.files(below: "values").count == 3)
    }

    // MARK: What is read

    static let foreign = [
        "1", #""text""#, "{}", #"{"data":1}"#, #"{"data":"1","base64":"MQ=="}"#, #"{"file":"a"}"#, "",
        "{\"data\":\"1\"",
        #"{"file":"a","length":-1,"checksum":"00000000000000000000000000000000"}"#,
        #"{"file":"a","length":1,"checksum":"0"}"#, #"{"base64":"?"}"#,
    ]

    @Test(arguments: foreign)
    func `what is no envelope is refused and not guessed at`(record: String) async throws {
        let serdes = Self.serdes(try Self.disk())
        let error = await #expect(throws: SerdesError.self) {
            try await serdes.decode(Int.self, from: Array(record.utf8), for: Self.place)
        }
        #expect(error?.code == .decodingFailed)
        #expect(error?.message.contains("another serdes recorded it") == true)
    }

    @Test(arguments: ["/etc/passwd", "../log/1", "a/../../b", "a//b", "", "a/./b", "a\u{0}b"])
    func `a path that leads out of the directory is refused before anything is opened`(path: String) async throws {
        let disk = try Self.disk()
        let before = disk.operationCount()
        let record = try JSONSerializationText.record(file: path)
        let error = await #expect(throws: SerdesError.self) {
            try await Self.serdes(disk).decode(Int.self, from: record, for: Self.place)
        }
        #expect(error?.code == .decodingFailed)
        #expect(error?.message.contains("does not lie below values") == true)
        #expect(disk.operationCount() == before)
    }

    @Test(arguments: 0..<7)
    func `a file with a flipped bit, anywhere, is never passed on`(offset: Int) async throws {
        let disk = try Self.disk()
        let serdes = Self.serdes(disk)
        let record = try await serdes.encode("hello", for: Self.place)
        let path = "values/" + (try #require(try FileRecord(record).file))
        var bytes = try #require(disk.contents(of: path))
        bytes[offset] ^= 0x20
        disk.replace(path, with: bytes)
        let error = await #expect(throws: SerdesError.self) {
            try await serdes.decode(String.self, from: record, for: Self.place)
        }
        #expect(error?.code == .decodingFailed)
        #expect(error?.message.hasPrefix("\(path) is not what was written: its checksum is ") == true)
        #expect(error?.message.hasSuffix("put it back from a backup") == true)
    }

    @Test(arguments: [0, 6, 8])
    func `a file of another length is never passed on`(length: Int) async throws {
        let disk = try Self.disk()
        let serdes = Self.serdes(disk)
        let record = try await serdes.encode("hello", for: Self.place)
        let path = "values/" + (try #require(try FileRecord(record).file))
        disk.replace(path, with: Array(repeating: 0x20, count: length))
        let error = await #expect(throws: SerdesError.self) {
            try await serdes.decode(String.self, from: record, for: Self.place)
        }
        #expect(error?.message.contains("it holds \(length) bytes, and the record says 7") == true)
    }

    @Test func `a missing file is named, and may come back`() async throws {
        let disk = try Self.disk()
        let serdes = Self.serdes(disk)
        let record = try await serdes.encode("hello", for: Self.place)
        let path = "values/" + (try #require(try FileRecord(record).file))
        let bytes = try #require(disk.contents(of: path))
        disk.lose(path)
        let error = await #expect(throws: SerdesError.self) {
            try await serdes.decode(String.self, from: record, for: Self.place)
        }
        #expect(error?.code == .unavailable)
        #expect(error?.message.hasPrefix("could not open \(path): it does not exist; put it back") == true)
        disk.replace(path, with: bytes)
        #expect(try await serdes.decode(String.self, from: record, for: Self.place) == "hello")
    }

    @Test func `a directory that does not exist is not made`() async throws {
        let disk = SimulatedDisk()
        let error = await #expect(throws: SerdesError.self) {
            try await Self.serdes(disk).encode("hello", for: Self.place)
        }
        #expect(error?.code == .unavailable)
        #expect(error?.message.hasPrefix("the directory values does not exist: make it, or mount") == true)
        #expect(!(try disk.exists("values")))
    }

    @Test func `it works on the system's own files`() async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "indelible-\(UUID())").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let serdes: FileSerdes = .files(at: directory, mode: .always)
        let value = String(repeating: "large ", count: 100_000)
        let record = try await serdes.encode(value, for: Self.place)
        #expect(try await serdes.decode(String.self, from: record, for: Self.place) == value)
        let path = try #require(try FileRecord(record).file)
        #expect(FileManager.default.contents(atPath: "\(directory)/\(path)")?.count == 600_002)
    }
}

/// Writes records as somebody else would.
enum JSONSerializationText {
    static func record(file: String) throws -> [UInt8] {
        let object: [String: Any] = ["file": file, "length": 1, "checksum": String(repeating: "0", count: 32)]
        return Array(try JSONSerialization.data(withJSONObject: object))
    }
}
