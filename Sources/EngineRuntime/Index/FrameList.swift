import LogStorage

/// Places of frames, packed: three or four bytes each, since an execution's frames are often neighbours and a busy engine
/// keeps the lists of hundreds of thousands of executions.
///
/// For each frame, in the order in which they were appended:
///
///     varint   whether the file is another one than the frame's before it (bit 0), and the number of the file (above)
///     varint   only then: the sort of the file, 0 append, 1 rewrite
///     varint   zigzag of the distance to the frame before it in units of 8 bytes; the first, and the first in another
///              file, from 0
package struct FrameList: Equatable, Sendable {
    private(set) var bytes: [UInt8] = []
    package private(set) var count = 0
    private(set) var last: FrameLocation?

    init() {}

    var isEmpty: Bool { count == 0 }

    /// Adds a frame, unless it is the last one already.
    mutating func append(_ location: FrameLocation) {
        guard location != last else { return }
        var from = 0
        if let last, last.file == location.file {
            bytes.appendVarint(0)
            from = last.offset
        } else {
            bytes.appendVarint(location.file.number << 1 | 1)
            bytes.appendVarint(UInt64(location.file.sort.rawValue))
        }
        bytes.appendVarint(Varint.zigzag(Int64((location.offset - from) / FrameHeader.alignment)))
        last = location
        count += 1
    }

    package var locations: [FrameLocation] {
        var locations: [FrameLocation] = []
        locations.reserveCapacity(count)
        // What was packed here, or checked when it was read from a table.
        do throws(IndexDecodingError) {
            var offset = 0
            try Self.decode(bytes.span.bytes, count: count, at: &offset) { locations.append($0) }
        } catch {
            preconditionFailure("a list of frames that was made here does not decode: \(error)")
        }
        return locations
    }

    /// Reads `count` frames and leaves `offset` behind them.
    init(decoding span: RawSpan, count: Int, at offset: inout Int) throws(IndexDecodingError) {
        guard count <= span.byteCount - offset else { throw .malformed(field: "frame count") }
        var list = FrameList()
        try Self.decode(span, count: count, at: &offset) { list.append($0) }
        guard list.count == count else { throw .malformed(field: "frames") }
        self = list
    }

    private static func decode(
        _ span: RawSpan, count: Int, at offset: inout Int, _ take: (FrameLocation) -> Void
    ) throws(IndexDecodingError) {
        var last: FrameLocation?
        for _ in 0..<count {
            let tag = try span.indexVarint("frame file", at: &offset)
            var file: LogFileID
            var from = 0
            if tag & 1 == 0 {
                guard let last, tag == 0 else { throw .malformed(field: "frame file") }
                (file, from) = (last.file, last.offset)
            } else {
                let code = try span.indexVarint("frame file sort", at: &offset)
                guard let sort = UInt8(exactly: code).flatMap(LogFileID.Sort.init(rawValue:)) else {
                    throw .malformed(field: "frame file sort")
                }
                file = LogFileID(sort, tag >> 1)
                // A list has one form: whether two are equal is asked of their bytes.
                guard file != last?.file else { throw .malformed(field: "frame file") }
            }
            let distance = Varint.unzigzag(try span.indexVarint("frame offset", at: &offset))
            let units = Int64(from / FrameHeader.alignment).addingReportingOverflow(distance)
            guard !units.overflow, units.partialValue >= 0, units.partialValue < 1 << 32 else {
                throw .malformed(field: "frame offset")
            }
            let location = FrameLocation(file: file, offset: Int(units.partialValue) * FrameHeader.alignment)
            take(location)
            last = location
        }
    }
}
