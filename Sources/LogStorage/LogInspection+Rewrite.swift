extension LogInspection {
    /// Reads all frames of a rewrite segment, and checks its footer.
    mutating func inspectRewrite(_ number: UInt64) throws(LogError) {
        let segment: SegmentReading
        do throws(LogError) {
            segment = try SegmentReading(.rewrite(number), in: directory.path, fileSystem)
        } catch .damaged(let damage) {
            report.problems.append(damage)
            return
        } catch .storage(let error) where error.reason == .notFound {
            // Whoever has the log open dropped it since the directory was listed.
            return
        } catch {
            throw error
        }
        guard let rewrite = segment.header.rewrite else { preconditionFailure("a rewrite segment that is none") }
        var figures = SegmentReport(segment.header)
        var problems: [LogDamage] = []
        if let logID = report.logID, logID != segment.header.logID {
            problems.append(segment.headerDamage(.foreignLog))
        }
        if let damage = try segment.checkSize(expected: segment.header.byteCount) { problems.append(damage) }
        var walk = SegmentWalk(FrameScanner(segment.file, header: segment.header, end: rewrite.framesEnd))
        var postings = SegmentPostings()
        func count(_ located: LocatedFrame) {
            figures.add(located)
            if problems.isEmpty { postings.add(located, of: .rewrite(number)) }
        }
        if case .damaged(let damage) = try walk.judgeRewrite(rewrite, count) {
            problems.append(damage)
            // The extent of it: what can be read behind.
            while try walk.resume(), let stop = try walk.run(count) { problems.append(stop) }
        }
        if problems.isEmpty { try checkFooter(segment, postings) }
        figures.problemCount = problems.count
        report.rewriteSegments.append(figures)
        report.problems += problems
    }

    /// Notes a footer that is there and is not the one that the frames have.
    mutating func checkFooter(_ segment: SegmentReading, _ postings: SegmentPostings) throws(LogError) {
        let found: FooterError?
        do throws(FooterError) {
            found = try SegmentFooter.difference(of: segment, from: postings)
        } catch .storage(let error) {
            throw .storage(error)
        } catch {
            found = error
        }
        if let found { report.notes.append(FooterNote(file: segment.header.file, reason: found)) }
    }
}

extension SegmentFooter {
    /// In what the segment's footer differs from the one that its frames have; nil also when an append segment has none.
    fileprivate static func difference(
        of segment: SegmentReading, from postings: SegmentPostings
    ) throws(FooterError) -> FooterError? {
        let (start, bytes) = postings.footer(checksum: Checksum(salt: segment.header.salt))
        do throws(FileSystemError) {
            let end = try segment.footerEnd()
            if segment.header.rewrite == nil {
                // Zeros there are those that the segment was made with.
                let place = max(end - FooterTrailer.encodedByteCount, postings.framesEnd)
                if try segment.file.read(at: place, count: max(end - place, 0)).allSatisfy({ $0 == 0 }) { return nil }
            }
            if end == start + bytes.count, try segment.file.read(at: start, count: bytes.count) == bytes { return nil }
        } catch {
            throw .storage(error)
        }
        let footer = try SegmentFooter(segment, end: postings.framesEnd)
        try footer.forEachExecution { _ in }
        return .stale(field: "content")
    }
}
