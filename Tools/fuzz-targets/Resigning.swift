import LogStorage

/// Bytes with their checksums taken anew: a fuzzer does not guess them, and what is behind them must stand it too.
extension [UInt8] {
    mutating func store<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
        Swift.withUnsafeBytes(of: value.littleEndian) { replaceSubrange(offset..<offset + $0.count, with: $0) }
    }

    func load<Value: FixedWidthInteger>(_ type: Value.Type, at offset: Int) -> Value {
        withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: type)) }
    }

    /// The part of a file that one of its own fields names; nil where the file has no such part.
    func part(at offset: UInt64, count: UInt64) -> Range<Int>? {
        guard offset <= self.count, count <= UInt64(self.count) - offset else { return nil }
        return Int(offset)..<Int(offset + count)
    }

    /// The checksum of part of a file, in which four bytes at 12 are the checksum itself.
    func checksum(of range: Range<Int>, salt: Checksum? = nil) -> UInt32 {
        let first = span.bytes.extracting(range.lowerBound..<range.lowerBound + 12)
        let rest = span.bytes.extracting(range.lowerBound + 16..<range.upperBound)
        guard let salt else { return Checksum.unsalted(rest, after: Checksum.unsalted(first)) }
        return salt.of(rest, after: salt.of(first))
    }

    /// A segment with its header's.
    var resignedHeader: [UInt8] {
        guard count >= SegmentHeader.encodedByteCount else { return self }
        var bytes = self
        let length = Int(load(UInt32.self, at: 108))
        if length <= FormatLimits.dictionaryByteCountMax {
            bytes.store(Checksum.unsalted(bytes.span.bytes.extracting(4_096..<4_096 + length)), at: 112)
        }
        bytes.store(bytes.checksum(of: 0..<4_096), at: 12)
        return bytes
    }

    /// Those of the frame at `start`. Returns the offset behind it; nil where its lengths leave no room for it.
    mutating func resignFrame(at start: Int, salt: UInt64) -> Int? {
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

    /// Those of the footer at the end of a segment: of its blocks, its index and its trailer.
    mutating func resignFooter(salt: UInt64) {
        guard count >= frameStart + 64 else { return }
        let checksum = Checksum(salt: salt)
        let trailer = count - 64
        let index = load(UInt64.self, at: trailer + 24)
        for block in 0..<UInt64(load(UInt32.self, at: trailer + 40)) {
            let row = index.addingReportingOverflow(56 + 24 * block)
            guard !row.overflow, part(at: row.partialValue, count: 24) != nil else { break }
            let place = Int(row.partialValue)
            let (offset, length) = (load(UInt32.self, at: place + 8), load(UInt32.self, at: place + 12))
            if let block = part(at: UInt64(offset), count: UInt64(length)) {
                store(checksum.of(span.bytes.extracting(block)), at: place + 20)
            }
        }
        if let content = part(at: index, count: UInt64(load(UInt32.self, at: trailer + 32))) {
            store(checksum.of(span.bytes.extracting(content)), at: trailer + 36)
        }
        store(self.checksum(of: trailer..<count, salt: checksum), at: trailer + 12)
    }

    /// Those of a table: of its blocks, its block index and its trailer.
    var resignedTable: [UInt8] {
        guard count >= 64 else { return self }
        var bytes = self
        let trailer = count - 64
        let index = load(UInt64.self, at: trailer + 24)
        guard index <= trailer else { return self }
        let rowCount = (trailer - Int(index)) / 32
        for row in 0..<rowCount {
            let place = Int(index) + 32 * row
            let start = bytes.load(UInt64.self, at: place + 16)
            let end = row + 1 < rowCount ? bytes.load(UInt64.self, at: place + 48) : index
            guard start <= end, let block = bytes.part(at: start, count: end - start) else { continue }
            bytes.store(Checksum.unsalted(bytes.span.bytes.extracting(block)), at: place + 24)
        }
        bytes.store(Checksum.unsalted(bytes.span.bytes.extracting(Int(index)..<trailer)), at: trailer + 48)
        bytes.store(bytes.checksum(of: trailer..<count), at: trailer + 12)
        return bytes
    }

    /// A manifest with its own.
    var resignedManifest: [UInt8] {
        guard count >= 16 else { return self }
        var bytes = self
        bytes.store(bytes.checksum(of: 0..<count), at: 12)
        return bytes
    }
}
