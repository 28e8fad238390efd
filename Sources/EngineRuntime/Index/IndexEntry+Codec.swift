import ExecutionModel
import LogStorage

/// The value of an entry in a table. All numbers are varints unless it says otherwise. SPEC.md, "The index", is the authority:
///
///     sequence
///     standing        one byte
///     due             0 for none, otherwise milliseconds since 1970 zigzagged, plus 1
///     name hash       8 bytes, little-endian, after one byte 1; one byte 0 for none
///     snapshot        0 for none; otherwise its sequence + 1, then its frame as a list of one, then its records and bytes
///     trim            sequence of the event that trimmed the history, 0 for none
///     tail            count of frames, or 0 where they are too many, then the frames
///     tail's measure  events; then, unless there are none: bytes of their bodies, and one byte, 1: too many frames
///     shares          count, then for each: the file's number << 1 | sort, bytes, and those of them that outlive a trim
extension IndexEntry {
    package func encode(into bytes: inout [UInt8]) {
        bytes.appendVarint(UInt64(sequence))
        bytes.append(standing.rawValue)
        bytes.appendVarint(due.map { Varint.zigzag($0.millisecondsSinceEpoch) &+ 1 } ?? 0)
        bytes.append(nameHash == nil ? 0 : 1)
        if let nameHash { withUnsafeBytes(of: nameHash.littleEndian) { bytes.append(contentsOf: $0) } }
        if let snapshot {
            bytes.appendVarint(UInt64(snapshot.sequence) + 1)
            var list = FrameList()
            list.append(snapshot.location)
            bytes += list.bytes
            bytes.appendVarint(UInt64(snapshot.recordCount))
            bytes.appendVarint(UInt64(snapshot.byteCount))
        } else {
            bytes.append(0)
        }
        bytes.appendVarint(UInt64(trimSequence))
        bytes.appendVarint(UInt64(tail.count))
        bytes += tail.bytes
        bytes.appendVarint(UInt64(tailEventCount))
        if tailEventCount > 0 {
            bytes.appendVarint(UInt64(tailByteCount))
            bytes.append(tailIsLong ? 1 : 0)
        }
        bytes.appendVarint(UInt64(shares.count))
        for share in shares {
            bytes.appendVarint(share.file.number << 1 | UInt64(share.file.sort.rawValue))
            bytes.appendVarint(UInt64(share.byteCount))
            bytes.appendVarint(UInt64(share.keptByteCount))
        }
    }

    package init(decoding bytes: [UInt8]) throws(IndexDecodingError) {
        let span = bytes.span.bytes
        var offset = 0
        let sequence = try span.indexVarint("sequence", at: &offset)
        guard let sequence = UInt32(exactly: sequence), sequence > 0 else { throw .malformed(field: "sequence") }
        self.sequence = sequence
        guard let standing = Standing(rawValue: try span.indexByte("standing", at: &offset)) else {
            throw .malformed(field: "standing")
        }
        self.standing = standing
        let due = try span.indexVarint("due", at: &offset)
        self.due = due == 0 ? nil : Timestamp(millisecondsSinceEpoch: Varint.unzigzag(due &- 1))
        switch try span.indexByte("name hash", at: &offset) {
        case 0: break
        case 1:
            var hash: UInt64 = 0
            for shift in 0..<8 { hash |= UInt64(try span.indexByte("name hash", at: &offset)) << UInt64(8 * shift) }
            nameHash = hash
        default: throw .malformed(field: "name hash")
        }
        snapshot = try Self.snapshot(span, at: &offset)
        let trim = try span.indexVarint("trim", at: &offset)
        guard let trim = UInt32(exactly: trim), trim <= sequence else { throw .malformed(field: "trim") }
        trimSequence = trim
        let count = try span.indexCount("frame count", at: &offset)
        tail = try FrameList(decoding: span, count: count, at: &offset)
        tailEventCount = try span.indexCount("tail events", at: &offset)
        if tailEventCount > 0 {
            tailByteCount = try span.indexByteCount("tail bytes", at: &offset)
            switch try span.indexByte("tail", at: &offset) {
            case 0: tailIsLong = false
            case 1: tailIsLong = true
            default: throw .malformed(field: "tail")
            }
        }
        for _ in 0..<(try span.indexCount("share count", at: &offset)) {
            let file = try span.indexVarint("share file", at: &offset)
            let share = Share(
                file: LogFileID(file & 1 == 0 ? .append : .rewrite, file >> 1),
                byteCount: try span.indexByteCount("share bytes", at: &offset),
                keptByteCount: try span.indexByteCount("kept bytes", at: &offset))
            guard share.keptByteCount <= share.byteCount else { throw .malformed(field: "kept bytes") }
            shares.append(share)
        }
        guard offset == bytes.count else { throw .trailingBytes }
    }

    private static func snapshot(_ span: RawSpan, at offset: inout Int) throws(IndexDecodingError) -> Snapshot? {
        let covered = try span.indexVarint("snapshot sequence", at: &offset)
        guard covered > 0 else { return nil }
        guard let sequence = UInt32(exactly: covered - 1) else { throw .malformed(field: "snapshot sequence") }
        guard let location = try FrameList(decoding: span, count: 1, at: &offset).last else {
            throw .malformed(field: "snapshot frame")
        }
        return Snapshot(
            location: location, sequence: sequence,
            recordCount: try span.indexCount("snapshot records", at: &offset),
            byteCount: try span.indexByteCount("snapshot bytes", at: &offset))
    }
}

extension RawSpan {
    /// Bytes of records in one file, so that sums over many entries stay within 64 bits.
    func indexByteCount(_ field: String, at offset: inout Int) throws(IndexDecodingError) -> Int {
        let value = try indexVarint(field, at: &offset)
        guard value <= FormatLimits.fileRecordByteCountMax else { throw .malformed(field: field) }
        return Int(value)
    }

    func indexByte(_ field: String, at offset: inout Int) throws(IndexDecodingError) -> UInt8 {
        guard offset < byteCount else { throw .truncated(field: field) }
        defer { offset += 1 }
        return unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }
}
