import Foundation
import Testing

/// The seeds that are made by code, so that a change of a format gives fuzzing new ones: `Tools/generate-fixtures`.
@Suite struct FuzzSeedTests {
    private static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")
    private static let writes = ProcessInfo.processInfo.environment["INDELIBLE_WRITE_FIXTURES"] == "1"

    private static func read(_ path: String, writing bytes: [UInt8]) throws -> [UInt8] {
        let url = folder.appending(path: "fuzz/" + path)
        if writes {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: url)
        }
        return Array(try Data(contentsOf: url))
    }

    @Test func `a seed is what the encoders write`() throws {
        for (path, bytes) in try FuzzSeeds.all() {
            let seed = try Self.read(path, writing: bytes)
            #expect(seed == bytes, "\(path)")
        }
    }

    /// The vectors of SPEC.md §3.6; behind the first two come the events that have vectors.
    @Test func `the seeds of snapshots are the vectors of the specification`() throws {
        let text = try String(contentsOf: Self.folder.appending(path: "events/2/snapshots.txt"), encoding: .utf8)
        var snapshots: [Substring: [UInt8]] = [:]
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: "\t", maxSplits: 3)
            snapshots[fields[0], default: []] += Self.record(
                kind: try #require(UInt8(fields[1], radix: 16)), Self.bytes(hexadecimal: fields[2]))
        }
        #expect(snapshots.count > 2)
        var events: [UInt8] = []
        let folder = Self.folder.appending(path: "fuzz/event")
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        where name.hasPrefix("vector-") {
            let event = Array(try Data(contentsOf: folder.appending(path: name)))
            events += Self.record(kind: try #require(event.first), Array(event.dropFirst()))
        }
        for (number, snapshot) in snapshots {
            #expect(try Self.read("snapshot/vector-\(number)", writing: snapshot) == snapshot)
        }
        for number in ["1", "2"] as [Substring] {
            let whole = try #require(snapshots[number]) + events
            #expect(try Self.read("snapshot/vector-\(number)-and-events", writing: whole) == whole)
        }
    }

    private static func record(kind: UInt8, _ body: [UInt8]) -> [UInt8] {
        [kind, UInt8(body.count & 0xFF), UInt8(body.count >> 8)] + body
    }

    private static func bytes(hexadecimal text: Substring) -> [UInt8] {
        stride(from: 0, to: text == "-" ? 0 : text.count, by: 2).compactMap { offset in
            let start = text.index(text.startIndex, offsetBy: offset)
            return UInt8(text[start..<text.index(start, offsetBy: 2)], radix: 16)
        }
    }
}
