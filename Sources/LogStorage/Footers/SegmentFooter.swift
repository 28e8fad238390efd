/// A segment's footer, open for lookups: which frames hold records of an execution, without reading the frames.
///
/// It is a cache behind the frames (SPEC.md §1.14): rebuilt by ``scan(_:end:directory:fileSystem:)`` and
/// ``write(_:to:directory:fileSystem:)`` whenever it does not check, and evidence of nothing. A few KiB of it are kept in
/// memory; a lookup reads one block of about 4 KiB. Thread-safe; blocks.
package struct SegmentFooter: Sendable {
    package let file: LogFileID
    package let totals: SegmentPostings.Totals
    /// Where the segment's frames end.
    package let framesEnd: Int
    package let lastFrameCRC: UInt32
    /// Where to start looking for an LSN in an append segment.
    let marks: [SegmentList.Mark]

    private let index: FooterIndex
    private let handle: LogFileHandle
    private let checksum: Checksum

    /// Opens the footer of a file.
    ///
    /// - Parameter end: Where the frames of an append segment end, as its successor states; nil takes the footer's word.
    ///   The header of a rewrite segment says it itself.
    package static func read(
        _ file: LogFileID, end: Int? = nil, directory: String, fileSystem: any LogFileSystem
    ) throws(FooterError) -> SegmentFooter {
        let segment: SegmentReading
        do throws(LogError) {
            segment = try SegmentReading(file, in: directory, fileSystem)
        } catch {
            throw .segment(error)
        }
        return try SegmentFooter(segment, end: end)
    }

    init(_ segment: SegmentReading, end: Int?) throws(FooterError) {
        handle = segment.handle
        file = segment.header.file
        checksum = Checksum(salt: segment.header.salt)
        let size: Int
        do throws(FileSystemError) { size = try segment.footerEnd() } catch { throw .storage(error) }
        let place = size - FooterTrailer.encodedByteCount
        guard place >= SegmentHeader.encodedByteCount else { throw .absent }
        let bytes = try Self.read(handle, at: place, count: FooterTrailer.encodedByteCount)
        guard bytes.count == FooterTrailer.encodedByteCount else { throw .absent }
        let trailer = try FooterTrailer(decoding: bytes.span.bytes, fileByteCount: size, checksum: checksum)
        let rewrite = segment.header.rewrite
        if let end = rewrite?.framesEnd ?? end, end != trailer.framesEnd { throw .stale(field: "framesEnd") }
        if let rewrite, rewrite.lastFrameCRC != trailer.lastFrameCRC { throw .stale(field: "lastFrameCRC") }
        let content = try Self.read(handle, at: trailer.indexOffset, count: trailer.indexLength)
        guard content.count == trailer.indexLength, checksum.of(content.span.bytes) == trailer.indexCRC else {
            throw .damaged(part: "index")
        }
        index = try FooterIndex(decoding: content.span.bytes, trailer)
        totals = index.totals
        framesEnd = trailer.framesEnd
        lastFrameCRC = trailer.lastFrameCRC
        marks = index.marks
    }

    /// What the segment holds of an execution: where the frames start, ascending, and the bytes of its bodies; nil when
    /// it holds nothing of it.
    package func frames(of execution: UInt64) throws(FooterError) -> (offsets: [Int], recordBytes: Int)? {
        guard let block = index.block(of: execution) else { return nil }
        var found: SegmentPostings.Execution?
        try read(block) { candidate in
            if candidate.number == execution { found = candidate }
            return candidate.number < execution
        }
        return found.map { ($0.offsets, $0.recordBytes) }
    }

    /// All of them, by ascending number.
    package func forEachExecution(_ body: (SegmentPostings.Execution) -> Void) throws(FooterError) {
        for block in index.blocks.indices {
            try read(block) { execution in
                body(execution)
                return true
            }
        }
    }

    private func read(
        _ place: Int, _ take: (SegmentPostings.Execution) -> Bool
    ) throws(FooterError) {
        let block = index.blocks[place]
        let bytes = try Self.read(handle, at: block.offset, count: block.length)
        guard bytes.count == block.length, checksum.of(bytes.span.bytes) == block.crc else {
            throw .damaged(part: "block")
        }
        let next = place + 1 < index.blocks.count ? index.blocks[place + 1].firstExecution : nil
        try FooterBlock.decode(bytes.span.bytes, block, before: next, framesEnd: framesEnd, take)
    }

    private static func read(_ handle: LogFileHandle, at offset: Int, count: Int) throws(FooterError) -> [UInt8] {
        do throws(FileSystemError) {
            return try handle.file.read(at: offset, count: count)
        } catch {
            throw .storage(error)
        }
    }
}
