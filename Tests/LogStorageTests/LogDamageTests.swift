import Testing

@testable import LogStorage

/// A small, cleanly closed log of several segments, damaged in every way: all records, or a refusal that says where.
@Suite struct LogDamageTests {
    struct Sample: Sendable {
        var contents: [String: [UInt8]]
        var end: LSN
        var paths: [String] { contents.keys.filter { $0.hasSuffix(".segment") }.sorted() }
    }

    /// Three segments, the first two ended by an opening.
    static let sample: Sample = {
        let files = MemoryFiles()
        let fixture = LogFixture(files, segment: 16 << 10)
        var end = LSN.first
        for (seed, appends) in [(1, 6), (2, 5), (3, 4)] as [(UInt64, Int)] {
            let log = try! fixture.open(seed: seed)
            for count in 0..<appends {
                try! log.append(count % 4 + 1)
                log.writer.step(now: 0)
            }
            try! log.close()
            end = log.nextLSN
        }
        return Sample(contents: files.contents, end: end)
    }()

    /// Judges the log as recovery does, and as verification does: they must agree.
    ///
    /// - Returns: The refusal; nil when every record was read.
    private func refusal(
        _ contents: [String: [UInt8]], _ comment: @autoclosure () -> Comment, verifies: Bool = true
    ) -> LogError? {
        let files = MemoryFiles(contents)
        var next = LSN.first
        var wrong: LSN?
        do throws(LogError) {
            let survey = try LogDirectory(surveying: LogFixture.directory, fileSystem: files)
            _ = try LogRecovery(directory: survey, fileSystem: files).run { record in
                if record != LogFixture.record(next) { wrong = next }
                next = next.advanced(by: 1)
            }
        } catch {
            if case .damaged = error, verifies {
                let report = try? LogInspector(directory: LogFixture.directory, fileSystem: files).verify()
                #expect(report?.isIntact == false, comment())
            }
            if let wrong { Issue.record("\(comment()): record \(wrong.rawValue) is not what was appended") }
            return error
        }
        if wrong != nil || next != Self.sample.end { Issue.record(comment()) }
        return nil
    }

    @Test func `the sample has the segments it should have`() throws {
        let report = try LogInspector(
            directory: LogFixture.directory, fileSystem: MemoryFiles(Self.sample.contents)
        ).verify()
        #expect(report.segments.count == 3)
        #expect(report.isIntact)
        #expect(report.nextLSN == Self.sample.end)
        #expect(report.recordCount == Int(Self.sample.end.rawValue) - 1)
        #expect(report.segments.allSatisfy { $0.recordCount > 0 && $0.storedBytes > 0 })
    }

    @Test(arguments: sample.paths)
    func `a flipped byte leaves every record readable or is refused with its place`(path: String) {
        let number = SegmentNames.number(ofSegment: String(path.dropFirst(LogFixture.directory.count + 1)))!
        var contents = Self.sample.contents
        let original = contents[path]!
        var refused = 0
        for offset in original.indices {
            contents[path]![offset] ^= 1 << UInt8(offset % 8)
            defer { contents[path]![offset] = original[offset] }
            let refusal = refusal(contents, "\(path) byte \(offset)", verifies: offset % 16 == 0)
            guard let refusal else { continue }
            refused += 1
            guard case .damaged(let damage) = refusal, damage.segment == number, damage.offset <= offset else {
                Issue.record("\(path) byte \(offset): \(refusal)")
                return
            }
        }
        #expect(refused > 0)
    }

    @Test(arguments: sample.paths)
    func `a cut file is refused with its place`(path: String) {
        var contents = Self.sample.contents
        let original = contents[path]!
        for length in 0..<original.count {
            contents[path] = Array(original[..<length])
            guard case .damaged = refusal(contents, "\(path) cut at \(length)", verifies: length % 64 == 0) else {
                Issue.record("\(path) cut at \(length) is accepted")
                return
            }
        }
    }

    @Test(arguments: [1, 2] as [UInt64])
    func `a missing segment is named`(number: UInt64) throws {
        var contents = Self.sample.contents
        contents[LogFixture.directory + "/" + SegmentNames.segment(number)] = nil
        let damage = LogDamage(segment: number, offset: 0, reason: .missing)
        #expect(refusal(contents, "segment \(number)") == .damaged(damage))
        let report = try LogInspector(directory: LogFixture.directory, fileSystem: MemoryFiles(contents)).verify()
        #expect(report.problems.contains(damage))
    }

    @Test(arguments: [(1, 3), (1, 2), (2, 3), (3, 1), (2, 4), (3, 4)] as [(UInt64, UInt64)])
    func `a segment under another's name is refused`(source: UInt64, target: UInt64) {
        var contents = Self.sample.contents
        let name = { LogFixture.directory + "/" + SegmentNames.segment($0) }
        contents[name(target)] = contents[name(source)]
        let expected = LogDamage(segment: target, offset: 0, reason: .numberMismatch(header: source))
        #expect(refusal(contents, "\(source) as \(target)") == .damaged(expected))
    }

    @Test func `a segment of another log is refused`() throws {
        let files = MemoryFiles()
        let fixture = LogFixture(files, segment: 16 << 10)
        for seed in [11, 12] as [UInt64] {
            let log = try fixture.open(seed: seed)
            try log.append(1)
            try log.close()
        }
        var contents = Self.sample.contents
        let name = LogFixture.directory + "/" + SegmentNames.segment(2)
        contents[name] = files.contents[name]
        #expect(
            refusal(contents, "foreign") == .damaged(LogDamage(segment: 2, offset: 0, reason: .foreignLog)))
    }

    @Test func `frames copied from another segment are not taken for this one's`() {
        var contents = Self.sample.contents
        let name = { LogFixture.directory + "/" + SegmentNames.segment($0) }
        let frames = SegmentHeader.encodedByteCount..<SegmentHeader.encodedByteCount + 512
        contents[name(3)]!.replaceSubrange(frames, with: contents[name(2)]![frames])
        guard case .damaged(let damage) = refusal(contents, "copied frames") else {
            Issue.record("accepted")
            return
        }
        #expect(damage.segment == 3 && damage.offset == SegmentHeader.encodedByteCount)
    }

    @Test func `what lies beyond the end that the successor records is never looked at`() {
        var contents = Self.sample.contents
        for path in Self.sample.paths.dropLast() { contents[path]! += [UInt8](repeating: 0xFF, count: 4_096) }
        #expect(refusal(contents, "dead tails") == nil)
    }

    @Test func `a newer version is refused before anything is changed`() throws {
        let newer = Self.withVersion(2, in: Self.sample.contents, path: Self.sample.paths[2])
        let files = MemoryFiles(newer)
        #expect(throws: LogError.newerVersion(segment: 3, version: 2, supported: 1)) {
            try LogFixture(files).open()
        }
        #expect(files.contents == newer)
    }

    @Test(arguments: [["notes.txt"], ["00000001.segment.bak"], ["lock", "data.db"]])
    func `a directory that is no log is refused and left as it is`(names: [String]) {
        let contents = Dictionary(uniqueKeysWithValues: names.map { (LogFixture.directory + "/" + $0, [1] as [UInt8]) })
        let files = MemoryFiles(contents)
        #expect(throws: LogError.notALog(path: LogFixture.directory, found: names.last!)) {
            try LogFixture(files).open()
        }
        #expect(files.contents == contents)
    }

    @Test func `verification goes on behind damage and counts what can be read`() throws {
        var contents = Self.sample.contents
        let path = Self.sample.paths[0]
        contents[path]![SegmentHeader.encodedByteCount + 300] ^= 1
        let report = try LogInspector(directory: LogFixture.directory, fileSystem: MemoryFiles(contents)).verify()
        #expect(report.problems.count == 1)
        #expect(report.problems.first?.segment == 1)
        #expect(report.segments.map(\.problemCount) == [1, 0, 0])
        let lost = Int(Self.sample.end.rawValue) - 1 - report.recordCount
        #expect((1...4).contains(lost), "one group is lost: \(lost) records")
        var seen = 0
        #expect(throws: LogError.damaged(report.problems[0])) {
            try LogInspector(directory: LogFixture.directory, fileSystem: MemoryFiles(contents)).forEachRecord {
                seen += 1
                #expect($0.lsn == LSN(UInt64(seen)))
            }
        }
        #expect(seen > 0)
    }

    @Test func `a flipped byte is told with the checksums and the records that it concerns`() {
        var contents = Self.sample.contents
        let path = Self.sample.paths[2]
        contents[path]![SegmentHeader.encodedByteCount + 4] ^= 1  // Of the first frame's stored checksum.
        guard case .damaged(let damage)? = refusal(contents, "flipped") else {
            Issue.record("accepted")
            return
        }
        let parts = "\(damage)".split(separator: "; ")
        #expect(
            parts.first?.wholeMatch(
                of: /segment 00000003\.segment at byte 8192: the frame's header has checksum 0x\w{8}, computed 0x\w{8}/
            ) != nil, "\(damage)")
        #expect(parts.dropFirst().first?.hasSuffix("were acknowledged and cannot all be read") == true, "\(damage)")
        #expect(parts.last == "run 'indelible log verify' for the extent")
    }

    @Test func `what a file that was cut lacks is not called a tail that nobody acknowledged`() throws {
        var contents = Self.sample.contents
        let path = Self.sample.paths[2]
        let length = SegmentHeader.encodedByteCount + 100
        let size = contents[path]!.count
        contents[path]!.removeLast(size - length)
        let report = try LogInspector(directory: LogFixture.directory, fileSystem: MemoryFiles(contents)).verify()
        #expect(report.problems.first?.reason == .fileTooShort(size: length, expected: size))
        #expect(report.tornTail == nil)
    }

    /// The contents with another version number in a segment's header, whose checksum holds.
    private static func withVersion(
        _ version: UInt8, in contents: [String: [UInt8]], path: String
    ) -> [String: [UInt8]] {
        var contents = contents
        contents[path]![8] = version
        let bytes = contents[path]!
        let start = Checksum.unsalted(bytes.span.bytes.extracting(0..<12))
        let crc = Checksum.unsalted(bytes.span.bytes.extracting(16..<4_096), after: start)
        for index in 0..<4 { contents[path]![12 + index] = UInt8(truncatingIfNeeded: crc >> UInt32(8 * index)) }
        return contents
    }
}
