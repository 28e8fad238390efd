import ExecutionModel

@testable import EngineRuntime
@testable import LogStorage

/// Inputs that fuzzing starts from: what our own encoders write, by the target and the name of the file.
enum FuzzSeeds {
    static func all() throws -> [(path: String, bytes: [UInt8])] {
        let rewrite = try rewriteSegment()
        return [
            ("footer/one-block", footer(executionsPerFrame: 2)),
            ("footer/two-blocks", footer(executionsPerFrame: 40)),
            ("footer/no-record", footer(executionsPerFrame: 0)),
            ("manifest/new", Manifest(rows: 0).encoded()),
            ("manifest/every-row", Manifest(rows: 3).encoded()),
            ("table/empty", try table([])),
            ("table/two-blocks", try table(tableEntries(count: 120, valueByteCount: 50))),
            ("table/large-value", try table(tableEntries(count: 2, valueByteCount: 9_000))),
            ("rewrite-segment/two-executions", compact(rewrite)),
            ("segment-header/rewrite", Array(rewrite[..<SegmentHeader.encodedByteCount])),
        ] + indexEntries.map { ("index-entry/" + $0, encoded($1)) }
    }

    static let directory = "/log"
    static let logID = LogID(high: 0x0011_2233_4455_6677, low: 0x8899_AABB_CCDD_EEFF)
    /// As the target's segment has it.
    static let salt: UInt64 = 0x0123_4567_89AB_CDEF
    static let time: Int64 = 1_760_000_000_000

    // MARK: Footers

    /// Of 32 frames, whose first is a sync-point.
    private static func footer(executionsPerFrame count: Int) -> [UInt8] {
        var postings = SegmentPostings()
        for frame in 0..<32 {
            let isSyncPoint = frame == 0 || count == 0
            let first = UInt64(1 + max(frame - 1, 0) * count)
            let header = FrameHeader(
                storedLength: 0, rawLength: 0, directoryLength: 0, recordCount: isSyncPoint ? 0 : count, codec: .raw,
                flags: isSyncPoint ? .syncPoint : [], firstLSN: LSN(first), durableLSN: LSN(first), baseTime: time,
                payloadCRC: 0, writerEpoch: 0, previousFrameCRC: 0, groupIndex: 0, groupCount: 1)
            let entries = (0..<(isSyncPoint ? 0 : count)).map { index in
                RecordBatch.Entry(
                    // Some executions are in several frames.
                    execution: UInt64(index % 5 == 0 ? 7 * index + 1 : 7 * index + 300 * frame), sequence: 1,
                    kind: 0x20,
                    length: 11 * index, time: time + Int64(index))
            }
            postings.add(
                FrameOutline(
                    location: FrameLocation(file: .append(1), offset: postings.framesEnd), byteCount: 64,
                    header: header, entries: entries))
        }
        return withoutPadding(postings.footer(checksum: Checksum(salt: salt)).bytes, from: 12_288)
    }

    /// A footer without the zeros before its trailer, which a fuzzer would change in vain.
    private static func withoutPadding(_ footer: some BidirectionalCollection<UInt8>, from start: Int) -> [UInt8] {
        let trailer = Array(footer.suffix(FooterTrailer.encodedByteCount))
        let indexEnd =
            Int(trailer.span.bytes.littleEndian(UInt64.self, at: 24))
            + Int(trailer.span.bytes.littleEndian(UInt32.self, at: 32))
        return Array(footer.prefix(indexEnd - start)) + trailer
    }

    // MARK: Tables

    private static func tableEntries(count: Int, valueByteCount: Int) -> [(key: TableKey, entry: TableEntry)] {
        (0..<count).map { index in
            let key = TableKey(space: UInt8(1 + index * 4 / count), UInt64(index / 3 * 1_000), UInt64(index % 3))
            let value = [UInt8](repeating: UInt8(index), count: valueByteCount)
            return (key, index % 7 == 3 ? .deleted : .value(value))
        }
    }

    private static func table(_ entries: [(key: TableKey, entry: TableEntry)]) throws -> [UInt8] {
        let disk = SimulatedDisk()
        try disk.createDirectory(directory)
        var writer = try TableWriter(number: 7, directory: directory, fileSystem: disk)
        for (key, entry) in entries { try writer.append(key, entry) }
        _ = try writer.finish()
        return try contents(disk, LogFileKind.table.name(7))
    }

    // MARK: Rewrite segments

    private static func rewriteSegment() throws -> [UInt8] {
        let disk = SimulatedDisk()
        try disk.createDirectory(directory)
        var writer = try RewriteSegmentWriter(
            number: 1, logID: logID, salt: salt, directory: directory, fileSystem: disk, time: time,
            frameBodyTarget: 100, dictionary: SegmentDictionary([]))
        for (execution, lsns) in [(3, [3, 9, 9]), (4, [5, 12]), (90, [100])] as [(UInt64, [UInt64])] {
            for (index, lsn) in lsns.enumerated() {
                let isSnapshot = index == 2
                try writer.append(
                    RewriteRecord(
                        lsn: LSN(lsn), execution: execution, sequence: UInt32(isSnapshot ? index : index + 1),
                        kind: isSnapshot ? 0xC0 : 0x20, time: time + Int64(lsn),
                        body: [UInt8](repeating: 0x2E, count: 10 * Int(lsn) % 150)))
            }
        }
        _ = try writer.finish()
        return try contents(disk, LogFileKind.rewrite.name(1))
    }

    /// As the target takes it.
    private static func compact(_ file: [UInt8]) -> [UInt8] {
        let framesEnd = Int(file.span.bytes.littleEndian(UInt64.self, at: 128))
        let footerStart = FooterTrailer.footerStart(framesEnd: framesEnd)
        let length = framesEnd - SegmentHeader.encodedByteCount
        return Array(file[..<144]) + [UInt8(length & 0xFF), UInt8(length >> 8)]
            + file[SegmentHeader.encodedByteCount..<framesEnd]
            + withoutPadding(file[footerStart...], from: footerStart)
    }

    private static func contents(_ disk: SimulatedDisk, _ name: String) throws -> [UInt8] {
        let handle = LogFileHandle(try disk.open(directory + "/" + name, .read))
        return try handle.file.read(at: 0, count: handle.file.size())
    }

    // MARK: Entries of the index

    private static var indexEntries: [(String, IndexEntry)] {
        var started = IndexEntry()
        started.note(entry(sequence: 1, kind: 0x01), in: frame(.append(1), 8_192))
        var waiting = started
        for sequence in 2...9 as ClosedRange<UInt32> {
            let file = sequence < 6 ? LogFileID.append(1) : .append(2)
            waiting.note(entry(sequence: sequence, kind: 0x20), in: frame(file, 8_192 + 400 * Int(sequence)))
        }
        waiting.nameHash = 0x0123_4567_89AB_CDEF
        waiting.standing = .waiting
        waiting.due = Timestamp(millisecondsSinceEpoch: time)
        var closed = waiting
        closed.take(
            IndexEntry.Snapshot(
                location: frame(.rewrite(3), 9_000), sequence: 9, recordCount: 4, byteCount: 777))
        closed.standing = .closed
        closed.trimSequence = 8
        var long = waiting
        long.tail = FrameList()
        long.tailIsLong = true
        var gone = closed
        gone.drop(by: entry(sequence: 10, kind: 0x0D), in: frame(.rewrite(4), 8_192))
        return [("started", started), ("waiting", waiting), ("closed", closed), ("long-tail", long), ("gone", gone)]
    }

    private static func entry(sequence: UInt32, kind: UInt8) -> RecordBatch.Entry {
        RecordBatch.Entry(execution: 300, sequence: sequence, kind: kind, length: 40 * Int(sequence), time: time)
    }

    private static func frame(_ file: LogFileID, _ offset: Int) -> FrameLocation {
        FrameLocation(file: file, offset: offset)
    }

    private static func encoded(_ entry: IndexEntry) -> [UInt8] {
        var bytes: [UInt8] = []
        entry.encode(into: &bytes)
        return bytes
    }
}

extension Manifest {
    /// With so many rows of each sort.
    fileprivate init(rows: Int) {
        let numbers = rows == 0 ? [] : Array(1...UInt64(rows))
        self.init(
            logID: FuzzSeeds.logID, number: 5, time: FuzzSeeds.time, engineTime: FuzzSeeds.time + 1,
            position: LSN(1 + 100 * UInt64(rows)), positionSegment: max(UInt64(rows), 1),
            appendSegments: numbers.map { number in
                AppendSegment(
                    number: number, firstLSN: LSN(number * 100 - 99), nextLSN: LSN(number * 100 + 1),
                    endOffset: 8_192 + 800 * Int(number), lastFrameCRC: UInt32(number) << 20,
                    recordByteCount: 10_000, liveByteCount: 100 * number)
            },
            rewriteSegments: numbers.map { number in
                RewriteSegment(number: 2 * number, byteCount: 16_384, recordByteCount: 5_000, liveByteCount: number)
            },
            tables: numbers.reversed().map { number in
                TableInfo(number: number, byteCount: 4_096, entryCount: 9, checksum: UInt32(number) << 16)
            },
            next: NextNumbers(rewrite: 20, table: 30, manifest: 6))
    }
}
