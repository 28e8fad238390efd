@testable import LogStorage

/// Rewrite segments made from random records, and what should come back from them.
struct RewriteFixture {
    static let directory = "/log"
    static let logID = LogID(high: 1, low: 2)

    var records: [RewriteRecord]

    /// Records of some executions, each one's together and with ascending LSNs, snapshots among them.
    init(seed: UInt64, executions: Int, recordsMax: Int = 8, large: Bool = false) {
        var random = SplitMix64(seed: seed)
        records = []
        var numbers: Set<UInt64> = []
        while numbers.count < executions { numbers.insert(UInt64.random(in: 1...5_000, using: &random)) }
        for number in numbers.sorted() {
            var lsn = LSN(number)
            for sequence in 1...Int.random(in: 1...recordsMax, using: &random) {
                // A snapshot has the LSN of what it covers.
                let isSnapshot = Int.random(in: 0..<4, using: &random) == 0
                if !isSnapshot { lsn = lsn.advanced(by: Int.random(in: 1...900, using: &random)) }
                var length = Int.random(in: 0...200, using: &random)
                if large && Int.random(in: 0..<12, using: &random) == 0 {
                    length = [5_000, 16 << 10, 17_000, 64 << 10, 65_537, 200_000].randomElement(using: &random)!
                }
                let isDense = Bool.random(using: &random)
                records.append(
                    RewriteRecord(
                        lsn: lsn, execution: number, sequence: UInt32(sequence), kind: isSnapshot ? 0xC1 : 0x20,
                        time: 1_700_000_000_000 + Int64.random(in: -50...5_000, using: &random),
                        body: (0..<length).map { _ in isDense ? 7 : UInt8(truncatingIfNeeded: random.next()) }))
            }
        }
    }

    func writer(
        _ files: any LogFileSystem, number: UInt64 = 1, target: Int = RewriteSegmentWriter.frameBodyTargetDefault
    ) throws(FileSystemError) -> RewriteSegmentWriter {
        try RewriteSegmentWriter(
            number: number, logID: Self.logID, salt: 0xABCD_EF01, directory: Self.directory, fileSystem: files,
            time: 1_700_000_000_000, frameBodyTarget: target)
    }

    @discardableResult
    func make(
        _ files: any LogFileSystem, number: UInt64 = 1, target: Int = RewriteSegmentWriter.frameBodyTargetDefault
    ) throws(FileSystemError) -> RewriteSegmentInfo {
        var writer = try writer(files, number: number, target: target)
        for record in records {
            do throws(FileSystemError) { try writer.append(record) } catch {
                writer.abandon()
                throw error
            }
        }
        return try writer.finish()
    }

    /// What the segment's frames hold, all of them checked.
    static func read(_ files: any LogFileSystem, number: UInt64 = 1) throws(LogError) -> [RewriteRecord] {
        let segment = try SegmentReading(.rewrite(number), in: directory, files)
        if let damage = try segment.checkSize(expected: segment.header.byteCount) { throw .damaged(damage) }
        var found: [RewriteRecord] = []
        let rewrite = segment.header.rewrite!
        var walk = SegmentWalk(FrameScanner(segment.file, header: segment.header, end: rewrite.framesEnd))
        let verdict = try walk.judgeRewrite(rewrite) { $0.frame.forEachRecord { found.append($0) } }
        if case .damaged(let damage) = verdict { throw .damaged(damage) }
        return found
    }

    /// Every execution's records, found by the footer and nothing else.
    static func readByFooter(_ files: any LogFileSystem, number: UInt64 = 1) throws -> [UInt64: [RewriteRecord]] {
        let footer = try SegmentFooter.read(.rewrite(number), directory: directory, fileSystem: files)
        let store = FrameStore(directory: directory, fileSystem: files, cacheByteLimit: 1 << 20)
        var found: [UInt64: [RewriteRecord]] = [:]
        var executions: [UInt64] = []
        try footer.forEachExecution { executions.append($0.number) }
        for execution in executions {
            for offset in try footer.frames(of: execution)?.offsets ?? [] {
                let frame = try store.frame(at: FrameLocation(file: .rewrite(number), offset: offset))
                for index in frame.entries.indices where frame.entries[index].execution == execution {
                    found[execution, default: []].append(frame.record(at: index))
                }
            }
        }
        return found
    }
}
