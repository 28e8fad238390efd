extension SegmentPostings {
    /// The footer's bytes, from the place where it starts to the end of the file, the trailer included: the same for the
    /// same frames, whoever found them.
    func footer(checksum: Checksum) -> (start: Int, bytes: [UInt8]) {
        let start = FooterTrailer.footerStart(framesEnd: framesEnd)
        var bytes: [UInt8] = []
        var index = FooterIndex(totals: totals, marks: marks)
        var block: [UInt8] = []
        var numbers: (first: UInt64, last: UInt64, count: Int)?
        func close() {
            guard let (first, _, count) = numbers else { return }
            index.blocks.append(
                FooterIndex.Block(
                    firstExecution: first, offset: start + bytes.count, length: block.count, executionCount: count,
                    crc: checksum.of(block.span.bytes)))
            bytes += block
            block.removeAll(keepingCapacity: true)
            numbers = nil
        }
        for execution in executions {
            FooterBlock.append(execution, after: numbers?.last, to: &block)
            numbers = (numbers?.first ?? execution.number, execution.number, (numbers?.count ?? 0) + 1)
            if block.count >= FooterBlock.byteCountTarget { close() }
        }
        close()
        let content = index.encoded()
        let trailer = FooterTrailer(
            framesEnd: framesEnd, indexOffset: start + bytes.count, indexCRC: checksum.of(content.span.bytes),
            blockCount: index.blocks.count, markCount: marks.count, lastFrameCRC: lastFrameCRC)
        bytes += content
        let alignment = FrameHeader.paddedAlignment
        let end = (bytes.count + FooterTrailer.encodedByteCount + alignment - 1) / alignment * alignment
        bytes += [UInt8](repeating: 0, count: end - FooterTrailer.encodedByteCount - bytes.count)
        bytes += trailer.encoded(checksum)
        return (start, bytes)
    }
}

extension SegmentFooter {
    /// Reads the directories of a segment's frames, for its footer. Every frame's header is checked, and that it
    /// continues the one before it; bodies are not looked at.
    ///
    /// - Parameters:
    ///   - end: Where the frames of an append segment end, as its successor states. The header of a rewrite segment says
    ///     it itself.
    ///   - take: Is given each frame.
    /// - Throws: ``LogError/damaged(_:)`` when the frames do not end there.
    package static func scan(
        _ file: LogFileID, end: Int? = nil, directory: String, fileSystem: any LogFileSystem,
        _ take: (FrameOutline) -> Void = { _ in }
    ) throws(LogError) -> SegmentPostings {
        let segment = try SegmentReading(file, in: directory, fileSystem)
        guard let framesEnd = segment.header.rewrite?.framesEnd ?? end else {
            preconditionFailure("an append segment does not say where it ends")
        }
        if let damage = try segment.checkSize(expected: framesEnd) { throw .damaged(damage) }
        var walk = SegmentWalk(
            FrameScanner(segment.file, header: segment.header, end: framesEnd, reading: .directory))
        var postings = SegmentPostings()
        func add(_ located: LocatedFrame) {
            let frame = FrameOutline(located.frame, at: FrameLocation(file: file, offset: located.offset))
            postings.add(frame)
            take(frame)
        }
        if let rewrite = segment.header.rewrite {
            if case .damaged(let damage) = try walk.judgeRewrite(rewrite, add) { throw .damaged(damage) }
        } else {
            if let stop = try walk.run(add) { throw .damaged(stop) }
            // A group that the end cuts, or a frame that reaches over it.
            guard walk.wholeEnd == framesEnd else { throw .damaged(walk.damage(.endMismatch(field: "end"))) }
        }
        return postings
    }

    /// Writes the footer of a sealed append segment behind its frames, durably. What is there of an earlier one goes;
    /// nothing before the frames' end is touched, and no sector that holds a frame is written. A crash leaves a footer
    /// that does not check, or none: the trailer is written when the rest is on the disk.
    ///
    /// - Parameter postings: Of all frames of the segment, as ``scan(_:end:directory:fileSystem:_:)`` finds them.
    package static func write(
        _ postings: SegmentPostings, to file: LogFileID, directory: String, fileSystem: any LogFileSystem
    ) throws(LogError) {
        precondition(file.sort == .append, "a rewrite segment is made with its footer")
        let segment = try SegmentReading(file, in: directory, fileSystem, .readWrite)
        if let damage = try segment.checkSize(expected: postings.framesEnd) { throw .damaged(damage) }
        try checkEnd(of: segment, postings, directory, fileSystem)
        let (start, bytes) = postings.footer(checksum: Checksum(salt: segment.header.salt))
        let trailer = bytes.count - FooterTrailer.encodedByteCount
        do throws(FileSystemError) {
            try segment.file.truncate(to: start)
            try segment.file.write(Array(bytes[..<trailer]), at: start)
            try segment.file.sync()
            try segment.file.write(Array(bytes[trailer...]), at: start + trailer)
            try segment.file.sync()
        } catch {
            throw .storage(error)
        }
    }

    /// Makes sure that nothing but dead bytes is overwritten, whoever said where the frames end.
    private static func checkEnd(
        of segment: SegmentReading, _ postings: SegmentPostings, _ directory: String, _ fileSystem: any LogFileSystem
    ) throws(LogError) {
        let number = segment.header.number
        let successor = LogFileID.append(number + 1)
        let hasSuccessor: Bool
        let isFollowed: Bool
        do throws(FileSystemError) {
            hasSuccessor = try fileSystem.exists(directory + "/" + successor.name)
            let limit = min(try segment.file.size(), segment.header.byteCount)
            var scanner = FrameScanner(segment.file, header: segment.header, end: limit, reading: .directory)
            let next = postings.framesEnd < limit ? try scanner.soundHeader(at: postings.framesEnd) : nil
            isFollowed = next != nil
        } catch {
            throw .storage(error)
        }
        guard hasSuccessor else {
            // Dropped, or there never was one. A frame behind the end may be dead, but nobody says so.
            if isFollowed {
                throw .damaged(
                    LogDamage(segment: number, offset: postings.framesEnd, reason: .endMismatch(field: "end")))
            }
            return
        }
        let link = try SegmentReading(successor, in: directory, fileSystem).header.predecessor
        guard link?.number == number, link?.endOffset == UInt64(postings.framesEnd),
            link?.lastFrameCRC == postings.lastFrameCRC
        else {
            throw .damaged(LogDamage(segment: number + 1, offset: 0, reason: .chainBroken(field: "predecessor")))
        }
    }
}
