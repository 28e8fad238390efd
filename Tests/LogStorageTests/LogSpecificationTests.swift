import Foundation
import Testing

@testable import LogStorage

/// SPEC.md shows the vectors in hexadecimal; this keeps them true.
@Suite struct LogSpecificationTests {
    static let page: String = {
        let root = LogFormatFixtureTests.folder
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return (try? String(contentsOf: root.appending(path: "SPEC.md"), encoding: .utf8)) ?? ""
    }()

    /// The bytes of the block that follows the vector's file name.
    private static func shownBytes(_ file: String) throws -> String {
        let start = try #require(page.range(of: "`\(file)`"))
        let open = try #require(page.range(of: "```\n", range: start.upperBound..<page.endIndex))
        let close = try #require(page.range(of: "```", range: open.upperBound..<page.endIndex))
        return page[open.upperBound..<close.lowerBound].filter { $0.isHexDigit }
    }

    @Test(
        arguments: [(0, 128), (1, 128), (2, 80), (3, 88), (4, 80), (6, 64)])
    func `the specification shows a vector's bytes`(index: Int, byteCount: Int) throws {
        let vector = LogFormatVectors.all[index]
        let expected = try LogFormatFixtureTests.fixture(vector).prefix(byteCount)
            .map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        #expect(try Self.shownBytes(vector.file) == expected, "\(vector.file)")
    }

    @Test func `the specification's limits are the code's`() {
        let bound = FrameEncoder.encodedByteCountMax(recordCount: 10_000, bodyByteCount: 1_000_000)
        #expect(bound == 1_000_000 + 30 * 10_000 + 72 * (2 * 15 + 2 + 2) + 4_096)
        #expect(FormatLimits.directoryByteCountMax == 122_880)
        #expect(FormatLimits.version == 1)
    }

    /// Relations that the format rests on.
    @Test func `the limits agree with each other`() {
        let largestRecord = FrameEncoder.encodedByteCountMax(
            recordCount: 1, bodyByteCount: FormatLimits.recordByteCountMax)
        #expect(largestRecord <= FormatLimits.groupByteCountMax)
        #expect(
            FormatLimits.groupByteCountMax + SegmentHeader.encodedByteCount
                <= FormatLimits.segmentByteCounts.upperBound)
        #expect(FormatLimits.frameRecordCountMax <= UInt16.max)
        // A group within its bytes has no more frames than its header can count.
        let frameCountMax =
            2 * (FormatLimits.groupByteCountMax / FormatLimits.frameBodyByteCountMax)
            + FormatLimits.groupByteCountMax / FormatLimits.directoryEntryByteCountMax
            / FormatLimits.frameRecordCountMax + 2
        #expect(frameCountMax <= FormatLimits.groupFrameCountMax)
    }
}
