/// A block of a footer: what the segment holds of some executions, by ascending number. SPEC.md §1.14. For each:
///
///     execution     varint    minus the one's before it; the first is the block's first execution, and not stored
///     recordCount   varint    at least 1
///     recordBytes   varint    of its bodies, before compression
///     frameCount    varint    at least 1
///     frames        varints   offset / 8 of each, minus that of the one before it; the first minus 1024
enum FooterBlock {
    /// A block is closed once it has so many bytes. A single execution's may be longer.
    static let byteCountTarget = 4_096

    static func append(
        _ execution: SegmentPostings.Execution, after previous: UInt64?, to bytes: inout [UInt8]
    ) {
        if let previous { Varint.append(execution.number - previous, to: &bytes) }
        Varint.append(UInt64(execution.recordCount), to: &bytes)
        Varint.append(UInt64(execution.recordBytes), to: &bytes)
        Varint.append(UInt64(execution.offsets.count), to: &bytes)
        var last = SegmentHeader.encodedByteCount
        for offset in execution.offsets {
            Varint.append(UInt64((offset - last) / FrameHeader.alignment), to: &bytes)
            last = offset
        }
    }

    /// Decodes a block whose checksum holds, and checks what it says against where frames can be.
    ///
    /// - Parameters:
    ///   - next: The first execution of the block behind it, which a lookup does not look for here; nil for the last.
    ///   - take: Is given each execution; false ends it.
    static func decode(
        _ bytes: RawSpan, _ block: FooterIndex.Block, before next: UInt64?, framesEnd: Int,
        _ take: (SegmentPostings.Execution) -> Bool
    ) throws(FooterError) {
        do throws(Varint.Failure) {
            var offset = 0
            var number = block.firstExecution
            for index in 0..<block.executionCount {
                if index > 0 {
                    let (sum, isTooLarge) = number.addingReportingOverflow(try Varint.decode(bytes, at: &offset))
                    guard sum > number, !isTooLarge, next.map({ sum < $0 }) ?? true else { throw .malformed }
                    number = sum
                }
                var execution = SegmentPostings.Execution(number: number)
                execution.recordCount = try count(bytes, at: &offset, in: 1...Int(UInt32.max))
                execution.recordBytes = try count(bytes, at: &offset, in: 0...Int.max)
                // Each takes a byte at least: nothing is reserved by a figure that cannot be.
                let frameCount = try count(bytes, at: &offset, in: 1...max(1, bytes.byteCount))
                execution.offsets.reserveCapacity(frameCount)
                var last = SegmentHeader.encodedByteCount
                for frame in 0..<frameCount {
                    let step = try count(bytes, at: &offset, in: 0...framesEnd / FrameHeader.alignment)
                    last += step * FrameHeader.alignment
                    guard last < framesEnd, frame == 0 || step > 0 else { throw .malformed }
                    execution.offsets.append(last)
                }
                if !take(execution) { return }
            }
            guard offset == bytes.byteCount else { throw .malformed }
        } catch {
            throw .damaged(part: "block")
        }
    }

    private static func count(
        _ bytes: RawSpan, at offset: inout Int, in range: ClosedRange<Int>
    ) throws(Varint.Failure) -> Int {
        let value = try Varint.decode(bytes, at: &offset)
        guard let count = Int(exactly: value), range.contains(count) else { throw .malformed }
        return count
    }
}
