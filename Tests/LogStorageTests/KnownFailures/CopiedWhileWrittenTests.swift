import Testing

@testable import LogStorage

/// A copy of a live log's files, made by a tool that knows nothing of logs.
@Suite struct CopiedWhileWrittenTests {
    /// Blocks of the files that there are, in any order, while the log goes on and rolls over.
    @Test(arguments: TestSeeds.some(40))
    func `files copied in any order while they are written are refused, or hold what was acknowledged before`(
        seed: UInt64
    ) throws {
        var random = SplitMix64(seed: seed)
        let files = SimulatedDisk(seed: seed)
        let fixture = LogFixture(files, segment: 16 << 10)
        let log = try fixture.open()
        func write(_ count: Int) throws {
            for _ in 0..<count {
                try log.append(.random(in: 1...12, using: &random))
                log.writer.step(now: fixture.clock.now())
            }
        }
        try write(12)
        let acknowledged = log.durableLSN
        let block = 4_096
        var blocks: [(path: String, offset: Int)] = []
        for name in try files.list(LogFixture.directory) where name.hasSuffix(".segment") {
            let path = LogFixture.directory + "/" + name
            let count = files.contents(of: path)?.count ?? 0
            blocks += stride(from: 0, to: count, by: block).map { (path, $0) }
        }
        // Every other run copies whole files.
        if seed % 2 == 0 { blocks.shuffle(using: &random) }
        var copies: [String: [UInt8]] = [:]
        for (path, offset) in blocks {
            let bytes = (files.contents(of: path) ?? []).dropFirst(offset).prefix(block)
            var copy = copies[path] ?? []
            if copy.count < offset + bytes.count {
                copy += [UInt8](repeating: 0, count: offset + bytes.count - copy.count)
            }
            copy.replaceSubrange(offset..<offset + bytes.count, with: bytes)
            copies[path] = copy
            if Bool.random(using: &random) { try write(1) }
        }
        try log.close()
        var opened = fixture
        opened.files = MemoryFiles(copies)
        do throws(LogError) {
            let end = try opened.recover { Issue.record("INDELIBLE_SEED=\(seed): record \($0.lsn.rawValue)") }
            #expect(end >= acknowledged, "INDELIBLE_SEED=\(seed)")
        } catch {
            guard case .damaged = error else {
                Issue.record("INDELIBLE_SEED=\(seed): \(error)")
                return
            }
        }
    }
}
