import LZ4
import LogStorage

/// The segment that frames of the corpus are of: that of SPEC.md's vectors.
private let segment = SegmentHeader(
    logID: LogID(high: 0x0011_2233_4455_6677, low: 0x8899_AABB_CCDD_EEFF), number: 1, firstLSN: .first,
    byteCount: 16 << 10, creationTime: 1_760_000_000_000, salt: 0x0123_4567_89AB_CDEF, predecessor: nil,
    dictionary: SegmentDictionary(Array(#"{"amount":1250,"currency":"EUR","id":"order-"#.utf8)))

private let frameStart = SegmentHeader.encodedByteCount

extension [UInt8] {
    fileprivate mutating func store<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
        Swift.withUnsafeBytes(of: value.littleEndian) { replaceSubrange(offset..<offset + $0.count, with: $0) }
    }

    fileprivate func load<Value: FixedWidthInteger>(_ type: Value.Type, at offset: Int) -> Value {
        withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: type)) }
    }

    /// With a header's checksums taken anew: a fuzzer does not guess them, and what is behind them must stand it too.
    fileprivate var resignedHeader: [UInt8] {
        guard count >= SegmentHeader.encodedByteCount else { return self }
        var bytes = self
        let length = Int(load(UInt32.self, at: 108))
        if length <= FormatLimits.dictionaryByteCountMax {
            bytes.store(Checksum.unsalted(bytes.span.bytes.extracting(4_096..<4_096 + length)), at: 112)
        }
        let first = Checksum.unsalted(bytes.span.bytes.extracting(0..<12))
        bytes.store(Checksum.unsalted(bytes.span.bytes.extracting(16..<4_096), after: first), at: 12)
        return bytes
    }

    /// The same of the frame at `start`, and the offset behind it; nil where its lengths leave no room for it.
    fileprivate mutating func resignFrame(at start: Int, salt: UInt64) -> Int? {
        guard count >= start + FrameHeader.encodedByteCount else { return nil }
        let stored = Int(load(UInt32.self, at: start + 8))
        let directory = Int(load(UInt32.self, at: start + 16))
        let alignment = self[start + 23] & 2 == 0 ? FrameHeader.alignment : FrameHeader.paddedAlignment
        let directoryEnd = start + FrameHeader.encodedByteCount + directory
        let end = (directoryEnd + stored + alignment - 1) / alignment * alignment
        guard end <= count else { return nil }
        let checksum = Checksum(salt: salt)
        store(checksum.of(span.bytes.extracting(directoryEnd..<end)), at: start + 48)
        store(checksum.of(span.bytes.extracting(start + 8..<directoryEnd)), at: start + 4)
        return end
    }
}

@Sendable func fuzzSegmentHeader(_ bytes: [UInt8]) {
    for bytes in [bytes, bytes.resignedHeader] {
        guard let header = try? SegmentHeader(decoding: bytes.span.bytes) else { continue }
        let again = try? SegmentHeader(decoding: header.encoded().span.bytes)
        require(again == header, "a header that does not survive its encoding: \(header)")
    }
}

@Sendable func fuzzFrame(_ bytes: [UInt8]) {
    // A frame starts at a multiple of 4 KiB in its file, so the padding of a padded one is as in the file.
    var resigned = bytes
    _ = resigned.resignFrame(at: 0, salt: segment.salt)
    for bytes in [bytes, resigned] {
        let decoder = FrameDecoder(segment: segment)
        guard let frame = try? decoder.frame(bytes.span.bytes, at: frameStart) else { continue }
        require(frame.entries.count == frame.header.recordCount, "entries that the header does not count")
        require(frame.entries.reduce(0) { $0 + $1.length } == frame.bodies.count, "bodies of another length")
        require(frame.byteCount <= bytes.count, "a frame beyond its bytes")
        frame.forEachRecord { _ in }
    }
}

/// Two bytes of record count, four of raw length, then the directory.
@Sendable func fuzzFrameDirectory(_ bytes: [UInt8]) {
    guard bytes.count >= 6 else { return }
    var frame = [UInt8](repeating: 0, count: FrameHeader.encodedByteCount)
    frame.replaceSubrange(0..<4, with: "IFRM".utf8)
    frame.store(bytes.load(UInt32.self, at: 2), at: 8)
    frame.store(bytes.load(UInt32.self, at: 2), at: 12)
    frame.store(UInt32(bytes.count - 6), at: 16)
    frame.store(bytes.load(UInt16.self, at: 0), at: 20)
    for offset in [24, 32] { frame.store(UInt64(1), at: offset) }
    frame.store(UInt16(1), at: 62)
    frame += bytes[6...]
    frame.store(Checksum(salt: segment.salt).of(frame.span.bytes.extracting(8...)), at: 4)
    let decoder = FrameDecoder(segment: segment)
    var entries: [RecordBatch.Entry] = []
    var lsns: [LSN]?
    guard let header = try? decoder.header(frame.span.bytes),
        (try? decoder.directory(frame.span.bytes, of: header, into: &entries, lsns: &lsns)) != nil
    else { return }
    require(entries.count == header.recordCount, "entries that the header does not count")
    require(entries.reduce(0) { $0 + $1.length } == header.rawLength, "lengths that do not sum to the header's")
}

/// A whole segment: what looks at a log, opens it and salvages it must stand any.
@Sendable func fuzzSegmentFile(_ bytes: [UInt8]) {
    var resigned = bytes.resignedHeader
    if resigned.count >= frameStart {
        var next: Int? = frameStart
        while let start = next { next = resigned.resignFrame(at: start, salt: resigned.load(UInt64.self, at: 64)) }
    }
    for bytes in [bytes, resigned] {
        let disk = SimulatedDisk()
        guard (try? disk.createDirectory("/log")) != nil else { return }
        disk.replace("/log/00000001.segment", with: bytes)
        let report = try? LogInspector(directory: "/log", fileSystem: disk).verify()
        _ = try? SalvageSource("/log", fileSystem: disk).read { _ in }
        let log = try? SegmentedLog.open(
            at: "/log", options: LogOptions(), fileSystem: disk, clock: NoTime(), seed: 1, waitForLock: false,
            startThreads: false, recovered: { _ in })
        guard let log else { continue }
        require(report?.isIntact ?? false, "a log that opens and is said to be damaged")
        require(log.nextLSN == report?.nextLSN, "a log that opens with other records than a look at it finds")
        require((try? log.close()) != nil, "a log that does not close")
    }
}

private struct NoTime: LogClock {
    func now() -> Int64 { 0 }
}

/// Two bytes of length, then a block of LZ4; and the same bytes compressed and decompressed.
@Sendable func fuzzBlock(_ bytes: [UInt8]) {
    guard bytes.count > 2 else { return }
    let dictionary = BlockDictionary(segment.dictionary.bytes)
    let source = Array(bytes[2...])
    var target = [UInt8](repeating: 0, count: Int(bytes.load(UInt16.self, at: 0)))
    _ = try? target.withUnsafeMutableBytes { target in
        try source.withUnsafeBytes { try dictionary.decompress($0, into: target) }
    }
    var compressor = BlockCompressor(dictionary: dictionary)
    var room = [UInt8](repeating: 0, count: source.count + source.count / 8 + 64)
    let length = room.withUnsafeMutableBytes { room in source.withUnsafeBytes { compressor.compress($0, into: room) } }
    guard let length else { fatalError("a block does not fit where any does") }
    var again = [UInt8](repeating: 0, count: source.count)
    let isWhole: Void? = try? again.withUnsafeMutableBytes { again in
        try room[..<length].withUnsafeBytes { try dictionary.decompress($0, into: again) }
    }
    require(isWhole != nil && again == source, "a block that does not decompress to what was compressed")
}
