import Testing

@testable import LogStorage

/// Verification of what stands beside the append segments' frames: rewrite segments, footers, gaps.
@Suite struct LogInspectionTests {
    /// A log with a rewrite segment and a footer behind its first segment.
    private static func files() throws -> MemoryFiles {
        let files = MemoryFiles(try LogStartTests.Sample().contents)
        let log = try LogStartTests.open(files, from: nil)
        let row = log.sealedSegments[0]
        let postings = try SegmentFooter.scan(.append(1), end: row.end, directory: "/log", fileSystem: files)
        try SegmentFooter.write(postings, to: .append(1), directory: "/log", fileSystem: files)
        var writer = try RewriteSegmentWriter(
            number: 1, logID: log.logID, salt: 77, directory: "/log", fileSystem: files, time: 0, frameBodyTarget: 300)
        for record in RewriteFixture(seed: 4, executions: 20).records { try writer.append(record) }
        _ = try writer.finish()
        try log.close()
        return files
    }

    private func verify(
        _ files: MemoryFiles, retained: [SealedSegment]? = nil
    ) throws(LogError) -> LogReport {
        try LogInspector(directory: "/log", fileSystem: files, retained: retained).verify()
    }

    @Test func `a sound log has neither problems nor notes`() throws {
        let report = try verify(try Self.files())
        #expect(report.isIntact && report.notes.isEmpty, "\(report.problems) \(report.notes)")
        #expect(report.rewriteSegments.map(\.number) == [1])
        #expect(report.rewriteSegments[0].recordCount == RewriteFixture(seed: 4, executions: 20).records.count)
        #expect(report.rewriteSegments[0].frameCount > 5)
    }

    @Test func `damage to a rewrite segment's frames is a problem with its place, and what is behind is read`() throws {
        let files = try Self.files()
        let whole = try verify(files).rewriteSegments[0]
        var offsets: [Int] = []
        _ = try SegmentFooter.scan(.rewrite(1), directory: "/log", fileSystem: files) {
            offsets.append($0.location.offset)
        }
        files.contents["/log/00000001.rewrite"]![offsets[1] + 100] ^= 1
        let report = try verify(files)
        #expect(report.problems.map(\.file) == [.rewrite(1)])
        #expect(report.problems.map(\.offset) == [offsets[1]])
        #expect(report.rewriteSegments[0].frameCount == whole.frameCount - 1)
        #expect("\(report.problems[0])".hasPrefix("segment 00000001.rewrite at byte \(offsets[1]): "))
        #expect(report.notes.isEmpty)
    }

    @Test(arguments: ["00000001.rewrite", "00000001.segment"])
    func `a footer that does not check is a note and no problem, wherever it is wrong`(name: String) throws {
        let files = try Self.files()
        let original = files.contents["/log/" + name]!
        let file: LogFileID = name.hasSuffix("segment") ? .append(1) : .rewrite(1)
        let end = try SegmentFooter.read(file, directory: "/log", fileSystem: files).framesEnd
        for offset in FooterTrailer.footerStart(framesEnd: end)..<original.count where original[offset] != 0 {
            files.contents["/log/" + name]![offset] ^= 0x10
            let report = try verify(files)
            #expect(report.isIntact && report.notes.map(\.file) == [file], "byte \(offset)")
            files.contents["/log/" + name] = original
        }
        // An append segment may be without one.
        let cut = name.hasSuffix("segment") ? end : original.count
        files.contents["/log/" + name] = Array(original[..<cut])
        #expect(try verify(files).notes.isEmpty)
    }

    @Test func `a rewrite segment of another log, or that is cut or renamed, is a problem`() throws {
        let files = try Self.files()
        let sound = files.contents
        let bytes = sound["/log/00000001.rewrite"]!
        files.contents["/log/00000001.rewrite"] = Array(bytes.dropLast())
        #expect(try verify(files).problems.map(\.file) == [.rewrite(1)])
        files.contents = sound
        files.contents["/log/00000002.rewrite"] = bytes
        #expect(try verify(files).problems.map(\.reason) == [.numberMismatch(header: 1)])
        files.contents = sound
        try RewriteFixture(seed: 1, executions: 3).make(files, number: 3)
        #expect(try verify(files).problems.map(\.reason) == [.foreignLog])
    }

    @Test func `what a manifest lists behind the newest segment, and rewrite segments that it lists, must be there`()
        throws
    {
        let sample = try LogStartTests.Sample()
        let files = MemoryFiles(sample.contents)
        var rows = sample.rows
        let newest = try #require(LogDirectory(surveying: "/log", fileSystem: files).segments.last)
        rows.append(
            SealedSegment(number: newest + 1, firstLSN: LSN(900), nextLSN: LSN(900), end: 8_192, lastFrameCRC: 0))
        #expect(try verify(files, retained: rows).problems.map(\.reason) == [.missing])
        // All files are there, and the last one ends before the position.
        let end = try verify(files, retained: sample.rows).nextLSN
        rows.removeAll { $0.number == newest }
        rows[rows.count - 1].number = newest
        rows[rows.count - 1].nextLSN = end.advanced(by: 1)
        #expect(
            try verify(files, retained: rows).problems.map(\.reason) == [
                .recordsMissing(next: end, durable: end.advanced(by: 1), found: nil)
            ])
        let report = try LogInspector(
            directory: "/log", fileSystem: files, retained: sample.rows, rewrites: [4]
        ).verify()
        #expect(report.problems.map(\.file) == [.rewrite(4)])
    }

    @Test func `segments that the snapshot does not list were dropped on purpose`() throws {
        let sample = try LogStartTests.Sample()
        let files = MemoryFiles(sample.contents)
        for index in [0, 3] { files.remove("/log/" + SegmentNames.segment(sample.rows[index].number)) }
        #expect(try verify(files).problems.map(\.segment) == [1, 4])
        var rows = sample.rows
        rows.remove(at: 3)
        rows.remove(at: 0)
        #expect(try verify(files, retained: rows).isIntact)
        // Of the one before a gap the list says where it ends.
        let place = rows[1].end - 20
        files.contents["/log/" + SegmentNames.segment(rows[1].number)]![place] ^= 1
        #expect(try verify(files, retained: rows).problems.map(\.segment) == [rows[1].number])
        files.contents = sample.contents
        for index in [0, 3] { files.remove("/log/" + SegmentNames.segment(sample.rows[index].number)) }
        rows[1].lastFrameCRC ^= 1
        #expect(
            try verify(files, retained: rows).problems.map(\.reason) == [.endMismatch(field: "lastFrameCRC")])
    }
}
