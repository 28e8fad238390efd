import Testing

@testable import LogStorage

/// What the frames' tests share: a segment with fixed salt, and batches.
enum FrameSamples {
    static let segment = SegmentHeader(
        logID: LogID(high: 1, low: 2), number: 1, firstLSN: .first, byteCount: 256 << 10, creationTime: 0,
        salt: 0x0123_4567_89AB_CDEF, predecessor: nil)

    static func batch(_ bodies: [[UInt8]]) -> RecordBatch {
        var batch = RecordBatch()
        for (index, body) in bodies.enumerated() {
            batch.append(
                execution: UInt64(index % 3) + 1, sequence: UInt32(index + 1), kind: UInt8(index % 24),
                time: 1_760_000_000_000 + Int64(index % 5) - 2, body: body)
        }
        return batch
    }

    static func encode(
        _ batch: RecordBatch, segment: SegmentHeader = segment, padsCommits: Bool = false, firstLSN: LSN = .first
    ) -> [UInt8] {
        var encoder = FrameEncoder(segment: segment, padsCommits: padsCommits)
        encoder.encodeGroup(
            entries: batch.entries, bodies: batch.bodies, firstLSN: firstLSN, durableLSN: firstLSN)
        return encoder.withBytes { Array($0) }
    }

    /// All frames of `bytes`, as the reader of a segment finds them from `offset`.
    static func frames(
        _ bytes: [UInt8], segment: SegmentHeader = segment, offset: Int = SegmentHeader.encodedByteCount
    ) throws -> [Frame] {
        let decoder = FrameDecoder(segment: segment)
        var frames: [Frame] = []
        var next = 0
        while next < bytes.count {
            let frame = try decoder.frame(bytes.span.bytes.extracting(next...), at: offset + next)
            frames.append(frame)
            next += frame.byteCount
        }
        return frames
    }
}

@Suite struct FrameEncoderTests {
    static let json = Array("{\"amount\":1250,\"currency\":\"EUR\",\"id\":\"order-000123\"}".utf8)

    static let batches: [(name: String, bodies: [[UInt8]], frameCount: Int)] = [
        ("one empty body", [[]], 1),
        ("one body", [json], 1),
        ("a full frame", Array(repeating: [UInt8](repeating: 1, count: 64), count: 1_024), 1),
        ("a byte more than a frame", Array(repeating: [UInt8](repeating: 1, count: 64), count: 1_024) + [[2]], 2),
        ("more records than a frame lists", Array(repeating: [], count: 4_097), 2),
        ("a body larger than a frame", [[UInt8](repeating: 3, count: 65_537)], 1),
        ("a large body between small ones", [json, [UInt8](repeating: 3, count: 200_000), json], 3),
        ("the largest body", [[UInt8](repeating: 9, count: 16 << 20)], 1),
    ]

    @Test(arguments: batches.indices, [false, true])
    func `a group reads as it was written`(index: Int, padsCommits: Bool) throws {
        let batch = FrameSamples.batch(Self.batches[index].bodies)
        let bytes = FrameSamples.encode(batch, padsCommits: padsCommits, firstLSN: LSN(7))
        let frames = try FrameSamples.frames(bytes)
        #expect(frames.count == Self.batches[index].frameCount)
        #expect(frames.flatMap(\.entries) == batch.entries)
        #expect(frames.flatMap(\.bodies) == batch.bodies)
        #expect(frames.map(\.header.groupIndex) == Array(frames.indices))
        #expect(frames.allSatisfy { $0.header.groupCount == frames.count })
        #expect(frames.map(\.header.isLastOfGroup) == frames.indices.map { $0 == frames.count - 1 })
        var lsn = LSN(7)
        var link: UInt32 = 0
        for frame in frames {
            #expect(frame.header.firstLSN == lsn)
            #expect(frame.header.previousFrameCRC == link)
            lsn = frame.header.endLSN
            link = frame.header.headerCRC
        }
        #expect(bytes.count % (padsCommits ? 4_096 : 8) == 0)
        let bound = FrameEncoder.encodedByteCountMax(
            recordCount: batch.entries.count, bodyByteCount: batch.bodies.count)
        #expect(bytes.count <= bound)
    }

    @Test func `a sync-point holds no record and says that all before it is durable`() throws {
        for padsCommits in [false, true] {
            var encoder = FrameEncoder(segment: FrameSamples.segment, padsCommits: padsCommits)
            encoder.encodeSyncPoint(nextLSN: LSN(5), time: 9)
            let bytes = encoder.withBytes { Array($0) }
            let frame = try #require(try FrameSamples.frames(bytes).first)
            #expect(bytes.count == (padsCommits ? 4_096 : 64))
            #expect(frame.header.isSyncPoint)
            #expect(frame.header.durableLSN == LSN(5))
            #expect(frame.header.endLSN == LSN(5))
            #expect(frame.entries.isEmpty)
        }
    }

    @Test func `a payment's bodies shrink, and noise is stored raw`() throws {
        let payments = try FrameSamples.frames(FrameSamples.encode(FrameSamples.batch([Self.json, Self.json])))
        #expect(payments[0].header.codec == .lz4)
        var generator = SplitMix64(seed: 1)
        let noise = (0..<500).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let raw = try FrameSamples.frames(FrameSamples.encode(FrameSamples.batch([noise])))
        #expect(raw[0].header.codec == .raw)
        #expect(raw[0].header.storedLength == 500)
    }

    @Test func `an encoder taken back gives the same bytes again`() {
        let batch = FrameSamples.batch([Self.json, [], Self.json])
        var encoder = FrameEncoder(segment: FrameSamples.segment)
        let link = encoder.previousFrameCRC
        encoder.encodeGroup(entries: batch.entries, bodies: batch.bodies, firstLSN: .first, durableLSN: .first)
        encoder.removeAll()
        encoder.previousFrameCRC = link
        encoder.encodeGroup(entries: batch.entries, bodies: batch.bodies, firstLSN: .first, durableLSN: .first)
        #expect(encoder.withBytes { Array($0) } == FrameSamples.encode(batch))
    }

    @Test func `times and execution numbers of any value survive`() throws {
        var batch = RecordBatch()
        for value in [0, 1, .max, .max - 1, 1 << 63, UInt64(7)] {
            batch.append(
                execution: value, sequence: .max, kind: .max, time: Int64(bitPattern: value &* 3), body: [1])
        }
        for firstLSN in [LSN(1), FormatLimits.lsnMax] {
            let frames = try FrameSamples.frames(FrameSamples.encode(batch, firstLSN: firstLSN))
            #expect(frames.flatMap(\.entries) == batch.entries)
        }
    }
}
