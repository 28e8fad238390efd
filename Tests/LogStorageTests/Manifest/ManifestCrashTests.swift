import Testing

@testable import LogStorage

/// Power loss after every call while tables and manifests are written, merged and removed.
@Suite struct ManifestCrashTests {
    /// A small index that writes a table and a manifest a round, merges, and removes what two manifests do not list.
    private final class Script {
        let disk: SimulatedDisk
        private let directory = LogFixture.directory
        private var store: ManifestStore { ManifestStore(directory: directory, fileSystem: disk) }
        /// What the index holds by the manifest of each number.
        private(set) var contents: [UInt64: [TableKey: [UInt8]]] = [0: [:]]
        /// Which manifest was durable after so many calls.
        private var acknowledged: [(operationCount: Int, number: UInt64)] = [(0, 0)]

        init(_ disk: SimulatedDisk, contents: [UInt64: [TableKey: [UInt8]]] = [0: [:]]) {
            self.disk = disk
            self.contents = contents
        }

        func prepare() throws {
            try disk.createDirectory(directory)
            disk.replace(directory + "/00000001.segment", with: [1])
        }

        func acknowledged(at operationCount: Int) -> UInt64 {
            acknowledged.last { $0.operationCount <= operationCount }!.number
        }

        func run(seed: UInt64, rounds: Int) throws {
            var random = SplitMix64(seed: seed)
            var newest = try store.newest().manifest
            var runs = try TableRuns(newest?.tables ?? [], directory: directory, fileSystem: disk)
            var next = try store.nextNumbers(after: newest)
            var model = contents[newest?.number ?? 0]!
            for _ in 0..<rounds {
                var overlay: [TableKey: TableEntry] = [:]
                for _ in 0..<10 {
                    let key = TableKey(space: 1, UInt64.random(in: 0..<20, using: &random), 0)
                    let value = Bool.random(using: &random) ? [UInt8](repeating: 3, count: 700) : nil
                    overlay[key] = value.map { .value($0) } ?? .deleted
                    model[key] = value
                }
                let entries = overlay.map { (key: $0, entry: $1) }.sorted { $0.key < $1.key }
                runs = runs.adding(
                    try TableFixture.open(TableFixture.write(entries, number: next.table, disk), disk))
                next.table += 1
                if let range = runs.runsToMerge {
                    var merge = try TableMerge(
                        range, of: runs, number: next.table, directory: directory, fileSystem: disk)
                    next.table += 1
                    var info: TableInfo?
                    while info == nil { info = try merge.step(entryLimit: 5) }
                    runs = runs.replacing(merge.sources, with: try TableFixture.open(info!, disk))
                }
                var manifest = Manifest.sample
                manifest.number = next.manifest
                manifest.positionSegment = 1
                manifest.appendSegments = []
                manifest.rewriteSegments = []
                manifest.tables = runs.tables
                next.manifest += 1
                manifest.next = next
                contents[manifest.number] = model
                try store.write(manifest)
                acknowledged.append((disk.operations.count, manifest.number))
                let kept = [manifest] + (newest.map { [$0] } ?? [])
                try store.removeOthers(than: kept.map(\.number))
                try store.removeUnlisted(by: kept)
                newest = manifest
            }
        }

        /// What is wrong with the directory that a crash left; nil: nothing.
        func complaint(_ disk: SimulatedDisk, acknowledged: UInt64) -> String? {
            let store = ManifestStore(directory: directory, fileSystem: disk)
            do {
                let (newest, rejected) = try store.newest()
                guard rejected.isEmpty else { return "\(rejected)" }
                guard newest?.number ?? 0 >= acknowledged else {
                    return "manifest \(newest?.number ?? 0), acknowledged \(acknowledged)"
                }
                guard let newest else { return nil }
                if let complaint = try complaint(disk, newest) { return complaint }
                // The one before it stands as well, should the newest be damaged on top of the crash.
                let path = directory + "/" + LogFileKind.manifest.name(newest.number)
                var bytes = disk.contents(of: path)!
                bytes[50] ^= 1
                disk.replace(path, with: bytes)
                let (older, damaged) = try store.newest()
                guard damaged.map(\.name) == [LogFileKind.manifest.name(newest.number)] else { return "not rejected" }
                guard let older else { return newest.number == 1 ? nil : "no manifest before \(newest.number)" }
                return try complaint(disk, older)
            } catch {
                return "\(error)"
            }
        }

        private func complaint(_ disk: SimulatedDisk, _ manifest: Manifest) throws -> String? {
            guard let expected = contents[manifest.number] else { return "an unknown manifest" }
            let runs = try TableRuns(manifest.tables, directory: directory, fileSystem: disk)
            for reader in runs.readers { try reader.verify() }
            let found = try TableFixture.all(runs.scan(from: TableFixture.lowest, below: TableFixture.highest))
            let isEqual = found.elementsEqual(expected.sorted { $0.key < $1.key }) {
                $0.key == $1.key && $0.value == $1.value
            }
            return isEqual ? nil : "manifest \(manifest.number) holds something else"
        }
    }

    private static let samples = min(LogCrashTests.samples, 40)

    @Test(arguments: TestSeeds.some(3))
    func `after any crash the newest manifest and the one before it have all their tables`(seed: UInt64) throws {
        let disk = SimulatedDisk(seed: seed, recordsCrashPoints: true)
        let script = Script(disk)
        try script.prepare()
        try script.run(seed: seed, rounds: 5)
        for point in disk.crashPoints where disk.exists(before: point) {
            let acknowledged = script.acknowledged(at: point.operationCount)
            for sample in 0..<UInt64(Self.samples) {
                let complaint = script.complaint(point.disk(seed: seed << 32 | sample), acknowledged: acknowledged)
                if let complaint {
                    Issue.record(
                        "INDELIBLE_SEED=\(seed), call \(point.operationCount) (\(point.operation)), sample \(sample): \(complaint)"
                    )
                    return
                }
            }
            #expect(script.complaint(point.diskAfterProcessKill(), acknowledged: acknowledged) == nil)
        }
    }

    /// A killed process leaves a manifest whose name is in the cache only: the next one goes on from it and removes files.
    @Test(arguments: TestSeeds.some(2))
    func `going on after a process was killed, and losing power then, loses nothing`(seed: UInt64) throws {
        let disk = SimulatedDisk(seed: seed, recordsCrashPoints: true)
        let script = Script(disk)
        try script.prepare()
        try script.run(seed: seed, rounds: 3)
        for point in disk.crashPoints where point.operationCount % 2 == 0 && disk.exists(before: point) {
            let second = point.killedRecordingDisk()
            let next = Script(second, contents: script.contents)
            try next.run(seed: seed + 100, rounds: 1)
            for later in second.crashPoints {
                // What the first process had acknowledged at least.
                let acknowledged = max(
                    next.acknowledged(at: later.operationCount), script.acknowledged(at: point.operationCount))
                for sample in 0..<6 as Range<UInt64> {
                    let complaint = next.complaint(later.disk(seed: sample), acknowledged: acknowledged)
                    #expect(
                        complaint == nil,
                        "INDELIBLE_SEED=\(seed), call \(point.operationCount), then \(later.operationCount)")
                }
            }
        }
    }

    /// The manifest that allows a removal is durable before the removal, whoever made it.
    @Test func `nothing is removed by a manifest that only the cache has`() throws {
        let directory = LogFixture.directory
        let disk = SimulatedDisk(recordsCrashPoints: true)
        try disk.createDirectory(directory)
        disk.replace(directory + "/00000001.segment", with: [1])
        var manifest = Manifest.sample
        manifest.rewriteSegments = []
        for number in 1...2 as ClosedRange<UInt64> {
            manifest.number = number
            manifest.tables = [try TableFixture.write([(TableFixture.lowest, .deleted)], number: number, disk)]
            try ManifestStore(directory: directory, fileSystem: disk).write(manifest)
        }
        let name = directory + "/" + LogFileKind.manifest.name(2) + ".tmp"
        let renamed = try #require(
            disk.crashPoints.last { $0.operation.operation == .rename && $0.operation.path == name })
        let second = renamed.killedRecordingDisk()
        let store = ManifestStore(directory: directory, fileSystem: second)
        let newest = try #require(try store.newest().manifest)
        #expect(newest.number == 2)
        #expect(try store.removeUnlisted(by: [newest]) == ["00000001.table"])
        #expect(second.crashPoints.count > 1)
        for point in second.crashPoints {
            for sample in 0..<200 as Range<UInt64> {
                let crashed = point.disk(seed: sample)
                let found = try #require(
                    try ManifestStore(directory: directory, fileSystem: crashed).newest().manifest)
                #expect(throws: Never.self, "call \(point.operationCount), sample \(sample)") {
                    try TableRuns(found.tables, directory: directory, fileSystem: crashed)
                }
            }
        }
    }
}

extension SimulatedDisk {
    /// Whether the log's directory was there by then.
    fileprivate func exists(before point: CrashPoint) -> Bool {
        point.disk(seed: 0).contents(of: LogFixture.directory + "/00000001.segment") != nil
    }
}

extension CrashPoint {
    /// The same as ``diskAfterProcessKill()``, with crash points of its own.
    fileprivate func killedRecordingDisk() -> SimulatedDisk {
        var image = image.afterProcessKill()
        image.recordsCrashPoints = true
        return SimulatedDisk(image)
    }
}
