import Foundation
import Testing

@testable import LogStorage

@Suite struct LogFormatFixtureTests {
    static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/log-format/1")

    static func fixture(_ vector: LogFormatVector) throws -> [UInt8] {
        let url = folder.appending(path: vector.file)
        // `Tools/generate-fixtures` sets it. The bytes of a released version never change: a new version has a new folder.
        if ProcessInfo.processInfo.environment["INDELIBLE_WRITE_FIXTURES"] == "1" {
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(vector.bytes).write(to: url)
        }
        return Array(try Data(contentsOf: url))
    }

    @Test(arguments: LogFormatVectors.all.indices)
    func `a vector is written as its fixture has it`(index: Int) throws {
        let vector = LogFormatVectors.all[index]
        let fixture = try Self.fixture(vector)
        guard vector.isCompressed && fixture != vector.bytes else {
            #expect(fixture == vector.bytes, "\(vector.file)")
            return
        }
        let segment = LogFormatVectors.firstSegment
        let frames = try FrameSamples.frames(fixture, segment: segment)
        let expected = try FrameSamples.frames(vector.bytes, segment: segment)
        #expect(frames.flatMap(\.entries) == expected.flatMap(\.entries))
        #expect(frames.flatMap(\.bodies) == expected.flatMap(\.bodies))
    }

    @Test func `every frame of the fixtures decodes`() throws {
        for vector in LogFormatVectors.all where vector.file.contains("frame") || vector.file.contains("sync") {
            let frames = try FrameSamples.frames(
                Self.fixture(vector), segment: LogFormatVectors.firstSegment)
            #expect(frames.count == (vector.file.contains("two") ? 2 : 1), "\(vector.file)")
        }
    }

    @Test func `the compressed vector is compressed`() throws {
        let vector = try #require(LogFormatVectors.all.first { $0.isCompressed })
        let frames = try FrameSamples.frames(Self.fixture(vector), segment: LogFormatVectors.firstSegment)
        #expect(frames.map(\.header.codec) == [.lz4])
        #expect(String(decoding: frames[0].bodies, as: UTF8.self).hasSuffix(#""id":"order-17"}"#))
    }

    @Test func `the log of the fixtures opens and reads`() throws {
        let disk = SimulatedDisk()
        try disk.createDirectory("log")
        for vector in LogFormatVectors.all where vector.file.hasPrefix("log/") {
            disk.replace(vector.file, with: try Self.fixture(vector))
        }
        var bodies: [String] = []
        let log = try SegmentedLog.open(
            at: "log", options: LogOptions(), fileSystem: disk, clock: FixtureClock(), seed: 1, waitForLock: false,
            startThreads: false, recovered: { bodies.append(String(decoding: $0.body, as: UTF8.self)) })
        #expect(bodies == LogFormatVectors.logBodies)
        #expect(log.nextLSN == LSN(6))
        try log.close()
    }

    @Test func `the folder's page names every fixture`() throws {
        let page = try String(contentsOf: Self.folder.appending(path: "README.md"), encoding: .utf8)
        for vector in LogFormatVectors.all {
            #expect(page.contains("| `\(vector.file)` | \(vector.shows) |"), "\(vector.file)")
        }
    }
}

private struct FixtureClock: LogClock {
    func now() -> Int64 { 1_760_000_120_000 }
}
