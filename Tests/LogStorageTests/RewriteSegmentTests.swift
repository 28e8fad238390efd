import Testing

@testable import LogStorage

@Suite struct RewriteSegmentTests {
    static let path = "/log/00000001.rewrite"

    @Test(arguments: TestSeeds.some(12))
    func `every execution's records come back by the footer alone`(seed: UInt64) throws {
        let target = [1, 700, 16 << 10, 64 << 10][Int(seed % 4)]
        let files = MemoryFiles()
        let fixture = RewriteFixture(seed: seed, executions: Int(seed * 17), large: seed % 2 == 0)
        var writer = try fixture.writer(files, target: target)
        var places: [FrameLocation] = []
        for record in fixture.records { places.append(try writer.append(record)) }
        let info = try writer.finish()

        let model = Dictionary(grouping: fixture.records, by: \.execution)
        #expect(try RewriteFixture.readByFooter(files) == model, "INDELIBLE_SEED=\(seed)")
        #expect(try RewriteFixture.read(files) == fixture.records, "INDELIBLE_SEED=\(seed)")
        #expect(info.executions.map(\.number) == model.keys.sorted())
        #expect(info.recordBytes == fixture.records.reduce(0) { $0 + $1.body.count })
        #expect(files.contents[Self.path]?.count == info.byteCount && info.byteCount % 4_096 == 0)

        let footer = try SegmentFooter.read(.rewrite(1), directory: RewriteFixture.directory, fileSystem: files)
        #expect(footer.totals == info.totals)
        for (execution, records) in model {
            let found = try footer.frames(of: execution)
            let told = info.executions.first { $0.number == execution }
            #expect(found?.offsets == told?.offsets && found?.recordBytes == told?.recordBytes)
            #expect(found?.recordBytes == records.reduce(0) { $0 + $1.body.count })
        }
        for absent in [0, 5_001, UInt64.max] { #expect(try footer.frames(of: absent) == nil) }
        // Where the writer said that each record would be.
        let store = FrameStore(directory: RewriteFixture.directory, fileSystem: files, cacheByteLimit: 1 << 20)
        for (place, record) in zip(places, fixture.records) {
            let frame = try store.frame(at: place)
            #expect(frame.entries.indices.contains { frame.record(at: $0) == record }, "INDELIBLE_SEED=\(seed)")
        }
    }

    @Test(arguments: TestSeeds.some(4))
    func `the footer is the one that a scan of the directories gives`(seed: UInt64) throws {
        let files = MemoryFiles()
        try RewriteFixture(seed: seed, executions: 2_500).make(files, target: 400)
        let postings = try SegmentFooter.scan(.rewrite(1), directory: "/log", fileSystem: files)
        let (start, bytes) = postings.footer(checksum: Checksum(salt: 0xABCD_EF01))
        #expect(Array(files.contents[Self.path]![start...]) == bytes, "INDELIBLE_SEED=\(seed)")
        #expect(bytes.count > 2 * 4_096, "several blocks")
    }

    @Test func `the same records give the same bytes, and frames keep to their target`() throws {
        let fixture = RewriteFixture(seed: 3, executions: 200, large: true)
        let files = [MemoryFiles(), MemoryFiles()]
        for each in files { try fixture.make(each, target: 2_000) }
        #expect(files[0].contents == files[1].contents)
        _ = try SegmentFooter.scan(.rewrite(1), directory: "/log", fileSystem: files[0]) { frame in
            #expect(frame.header.rawLength <= 2_000 || frame.entries.count == 1)
            #expect(frame.header.flags == .rewritten && frame.header.groupCount == 1)
            #expect(frame.header.durableLSN == .first)
            #expect(frame.header.firstLSN == frame.lsns?.first)
        }
    }

    @Test func `a frame lists no more records than its directory has room for, whatever they say`() throws {
        let files = MemoryFiles()
        var writer = try RewriteFixture(seed: 1, executions: 1).writer(files)
        var records: [RewriteRecord] = []
        for index in 0..<10_000 {
            let isOdd = index % 2 == 1
            // Every field as far from the one before as it can be.
            records.append(
                RewriteRecord(
                    lsn: isOdd ? FormatLimits.lsnMax : .first, execution: isOdd ? 1 << 63 : 1, sequence: .max,
                    kind: 255,
                    time: isOdd ? .max : .min, body: []))
            try writer.append(records[index])
        }
        _ = try writer.finish()
        #expect(try RewriteFixture.read(files) == records)
    }

    // MARK: - Damage

    /// Small, and every sort of byte is in it: header, dictionary, frames stored raw and compressed, footer, padding.
    static let sample: (records: [RewriteRecord], bytes: [UInt8], framesEnd: Int) = {
        let files = MemoryFiles()
        let fixture = RewriteFixture(seed: 5, executions: 3)
        try! fixture.make(files, target: 600)
        let bytes = files.contents[path]!
        let header = try! SegmentHeader(decoding: bytes.span.bytes)
        return (fixture.records, bytes, header.rewrite!.framesEnd)
    }()

    /// - Returns: Whether the frames are refused, and whether the footer is; either gives the truth otherwise.
    private func judge(_ bytes: [UInt8], _ comment: @autoclosure () -> Comment) -> (frames: Bool, footer: Bool) {
        let files = MemoryFiles([Self.path: bytes])
        var refused = (frames: false, footer: false)
        do throws(LogError) {
            if try RewriteFixture.read(files) != Self.sample.records { Issue.record(comment()) }
        } catch {
            refused.frames = true
            guard case .damaged(let damage) = error, damage.file == .rewrite(1) else {
                Issue.record("\(comment()): \(error)")
                return refused
            }
        }
        do throws(FooterError) {
            let footer = try SegmentFooter.read(.rewrite(1), directory: "/log", fileSystem: files)
            var found: [UInt64: [Int]] = [:]
            try footer.forEachExecution { found[$0.number] = $0.offsets }
            if found != Self.offsets { Issue.record(comment()) }
        } catch {
            refused.footer = true
        }
        return refused
    }

    static let offsets: [UInt64: [Int]] = {
        let files = MemoryFiles([path: sample.bytes])
        let postings = try! SegmentFooter.scan(.rewrite(1), directory: "/log", fileSystem: files)
        return Dictionary(uniqueKeysWithValues: postings.executions.map { ($0.number, $0.offsets) })
    }()

    @Test func `a flipped bit is found in the frames or in the footer, or concerns neither`() throws {
        var bytes = Self.sample.bytes
        let footerStart = FooterTrailer.footerStart(framesEnd: Self.sample.framesEnd)
        let content = bytes.lastIndex { $0 != 0 && $0 != bytes.last }!
        #expect(Self.sample.framesEnd > 8_400 && footerStart < content)
        for offset in bytes.indices {
            let isFrame = (SegmentHeader.encodedByteCount..<Self.sample.framesEnd).contains(offset)
            let isHeader = offset < 160
            let isFooter = offset >= footerStart && bytes[offset] != 0
            for bit in 0..<8 where isFrame || isHeader || isFooter || (bit == offset / 8 % 8 && offset % 8 == 0) {
                bytes[offset] ^= 1 << UInt8(bit)
                defer { bytes[offset] ^= 1 << UInt8(bit) }
                let refused = judge(bytes, "byte \(offset) bit \(bit)")
                if isFrame { #expect(refused.frames && !refused.footer, "byte \(offset) bit \(bit)") }
                if isHeader { #expect(refused.frames && refused.footer, "byte \(offset) bit \(bit)") }
                if isFooter { #expect(!refused.frames && refused.footer, "byte \(offset) bit \(bit)") }
            }
        }
    }

    @Test func `a cut file is refused, and its footer too`() {
        let bytes = Self.sample.bytes
        for length in bytes.indices {
            let refused = judge(Array(bytes[..<length]), "cut at \(length)")
            #expect(refused.frames && refused.footer, "cut at \(length)")
        }
    }

    @Test func `bytes behind the file's size are not looked at`() {
        let refused = judge(Self.sample.bytes + [UInt8](repeating: 0xFF, count: 5_000), "longer")
        #expect(!refused.frames && !refused.footer)
    }

    @Test func `a segment of one sort is not taken for one of the other`() throws {
        let files = MemoryFiles(["/log/00000001.segment": Self.sample.bytes])
        #expect(throws: LogError.damaged(LogDamage(segment: 1, offset: 0, reason: .wrongSort))) {
            _ = try LogFixture(files).open()
        }
        let log = LogFixture(files, segment: 16 << 10)
        files.contents = [:]
        try log.open().close()
        files.contents = [Self.path: files.contents["/log/00000001.segment"]!]
        #expect(throws: LogError.damaged(LogDamage(segment: 1, offset: 0, reason: .wrongSort, sort: .rewrite))) {
            _ = try SegmentFooter.scan(.rewrite(1), directory: "/log", fileSystem: files)
        }
        // A log that has lost its segments is no empty one.
        files.contents = [Self.path: Self.sample.bytes]
        #expect(throws: LogError.damaged(LogDamage(segment: 1, offset: 0, reason: .missing))) {
            _ = try LogFixture(files).open()
        }
    }

    @Test(arguments: [(UInt64(Int64.max), true), (UInt64(Int64.max) + 1, false), (.max, false), (0, false)])
    func `an LSN that no frame could begin with is refused`(lsn: UInt64, isTaken: Bool) throws {
        var directory = [UInt8](repeating: 0, count: 64)
        let entry = RecordBatch.Entry(execution: 1, sequence: 1, kind: 1, length: 0, time: 0)
        let length = directory.withUnsafeMutableBytes { room in
            FrameDirectory.encode([entry, entry], lsns: [.first, LSN(lsn)], baseTime: 0, to: room.baseAddress!)
                - room.baseAddress!
        }
        let header = FrameHeader(
            storedLength: 0, rawLength: 0, directoryLength: length, recordCount: 2, codec: .raw, flags: .rewritten,
            firstLSN: .first, durableLSN: .first, baseTime: 0, payloadCRC: 0, writerEpoch: 0, previousFrameCRC: 0,
            groupIndex: 0, groupCount: 1)
        var error: FrameError?
        var lsns: [LSN]?
        var entries: [RecordBatch.Entry] = []
        do throws(FrameError) {
            try FrameDirectory.decode(
                directory.span.bytes.extracting(0..<length), of: header, into: &entries, lsns: &lsns)
        } catch let failure {
            error = failure
        }
        #expect(error == (isTaken ? nil : .malformedDirectory(record: 1)))
    }

    @Test func `a frame without its flag, or with another, is refused in a rewrite segment`() throws {
        let header = try SegmentHeader(decoding: Self.sample.bytes.span.bytes)
        let decoder = FrameDecoder(segment: header)
        let checksum = Checksum(salt: header.salt)
        let start = SegmentHeader.encodedByteCount
        for (flags, error) in [
            (0, .malformed(field: "flags")), (0b110, .malformed(field: "flags")), (0b101, .malformed(field: "flags")),
            (0b1100, .unknownFlags(0b1100)),
        ] as [(UInt8, FrameError)] {
            var bytes = Array(Self.sample.bytes[start...])
            bytes[23] = flags
            let directoryEnd = 64 + Int(bytes[16]) + Int(bytes[17]) << 8
            let crc = checksum.of(bytes.span.bytes.extracting(8..<directoryEnd))
            for place in 0..<4 { bytes[4 + place] = UInt8(truncatingIfNeeded: crc >> (8 * UInt32(place))) }
            #expect(throws: error) { try decoder.frame(bytes.span.bytes, at: start) }
        }
    }
}
