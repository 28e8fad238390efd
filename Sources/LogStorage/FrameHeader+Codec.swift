extension FrameHeader {
    /// Decodes and checks the header and its directory's checksum: `bytes` starts at the frame.
    ///
    /// What it returns can be trusted; the payload has not been looked at.
    ///
    /// - Parameter isRewrite: Whether the segment is a rewrite segment: its frames have other flags.
    package init(decoding bytes: RawSpan, checksum: Checksum, isRewrite: Bool = false) throws(FrameError) {
        guard bytes.byteCount >= Self.encodedByteCount else {
            throw .truncated(needed: Self.encodedByteCount, available: bytes.byteCount)
        }
        let magic = bytes.littleEndian(UInt32.self, at: 0)
        guard magic == Self.magic else { throw .wrongMagic(magic) }
        // Before anyone reads or allocates by them: the lengths come from disk and may be garbage.
        let storedLength = try Self.length(bytes, at: 8, "storedLength", max: FormatLimits.recordByteCountMax)
        let rawLength = try Self.length(bytes, at: 12, "rawLength", max: FormatLimits.recordByteCountMax)
        let directoryLength = try Self.length(
            bytes, at: 16, "directoryLength", max: FormatLimits.directoryByteCountMax)
        let directoryEnd = Self.encodedByteCount + directoryLength
        guard bytes.byteCount >= directoryEnd else {
            throw .truncated(needed: directoryEnd, available: bytes.byteCount)
        }
        let storedCRC = bytes.littleEndian(UInt32.self, at: 4)
        let computedCRC = checksum.of(bytes.extracting(8..<directoryEnd))
        guard storedCRC == computedCRC else {
            throw .headerChecksumMismatch(stored: storedCRC, computed: computedCRC)
        }
        let flags = FrameFlags(rawValue: bytes.littleEndian(UInt8.self, at: 23)).subtracting(.ignorable)
        let known = isRewrite ? FrameFlags.known.union(.rewritten) : FrameFlags.known
        guard known.isSuperset(of: flags) else { throw .unknownFlags(flags.rawValue) }
        if isRewrite && flags != .rewritten { throw .malformed(field: "flags") }
        let codecCode = bytes.littleEndian(UInt8.self, at: 22)
        guard let codec = FrameCodec(rawValue: codecCode) else { throw .unknownCodec(codecCode) }
        self.init(
            headerCRC: storedCRC, storedLength: storedLength, rawLength: rawLength, directoryLength: directoryLength,
            recordCount: Int(bytes.littleEndian(UInt16.self, at: 20)), codec: codec, flags: flags,
            firstLSN: LSN(bytes.littleEndian(UInt64.self, at: 24)),
            durableLSN: LSN(bytes.littleEndian(UInt64.self, at: 32)),
            baseTime: bytes.littleEndian(Int64.self, at: 40), payloadCRC: bytes.littleEndian(UInt32.self, at: 48),
            writerEpoch: bytes.littleEndian(UInt32.self, at: 52),
            previousFrameCRC: bytes.littleEndian(UInt32.self, at: 56),
            groupIndex: Int(bytes.littleEndian(UInt16.self, at: 60)),
            groupCount: Int(bytes.littleEndian(UInt16.self, at: 62)))
        if let field = fieldOutOfRange { throw .malformed(field: field) }
    }

    private static func length(
        _ bytes: RawSpan, at offset: Int, _ field: String, max: Int
    ) throws(FrameError) -> Int {
        let value = bytes.littleEndian(UInt32.self, at: offset)
        guard value <= max else { throw .lengthOutOfRange(field: field, value) }
        return Int(value)
    }

    /// Writes the 64 bytes at the start of `target`, which holds the directory behind them, and takes ``headerCRC``.
    mutating func encode(to target: UnsafeMutableRawBufferPointer, checksum: Checksum) {
        if let field = fieldOutOfRange { preconditionFailure("a frame header whose \(field) is out of range") }
        target.storeLittleEndian(Self.magic, at: 0)
        target.storeLittleEndian(UInt32(storedLength), at: 8)
        target.storeLittleEndian(UInt32(rawLength), at: 12)
        target.storeLittleEndian(UInt32(directoryLength), at: 16)
        target.storeLittleEndian(UInt16(recordCount), at: 20)
        target.storeLittleEndian(codec.rawValue, at: 22)
        target.storeLittleEndian(flags.rawValue, at: 23)
        target.storeLittleEndian(firstLSN.rawValue, at: 24)
        target.storeLittleEndian(durableLSN.rawValue, at: 32)
        target.storeLittleEndian(baseTime, at: 40)
        target.storeLittleEndian(payloadCRC, at: 48)
        target.storeLittleEndian(writerEpoch, at: 52)
        target.storeLittleEndian(previousFrameCRC, at: 56)
        target.storeLittleEndian(UInt16(groupIndex), at: 60)
        target.storeLittleEndian(UInt16(groupCount), at: 62)
        headerCRC = checksum.of(
            UnsafeRawBufferPointer(rebasing: target[8..<Self.encodedByteCount + directoryLength]))
        target.storeLittleEndian(headerCRC, at: 4)
    }

    /// The first field, in file order, that holds what no writer stores.
    private var fieldOutOfRange: String? {
        if codec == .raw ? storedLength != rawLength : storedLength >= rawLength || storedLength == 0 {
            return "storedLength"
        }
        if rawLength > FormatLimits.frameBodyByteCountMax && (recordCount != 1 || codec != .raw) { return "rawLength" }
        if recordCount > FormatLimits.frameRecordCountMax || (recordCount == 0) != isSyncPoint { return "recordCount" }
        if isSyncPoint && (rawLength != 0 || directoryLength != 0) { return "directoryLength" }
        if firstLSN < .first || firstLSN > FormatLimits.lsnMax { return "firstLSN" }
        if durableLSN < .first || durableLSN > firstLSN || (isSyncPoint && durableLSN != firstLSN) {
            return "durableLSN"
        }
        let isRewritten = flags.contains(.rewritten)
        if isRewritten && durableLSN != .first { return "durableLSN" }
        if groupCount == 0 || ((isSyncPoint || isRewritten) && groupCount != 1) { return "groupCount" }
        if groupIndex >= groupCount { return "groupIndex" }
        return nil
    }
}
