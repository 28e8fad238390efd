import Synchronization
import Testing

@testable import LogStorage

/// Power loss, kills and failures while rewrite segments and footers are made.
@Suite struct RewriteCrashTests {
    static let path = "/log/00000001.rewrite"

    @Test(arguments: TestSeeds.some(3))
    func `a crash leaves a rewrite segment whole, or without its name`(seed: UInt64) throws {
        let disk = SimulatedDisk(seed: seed, recordsCrashPoints: true)
        try disk.createDirectory("/log")
        let fixture = RewriteFixture(seed: seed, executions: 40)
        try fixture.make(disk, target: 600)
        var sawNone = false
        for point in disk.crashPoints {
            for sample in 0..<40 {
                let crashed = point.disk(seed: seed << 32 | UInt64(sample))
                guard crashed.contents(of: Self.path) != nil else {
                    sawNone = true
                    continue
                }
                #expect(
                    try RewriteFixture.read(crashed) == fixture.records, "INDELIBLE_SEED=\(seed), \(point.operation)")
                #expect(
                    try RewriteFixture.readByFooter(crashed).count == 40, "INDELIBLE_SEED=\(seed), \(point.operation)")
            }
        }
        let last = disk.crashed(seed: seed)
        #expect(sawNone)
        #expect(try RewriteFixture.read(last) == fixture.records, "INDELIBLE_SEED=\(seed): it is durable at the end")
    }

    @Test func `a call that fails leaves no half segment, and the next opening clears the rest`() throws {
        let fixture = RewriteFixture(seed: 2, executions: 40)
        for nth in 1... {
            let disk = SimulatedDisk(seed: UInt64(nth))
            let log = try LogFixture(disk, segment: 16 << 10).open()
            try log.close()
            disk.fail(nth: nth, of: .any, code: 28)
            var failed = false
            do throws(FileSystemError) { try fixture.make(disk, target: 600) } catch { failed = true }
            disk.stopFailing()
            if disk.contents(of: Self.path) != nil {
                #expect(try RewriteFixture.read(disk) == fixture.records, "call \(nth)")
            }
            try LogFixture(disk, segment: 16 << 10).open().close()
            #expect(try disk.list("/log").allSatisfy { !$0.hasSuffix(".tmp") }, "call \(nth)")
            // Another attempt under the same number succeeds.
            if failed, disk.contents(of: Self.path) == nil {
                try fixture.make(disk, target: 600)
                #expect(try RewriteFixture.read(disk) == fixture.records, "call \(nth)")
            }
            if !failed { return }
        }
    }

    /// A log of several sealed segments on that disk, and where they end.
    static func sealed(_ disk: SimulatedDisk, seed: UInt64) throws -> [SegmentList.Entry] {
        // Large enough for a footer of blocks that share no sector with its index.
        let log = try LogFixture(disk, segment: 64 << 10).open(seed: seed)
        for count in 0..<600 {
            try log.append(count % 7 + 1)
            while log.writer.step(now: 0) {}
        }
        let entries = log.state.content.withLock { $0.segments.entries }
        try log.close()
        return Array(entries.dropLast())
    }

    @Test(arguments: TestSeeds.some(2))
    func `a crash while a footer is written damages nothing, and the footer is right or refused`(seed: UInt64) throws {
        let base = SimulatedDisk(seed: seed)
        let sealed = try #require(try Self.sealed(base, seed: seed).first)
        let postings = try SegmentFooter.scan(.append(1), end: sealed.end, directory: "/log", fileSystem: base)
        for size in [sealed.end, 64 << 10, 90_000] {
            // Cut to its end, made as long as it was, or with an earlier footer of some sort behind it.
            var bytes = base.contents(of: "/log/00000001.segment")!
            bytes += (bytes.count..<max(size, bytes.count)).map { _ in 0x5A }
            let disk = base.copy(recordingCrashPoints: true)
            disk.replace("/log/00000001.segment", with: bytes)
            try SegmentFooter.write(postings, to: .append(1), directory: "/log", fileSystem: disk)
            // Behind the call that made the copy's directory.
            for point in disk.crashPoints.dropFirst() {
                for sample in 0..<8 {
                    let crashed = point.disk(seed: seed << 32 | UInt64(sample))
                    Self.check(crashed, postings, "INDELIBLE_SEED=\(seed), size \(size), \(point.operation)")
                }
                Self.check(point.diskAfterProcessKill(), postings, "INDELIBLE_SEED=\(seed), \(point.operation)")
            }
            let last = try SegmentFooter.read(
                .append(1), end: sealed.end, directory: "/log", fileSystem: disk.crashed(seed: 1))
            #expect(last.totals == postings.totals)
        }
    }

    private static func check(
        _ disk: SimulatedDisk, _ postings: SegmentPostings, _ comment: @autoclosure () -> Comment
    ) {
        do throws(FooterError) {
            let footer = try SegmentFooter.read(.append(1), directory: "/log", fileSystem: disk)
            var found: [SegmentPostings.Execution] = []
            // The trailer is written when the rest is on the disk: one that opens is whole.
            do throws(FooterError) { try footer.forEachExecution { found.append($0) } } catch {
                Issue.record("\(comment()): it opens, and \(error)")
            }
            #expect(found == postings.executions && footer.totals == postings.totals, comment())
        } catch {
            switch error {
            case .absent, .damaged: break
            case .stale, .newerVersion, .segment, .storage: Issue.record("\(comment()): \(error)")
            }
        }
        var next = LSN.first
        let end = try? LogFixture(disk, segment: 16 << 10).recover { _ in Issue.record(comment()) }
        if let end { next = end }
        #expect(next > LSN(200), comment())
    }
}

extension SimulatedDisk {
    /// The same files, all durable.
    func copy(recordingCrashPoints: Bool) -> SimulatedDisk {
        let copy = SimulatedDisk(seed: 1, recordsCrashPoints: recordingCrashPoints)
        try? copy.createDirectory("/log")
        for name in (try? list("/log")) ?? [] {
            if let bytes = contents(of: "/log/" + name) { copy.replace("/log/" + name, with: bytes) }
        }
        return copy
    }
}
