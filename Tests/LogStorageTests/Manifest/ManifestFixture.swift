@testable import LogStorage

extension Manifest {
    /// Two append segments, of which one was dropped between them, a rewrite segment, two tables.
    static let sample = Manifest(
        logID: LogID(high: 0x0011_2233_4455_6677, low: 0x8899_AABB_CCDD_EEFF), number: 7, time: 1_760_000_000_000,
        engineTime: 1_760_000_000_123, position: LSN(912), positionSegment: 4,
        appendSegments: [
            AppendSegment(
                number: 1, firstLSN: LSN(1), nextLSN: LSN(400), endOffset: 16_384, lastFrameCRC: 0x0102_0304,
                recordByteCount: 9_000, liveByteCount: 70),
            AppendSegment(
                number: 3, firstLSN: LSN(700), nextLSN: LSN(912), endOffset: 12_288, lastFrameCRC: 0xA0B0_C0D0,
                recordByteCount: 4_000, liveByteCount: 4_000),
        ],
        rewriteSegments: [
            RewriteSegment(number: 2, byteCount: 8_192, recordByteCount: 5_000, liveByteCount: 4_999)
        ],
        tables: [
            TableInfo(number: 5, byteCount: 4_200, entryCount: 31, checksum: 0x1112_1314),
            TableInfo(number: 6, byteCount: 90_000, entryCount: 2_000, checksum: 0x2122_2324),
        ],
        next: NextNumbers(rewrite: 3, table: 7, manifest: 8))

    /// `change` at `offset` of the encoded manifest, under a checksum that holds.
    func resealed(at offset: Int, _ change: [UInt8]) -> [UInt8] {
        var bytes = encoded()
        bytes.replaceSubrange(offset..<offset + change.count, with: change)
        let crc = Checksum.unsalted(
            bytes.span.bytes.extracting(16..<bytes.count),
            after: Checksum.unsalted(bytes.span.bytes.extracting(0..<12)))
        bytes.withUnsafeMutableBytes { $0.storeLittleEndian(crc, at: 12) }
        return bytes
    }
}
