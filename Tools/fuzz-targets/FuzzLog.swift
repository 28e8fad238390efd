import LZ4
import LogStorage

/// The segment that frames of the corpus are of: that of SPEC.md's vectors.
let segment = SegmentHeader(
    logID: LogID(high: 0x0011_2233_4455_6677, low: 0x8899_AABB_CCDD_EEFF), number: 1, firstLSN: .first,
    byteCount: 16 << 10, creationTime: 1_760_000_000_000, salt: 0x0123_4567_89AB_CDEF, predecessor: nil,
    dictionary: SegmentDictionary(Array(#"{"amount":1250,"currency":"EUR","id":"order-"#.utf8)))

let frameStart = SegmentHeader.encodedByteCount

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
        _ = try? SalvageSource("/log", fileSystem: disk).read(copies: { _, _ in }) { _ in }
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
