import Synchronization
import Testing

@testable import LogStorage

@Suite struct SegmentFooterTests {
    /// A log of several sealed segments, what each holds, and where it ends.
    private func sealedLog(_ files: any LogFileSystem, padsCommits: Bool = false) throws -> [SegmentList.Entry] {
        var fixture = LogFixture(files, segment: 32 << 10)
        fixture.options.padCommits = padsCommits
        let log = try fixture.open()
        for count in 0..<160 {
            try log.append(count % 23 == 0 ? 90 : count % 9 + 1)
            log.writer.step(now: fixture.clock.now())
            if count % 10 == 0 {
                fixture.clock.advance(60)
                while log.writer.step(now: fixture.clock.now()) {}
            }
            log.preparer.step()
        }
        let entries = log.state.content.withLock { $0.segments.entries }
        try log.close()
        return Array(entries.dropLast())
    }

    @Test(arguments: [false, true])
    func `a sealed segment's footer tells every frame of every execution`(padsCommits: Bool) throws {
        let files = MemoryFiles()
        let sealed = try sealedLog(files, padsCommits: padsCommits)
        #expect(sealed.count > 1)
        let before = files.contents
        for entry in sealed {
            let file = LogFileID.append(entry.number)
            var model: [UInt64: (offsets: [Int], bytes: Int)] = [:]
            let postings = try SegmentFooter.scan(
                file, end: entry.end, directory: "/log", fileSystem: files
            ) { frame in
                for record in frame.entries {
                    var known = model[record.execution] ?? ([], 0)
                    if known.offsets.last != frame.location.offset { known.offsets.append(frame.location.offset) }
                    known.bytes += record.length
                    model[record.execution] = known
                }
            }
            try SegmentFooter.write(postings, to: file, directory: "/log", fileSystem: files)
            let footer = try SegmentFooter.read(file, end: entry.end, directory: "/log", fileSystem: files)
            for (execution, expected) in model {
                let found = try footer.frames(of: execution)
                #expect(found?.offsets == expected.offsets && found?.recordBytes == expected.bytes)
            }
            #expect(footer.totals.executionCount == model.count)
            #expect(footer.totals.recordCount == Int(entry.nextLSN.rawValue - entry.firstLSN.rawValue))
            #expect(footer.totals.lsnMin == entry.firstLSN.rawValue)
            #expect(footer.totals.lsnMax == entry.nextLSN.rawValue - 1)
            #expect(footer.marks.map(\.offset) == entry.marks.map(\.offset))
            #expect(footer.lastFrameCRC == postings.lastFrameCRC && footer.framesEnd == entry.end)
            // What is sealed is as it was.
            let (old, new) = (before["/log/" + file.name]!, files.contents["/log/" + file.name]!)
            #expect(new.prefix(entry.end) == old.prefix(entry.end))
            #expect(new.count % 4_096 == 0)
            // Again, over the one that is there.
            try SegmentFooter.write(postings, to: file, directory: "/log", fileSystem: files)
            #expect(files.contents["/log/" + file.name] == new)
        }
        // The log with footers is the log.
        #expect(try LogFixture(files).recover() { Issue.record("\($0.lsn)") } > LSN(500))
        #expect(try LogInspector(directory: "/log", fileSystem: files).verify().isIntact)
    }

    @Test func `a segment without a footer says so, and one of other frames is stale`() throws {
        let files = MemoryFiles()
        let sealed = try sealedLog(files)
        func read(end: Int?) throws(FooterError) -> SegmentFooter {
            try SegmentFooter.read(.append(1), end: end, directory: "/log", fileSystem: files)
        }
        #expect(throws: FooterError.absent) { try read(end: sealed[0].end) }
        let postings = try SegmentFooter.scan(.append(1), end: sealed[0].end, directory: "/log", fileSystem: files)
        try SegmentFooter.write(postings, to: .append(1), directory: "/log", fileSystem: files)
        _ = try read(end: nil)
        #expect(throws: FooterError.stale(field: "framesEnd")) { try read(end: sealed[0].end - 8) }
        // One copied from another segment does not check: the salt differs.
        let other = try SegmentFooter.scan(.append(2), end: sealed[1].end, directory: "/log", fileSystem: files)
        try SegmentFooter.write(other, to: .append(2), directory: "/log", fileSystem: files)
        let trailer = files.contents["/log/00000002.segment"]!.suffix(64)
        files.contents["/log/00000001.segment"]!.replaceSubrange(
            (files.contents["/log/00000001.segment"]!.count - 64)..., with: trailer)
        #expect(throws: FooterError.damaged(part: "trailer")) { try read(end: nil) }
    }

    @Test func `a footer is never written over frames that are not dead`() throws {
        let files = MemoryFiles()
        let sealed = try sealedLog(files)
        var ends: [Int] = []
        _ = try SegmentFooter.scan(.append(1), end: sealed[0].end, directory: "/log", fileSystem: files) {
            ends.append($0.location.offset + $0.byteCount)
        }
        let early = try SegmentFooter.scan(.append(1), end: ends[3], directory: "/log", fileSystem: files)
        let before = files.contents
        #expect(throws: LogError.self) {
            try SegmentFooter.write(early, to: .append(1), directory: "/log", fileSystem: files)
        }
        // Also when the segment that says where this one ends was dropped.
        files.contents["/log/00000002.segment"] = nil
        let damage = LogDamage(segment: 1, offset: ends[3], reason: .endMismatch(field: "end"))
        #expect(throws: LogError.damaged(damage)) {
            try SegmentFooter.write(early, to: .append(1), directory: "/log", fileSystem: files)
        }
        #expect(files.contents["/log/00000001.segment"] == before["/log/00000001.segment"])
    }

    @Test func `a scan refuses an end that no group has, and damaged directories`() throws {
        let files = MemoryFiles()
        let sealed = try sealedLog(files)
        for end in [sealed[0].end - 8, sealed[0].end + 8] {
            #expect(throws: LogError.self) {
                try SegmentFooter.scan(.append(1), end: end, directory: "/log", fileSystem: files)
            }
        }
        files.contents["/log/00000001.segment"]![SegmentHeader.encodedByteCount + 70] ^= 1
        #expect {
            try SegmentFooter.scan(.append(1), end: sealed[0].end, directory: "/log", fileSystem: files)
        } throws: { error in
            guard case .damaged(let damage)? = error as? LogError else { return false }
            return damage.segment == 1 && damage.offset == SegmentHeader.encodedByteCount
        }
    }

    @Test func `a lookup reads the index once, and one block of a large footer`() throws {
        let disk = SimulatedDisk()
        try disk.createDirectory("/log")
        let fixture = RewriteFixture(seed: 8, executions: 3_000, recordsMax: 2)
        try fixture.make(disk, target: 200)
        let size = disk.contents(of: "/log/00000001.rewrite")!.count
        let footer = try SegmentFooter.read(.rewrite(1), directory: "/log", fileSystem: disk)
        let before = disk.operations.count
        _ = try footer.frames(of: fixture.records[700].execution)
        let reads = disk.operations[before...].filter { $0.operation == .read }
        #expect(reads.count == 1)
        #expect(reads[0].length < 5_000 && size > 100_000)
    }

    @Test func `a footer whose blocks and totals do not agree is none, although its checksums hold`() throws {
        let files = MemoryFiles()
        try RewriteFixture(seed: 8, executions: 2_000, recordsMax: 2).make(files, target: 200)
        let path = "/log/00000001.rewrite"
        let original = files.contents[path]!
        let header = try SegmentHeader(decoding: original.span.bytes)
        let checksum = Checksum(salt: header.salt)
        let trailer = try FooterTrailer(
            decoding: original.span.bytes.extracting((original.count - 64)...), fileByteCount: original.count,
            checksum: checksum)
        #expect(trailer.blockCount > 1)
        let start = FooterTrailer.footerStart(framesEnd: header.rewrite!.framesEnd)
        let rows = trailer.indexOffset + FooterIndex.totalsByteCount
        func error(_ change: (inout [UInt8]) -> Void) -> FooterError? {
            var bytes = original
            change(&bytes)
            Self.sign(&bytes, trailer, start: start, checksum)
            files.contents[path] = bytes
            do throws(FooterError) {
                try SegmentFooter.read(.rewrite(1), directory: "/log", fileSystem: files).forEachExecution { _ in }
            } catch {
                return error
            }
            return nil
        }
        #expect(error { _ in } == nil)
        #expect(error { $0[trailer.indexOffset] ^= 1 } == .damaged(part: "index"))
        #expect(error { $0[rows + 16] ^= 1 } == .damaged(part: "index"))
        // The first execution of the second block becomes one that the first block lists too: its second, at the latest.
        let second = rows + FooterIndex.blockByteCount
        let first = Array(original[rows..<rows + 8])
        #expect(
            error {
                $0.replaceSubrange(second..<second + 8, with: first)
                $0[second] += 1
            } == .damaged(part: "block"))
    }

    @Test(arguments: TestSeeds.some(1))
    func `random bytes under a sound checksum are refused or read, and never trap`(seed: UInt64) throws {
        let files = MemoryFiles()
        try RewriteFixture(seed: 4, executions: 30).make(files)
        let path = "/log/00000001.rewrite"
        let original = files.contents[path]!
        let header = try SegmentHeader(decoding: original.span.bytes)
        let checksum = Checksum(salt: header.salt)
        let start = FooterTrailer.footerStart(framesEnd: header.rewrite!.framesEnd)
        let trailer = try FooterTrailer(
            decoding: original.span.bytes.extracting((original.count - 64)...), fileByteCount: original.count,
            checksum: checksum)
        var random = SplitMix64(seed: seed)
        for _ in 0..<3_000 {
            var bytes = original
            let change = Int.random(in: 0..<3, using: &random)
            let region = [
                start..<trailer.indexOffset, trailer.indexOffset..<trailer.indexOffset + trailer.indexLength,
                original.count - 48..<original.count - 12,
            ][change]
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                bytes[Int.random(in: region, using: &random)] = UInt8(truncatingIfNeeded: random.next())
            }
            Self.sign(&bytes, trailer, start: start, checksum)
            files.contents[path] = bytes
            do throws(FooterError) {
                let footer = try SegmentFooter.read(.rewrite(1), directory: "/log", fileSystem: files)
                try footer.forEachExecution { execution in
                    #expect(execution.offsets.allSatisfy { $0 < header.rewrite!.framesEnd })
                }
            } catch {}
        }
    }

    /// Takes the checksums of a footer of one block anew.
    private static func sign(_ bytes: inout [UInt8], _ trailer: FooterTrailer, start: Int, _ checksum: Checksum) {
        func store(_ crc: UInt32, at offset: Int) {
            for place in 0..<4 { bytes[offset + place] = UInt8(truncatingIfNeeded: crc >> (8 * UInt32(place))) }
        }
        let index = trailer.indexOffset
        let end = bytes.count - 64
        let row = index + FooterIndex.totalsByteCount
        let blockEnd = min(start + Int(bytes.span.bytes.littleEndian(UInt32.self, at: row + 12)), index)
        store(checksum.of(bytes.span.bytes.extracting(start..<blockEnd)), at: row + 20)
        store(checksum.of(bytes.span.bytes.extracting(index..<index + trailer.indexLength)), at: end + 36)
        let crc = checksum.of(bytes.span.bytes.extracting(end..<end + 12))
        store(checksum.of(bytes.span.bytes.extracting(end + 16..<end + 64), after: crc), at: end + 12)
    }
}
