import Testing

@testable import LogStorage

/// How segments come to be: what other logs lost between a file's bytes, its name and the next file's first frame.
@Suite struct SegmentCreationTests {
    @Test func `power loss at any call of the first opening leaves a directory that opens and takes records`() throws {
        let disk = SimulatedDisk(seed: 1, recordsCrashPoints: true)
        var fixture = LogFixture(disk)
        let log = try fixture.open()
        try log.append(3)
        log.writer.step(now: 0)
        let acknowledged = (disk.operationCount(), log.durableLSN)
        try log.close()
        #expect(acknowledged.1 == LSN(4))
        for point in disk.crashPoints {
            let disks = (0..<20).map { point.disk(seed: $0) } + [point.diskAfterProcessKill()]
            for (sample, crashed) in disks.enumerated() {
                let comment: Comment = "call \(point.operationCount) (\(point.operation)), sample \(sample)"
                fixture.files = crashed
                let end = try fixture.recover()
                #expect(end == LSN(4) || end == .first && point.operationCount < acknowledged.0, comment)
                let next = try fixture.open(seed: 2)
                try next.append(2)
                try next.close()
                #expect(try fixture.recover(seed: 3) { _ in Issue.record(comment) } == end.advanced(by: 2), comment)
            }
        }
    }

    /// The calls that make a segment out of zeros, and give its unused end back.
    enum Stage: CaseIterable {
        case prewritten, named, givenBack

        func contains(_ operation: DiskOperation) -> Bool {
            switch (self, operation.operation) {
            case (.prewritten, .write): operation.path.hasSuffix(".tmp")
            case (.named, .rename), (.named, .syncDirectory): true
            case (.givenBack, .truncate): operation.path.hasSuffix(".segment")
            default: false
            }
        }
    }

    @Test(arguments: Stage.allCases)
    func `power loss while a segment is prewritten, named or given back leaves no record more or less`(stage: Stage)
        throws
    {
        let disk = SimulatedDisk(seed: 1, recordsCrashPoints: true)
        let script = LogScript(disk, segment: 32 << 10)
        try script.run(seed: 1, appends: 40)
        let points = disk.crashPoints.filter { stage.contains($0.operation) }
        #expect(points.count >= 2, "the run is long enough")
        for point in points {
            for sample in 0..<5 as Range<UInt64> {
                let crashed = point.disk(seed: sample)
                let comment: Comment = "call \(point.operationCount) (\(point.operation)), sample \(sample)"
                #expect(crashed.complaint(of: script, acknowledgedAt: point.operationCount) == nil, comment)
                let names = try crashed.list(LogFixture.directory)
                #expect(!names.contains { $0.hasSuffix(".tmp") }, comment)
                let report = try LogInspector(directory: LogFixture.directory, fileSystem: crashed).verify()
                #expect(report.isIntact, comment)
            }
        }
    }

    /// The order of calls, whatever a crash would have made of it.
    @Test(arguments: TestSeeds.some(3))
    func `no frame is written before its segment's name, and all of the segment before, are on the disk`(seed: UInt64)
        throws
    {
        let disk = SimulatedDisk(seed: seed)
        try LogScript(disk).run(seed: seed, rounds: 3)
        /// Files with bytes that no sync covers, names that no sync of the directory covers.
        var unsynced: Set<String> = []
        var unnamed: Set<String> = []
        var renames = 0
        for (call, operation) in disk.operations.enumerated() {
            let path = operation.path
            switch operation.operation {
            case .write:
                if path.hasSuffix(".segment") { #expect(unnamed.isEmpty, "call \(call): \(operation)") }
                unsynced.insert(path)
            case .syncData, .sync:
                unsynced.remove(path)
            case .rename:
                renames += 1
                let open = unsynced.filter { $0.hasSuffix(".segment") || $0 == path }
                #expect(open.isEmpty, "call \(call): \(operation)")
                unnamed.insert(path)
            case .syncDirectory:
                unnamed.removeAll()
            default: break
            }
        }
        #expect(renames >= 5, "the run is long enough")
    }
}
