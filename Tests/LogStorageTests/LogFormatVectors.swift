@testable import LogStorage

/// The vectors of SPEC.md §1.11: the files of `Fixtures/log-format/1`.
struct LogFormatVector: Sendable {
    var file: String
    var shows: String
    var bytes: [UInt8]
    /// Another version of liblz4 may write other bytes, which must decode alike.
    var isCompressed = false
}

enum LogFormatVectors {
    static let firstSegment = SegmentHeader(
        logID: LogID(high: 0x0011_2233_4455_6677, low: 0x8899_AABB_CCDD_EEFF), number: 1, firstLSN: .first,
        byteCount: 16 << 10, creationTime: 1_760_000_000_000, salt: 0x0123_4567_89AB_CDEF, predecessor: nil,
        dictionary: SegmentDictionary(Array(#"{"amount":1250,"currency":"EUR","id":"order-"#.utf8)))

    static let secondSegment = SegmentHeader(
        logID: firstSegment.logID, number: 2, firstLSN: LSN(5), byteCount: 16 << 10,
        creationTime: 1_760_000_060_000, salt: 0xFEDC_BA98_7654_3210,
        predecessor: SegmentHeader.Predecessor(
            number: 1, endOffset: UInt64(SegmentHeader.encodedByteCount + firstFrames.bytes.count), lastLSN: 4,
            lastFrameCRC: firstFrames.lastCRC),
        dictionary: SegmentDictionary([]))

    static let all: [LogFormatVector] = [
        LogFormatVector(
            file: "1-first-segment-header.bin", shows: "a log's first segment header, with a dictionary of 44 bytes",
            bytes: firstSegment.encoded()),
        LogFormatVector(
            file: "2-second-segment-header.bin", shows: "the header after it, with its predecessor and no dictionary",
            bytes: secondSegment.encoded()),
        LogFormatVector(
            file: "3-frame-one-record.bin", shows: "a frame of one record, `hello`, stored raw",
            bytes: group([("hello", 1, 1, 0)], at: 1)),
        LogFormatVector(
            file: "4-frame-three-records.bin",
            shows: "a frame of three records of two executions, one without a body, one dated before the first",
            bytes: group([("abc", 1, 3, 0), ("", 2, 1, 5), ("defgh", 1, 4, -5)], at: 2)),
        LogFormatVector(
            file: "5-frame-compressed.bin", shows: "a frame whose block refers back to the dictionary",
            bytes: group(
                [(#"{"amount":1250,"currency":"EUR","id":"order-17"}"#, 1, 2, 0)], at: 2),
            isCompressed: true),
        LogFormatVector(
            file: "6-group-of-two-frames.bin",
            shows: "an atomic group: 4,097 empty records, one more than a frame lists",
            bytes: group((1...4_097).map { ("", 1, UInt32($0), 0) }, at: 1)),
        LogFormatVector(
            file: "7-sync-point.bin", shows: "a sync-point: every record below 5 is durable",
            bytes: syncPoint(nextLSN: 5, padsCommits: false)),
        LogFormatVector(
            file: "8-padded-sync-point.bin", shows: "the same, padded to a block",
            bytes: syncPoint(nextLSN: 5, padsCommits: true)),
        LogFormatVector(
            file: "log/00000001.segment", shows: "a sealed segment: frames of LSN 1, 2 to 4, then a sync-point",
            bytes: segment(firstSegment, firstFrames.bytes)),
        LogFormatVector(
            file: "log/00000002.segment", shows: "its successor, closed in good order: a frame of LSN 5, a sync-point",
            bytes: segment(secondSegment, secondFrames.bytes)),
    ]

    /// What the log of the last two files holds.
    static let logBodies = ["hello", "abc", "", "defgh", "bye"]

    typealias Record = (body: String, execution: UInt64, sequence: UInt32, delay: Int64)

    private static let firstFrames = frames(of: firstSegment) { encoder in
        append([("hello", 1, 1, 0)], at: 1, durable: 1, to: &encoder)
        append([("abc", 1, 2, 0), ("", 3, 1, 5), ("defgh", 1, 3, -5)], at: 2, durable: 2, to: &encoder)
        encoder.encodeSyncPoint(nextLSN: LSN(5), time: 1_760_000_000_050)
    }

    private static let secondFrames = frames(of: secondSegment) { encoder in
        append([("bye", 3, 2, 60_000)], at: 5, durable: 5, to: &encoder)
        encoder.encodeSyncPoint(nextLSN: LSN(6), time: 1_760_000_060_050)
    }

    private static func frames(
        of segment: SegmentHeader, padsCommits: Bool = false, _ encode: (inout FrameEncoder) -> Void
    ) -> (bytes: [UInt8], lastCRC: UInt32) {
        var encoder = FrameEncoder(segment: segment, padsCommits: padsCommits)
        encode(&encoder)
        return (encoder.withBytes { Array($0) }, encoder.previousFrameCRC)
    }

    private static func append(
        _ records: [Record], at firstLSN: UInt64, durable: UInt64, to encoder: inout FrameEncoder
    ) {
        var batch = RecordBatch()
        for record in records {
            batch.append(
                execution: record.execution, sequence: record.sequence, kind: 0x20,
                time: 1_760_000_000_000 + record.delay, body: Array(record.body.utf8))
        }
        encoder.encodeGroup(
            entries: batch.entries, bodies: batch.bodies, firstLSN: LSN(firstLSN), durableLSN: LSN(durable))
    }

    private static func group(_ records: [Record], at firstLSN: UInt64) -> [UInt8] {
        frames(of: firstSegment) { append(records, at: firstLSN, durable: firstLSN, to: &$0) }.bytes
    }

    private static func syncPoint(nextLSN: UInt64, padsCommits: Bool) -> [UInt8] {
        frames(of: firstSegment, padsCommits: padsCommits) { encoder in
            encoder.encodeSyncPoint(nextLSN: LSN(nextLSN), time: 1_760_000_000_050)
        }.bytes
    }

    private static func segment(_ header: SegmentHeader, _ frames: [UInt8]) -> [UInt8] {
        let content = header.encoded() + frames
        return content + [UInt8](repeating: 0, count: header.byteCount - content.count)
    }
}
