import Foundation
import Testing

@testable import LogStorage

/// The vectors of SPEC.md §1.13 and §1.14: the files of `Fixtures/log-format/2/rewrite`.
@Suite struct RewriteFormatTests {
    static let folder = LogFormatFixtureTests.folder.deletingLastPathComponent().appending(path: "2/rewrite")

    static let records = [
        RewriteRecord(
            lsn: LSN(3), execution: 3, sequence: 1, kind: 0x01, time: 1_760_000_000_000, body: Array("hello".utf8)),
        RewriteRecord(lsn: LSN(9), execution: 3, sequence: 2, kind: 0xC0, time: 1_760_000_000_005, body: []),
        RewriteRecord(
            lsn: LSN(5), execution: 4, sequence: 1, kind: 0x20, time: 1_760_000_000_002, body: Array("abc".utf8)),
        RewriteRecord(
            lsn: LSN(12), execution: 4, sequence: 2, kind: 0x20, time: 1_760_000_000_009,
            body: Array(repeating: 0x2E, count: 60)),
    ]

    private static let files: MemoryFiles = {
        let files = MemoryFiles()
        var writer = try! RewriteSegmentWriter(
            number: 1, logID: LogFormatVectors.firstSegment.logID, salt: 0x0011_2233_4455_6677, directory: "/log",
            fileSystem: files, time: 1_760_000_120_000, frameBodyTarget: 60, dictionary: SegmentDictionary([]))
        for record in records { try! writer.append(record) }
        _ = try! writer.finish()
        for vector in LogFormatVectors.all where vector.file.hasPrefix("log/") {
            files.contents["/" + vector.file] = vector.bytes
        }
        let link = LogFormatVectors.secondSegment.predecessor!
        let postings = try! SegmentFooter.scan(
            .append(1), end: Int(link.endOffset), directory: "/log", fileSystem: files)
        try! SegmentFooter.write(postings, to: .append(1), directory: "/log", fileSystem: files)
        return files
    }()

    private static let names = ["00000001.rewrite", "00000001.segment"]

    private static func fixture(_ name: String) throws -> [UInt8] {
        let url = folder.appending(path: name)
        if ProcessInfo.processInfo.environment["INDELIBLE_WRITE_FIXTURES"] == "1" {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(files.contents["/log/" + name]!).write(to: url)
        }
        return Array(try Data(contentsOf: url))
    }

    @Test(arguments: names)
    func `a file is written as its fixture has it`(name: String) throws {
        let (fixture, written) = (try Self.fixture(name), Self.files.contents["/log/" + name])
        guard fixture != written else { return }
        // Another liblz4 may compress to other bytes, which read alike.
        #expect(name == "00000001.rewrite" && fixture.count == written?.count)
        #expect(try RewriteFixture.read(MemoryFiles(["/log/" + name: fixture])) == Self.records)
    }

    @Test func `the fixtures read`() throws {
        let files = MemoryFiles()
        for name in Self.names { files.contents["/log/" + name] = try Self.fixture(name) }
        #expect(try RewriteFixture.read(files) == Self.records)
        #expect(try RewriteFixture.readByFooter(files)[4] == Array(Self.records[2...]))
        let footer = try SegmentFooter.read(.append(1), end: 8_424, directory: "/log", fileSystem: files)
        #expect(try footer.frames(of: 1)?.offsets == [8_192, 8_272])
        #expect(footer.totals.syncPointCount == 1 && footer.totals.recordCount == 4)
    }

    /// Offset and length of what SPEC.md shows of each file.
    @Test(
        arguments: [
            ("1", "00000001.rewrite", 0, 144), ("2", "00000001.rewrite", 8_192, 184),
            ("3", "00000001.rewrite", 12_288, 96), ("4", "00000001.rewrite", 16_320, 64),
            ("5", "00000001.segment", 12_288, 96),
        ] as [(String, String, Int, Int)])
    func `the specification shows a vector's bytes`(number: String, name: String, offset: Int, count: Int) throws {
        let page = LogSpecificationTests.page
        let start = try #require(page.range(of: "Rewrite vector \(number):"))
        let open = try #require(page.range(of: "```\n", range: start.upperBound..<page.endIndex))
        let close = try #require(page.range(of: "```", range: open.upperBound..<page.endIndex))
        let expected = try Self.fixture(name)[offset..<offset + count]
            .map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        #expect(page[open.upperBound..<close.lowerBound].filter { $0.isHexDigit } == expected)
    }

    @Test func `the specification's limits are the code's`() {
        #expect(FormatLimits.rewrittenRecordCountMax == 3_072)
        #expect(FormatLimits.rewriteFramesByteCountMax == 512 << 20)
        #expect(SegmentList.markDistance == 262_144)
        #expect(FooterBlock.byteCountTarget == 4_096)
        // What a directory says of a frame in full fits its length.
        #expect(
            FormatLimits.rewrittenRecordCountMax * FormatLimits.rewrittenEntryByteCountMax
                <= FormatLimits.directoryByteCountMax)
    }
}
