import Testing

@testable import LogStorage

/// An overlay, runs and merges against a dictionary.
@Suite struct TableRunsTests {
    private struct Index {
        let directory: String
        let files: any LogFileSystem
        var model: [TableKey: [UInt8]] = [:]
        var overlay: [TableKey: TableEntry] = [:]
        var runs = TableRuns()
        var nextNumber: UInt64 = 1

        var sortedOverlay: [KeyedEntry] {
            overlay.map { (key: $0, entry: $1) }.sorted { $0.key < $1.key }
        }

        mutating func takeNumber() -> UInt64 {
            defer { nextNumber += 1 }
            return nextNumber
        }

        mutating func change(_ keys: inout TableKeys) {
            // Half of the deletions are of keys that are there.
            switch keys.random.next() % 6 {
            case 0:
                let key = model.keys.sorted().randomElement(using: &keys.random) ?? keys.next()
                overlay[key] = .deleted
                model[key] = nil
            case 1:
                let key = keys.next()
                overlay[key] = .deleted
                model[key] = nil
            default:
                let (key, value) = (keys.next(), keys.value())
                overlay[key] = .value(value)
                model[key] = value
            }
        }

        mutating func flush() throws {
            let info = try TableFixture.write(sortedOverlay, number: takeNumber(), in: directory, files)
            runs = runs.adding(try TableFixture.open(info, in: directory, files))
            overlay = [:]
        }

        mutating func merge(_ range: Range<Int>, entryLimit: Int, meanwhile: (inout Index) throws -> Void) throws {
            var merge = try TableMerge(
                range, of: runs, number: takeNumber(), directory: directory, fileSystem: files)
            var info: TableInfo?
            while info == nil {
                info = try merge.step(entryLimit: entryLimit)
                try meanwhile(&self)
            }
            runs = runs.replacing(merge.sources, with: try TableFixture.open(info!, in: directory, files))
        }

        func removeUnlisted() throws {
            let listed = Set(runs.tables.map { LogFileKind.table.name($0.number) })
            for name in try files.list(directory) where name.hasSuffix(".table") && !listed.contains(name) {
                try files.remove(directory + "/" + name)
            }
        }

        func overlay(from start: TableKey, below end: TableKey) -> [KeyedEntry] {
            sortedOverlay.filter { $0.key >= start && $0.key < end }
        }

        func check(_ keys: inout TableKeys, _ comment: Comment) throws {
            for key in Array(model.keys.prefix(20)) + (0..<20).map({ _ in keys.next() }) where overlay[key] == nil {
                #expect(try runs.value(for: key) == model[key], comment)
            }
            for _ in 0..<4 {
                let (start, end) = (keys.next(), keys.next())
                let found = try TableFixture.all(
                    runs.scan(from: start, below: end, overlay: overlay(from: start, below: end)))
                let expected = model.filter { $0.key >= start && $0.key < end }.sorted { $0.key < $1.key }
                #expect(found.elementsEqual(expected) { $0.key == $1.key && $0.value == $1.value }, comment)
            }
        }
    }

    private func run(seed: UInt64, _ index: Index, rounds: Int) throws {
        var index = index
        var keys = TableKeys(random: SplitMix64(seed: seed))
        for round in 0..<rounds {
            let comment: Comment = "INDELIBLE_SEED=\(seed), round \(round)"
            for _ in 0..<Int.random(in: 0..<12, using: &keys.random) { index.change(&keys) }
            switch Int.random(in: 0..<8, using: &keys.random) {
            case 0..<3:
                try index.flush()
            case 3 where !index.runs.readers.isEmpty:
                // Any neighbours, not only those that the policy chooses.
                let count = index.runs.readers.count
                let start = Int.random(in: 0..<count, using: &keys.random)
                let end = Int.random(in: start + 1...count, using: &keys.random)
                let limit = Int.random(in: 1...50, using: &keys.random)
                try index.merge(start..<end, entryLimit: limit) { index in
                    guard Int.random(in: 0..<6, using: &keys.random) == 0 else { return }
                    index.change(&keys)
                    try index.flush()
                }
            case 4:
                // As an opening does it.
                index.runs = try TableRuns(index.runs.tables, directory: index.directory, fileSystem: index.files)
            default:
                while let range = index.runs.runsToMerge {
                    try index.merge(range, entryLimit: 1_000) { _ in }
                }
                #expect(index.runs.readers.count <= TableMergePolicy.runCountMax, comment)
            }
            try index.check(&keys, comment)
        }
        // All in one run holds exactly the keys that have a value.
        try index.flush()
        if !index.runs.readers.isEmpty { try index.merge(0..<index.runs.readers.count, entryLimit: 7) { _ in } }
        #expect(index.runs.readers.first?.info.entryCount ?? 0 == index.model.count, "INDELIBLE_SEED=\(seed)")
        let all = try TableFixture.all(index.runs.scan(from: TableFixture.lowest, below: TableFixture.highest))
        let expected = index.model.filter { $0.key < TableFixture.highest }.sorted { $0.key < $1.key }
        #expect(all.elementsEqual(expected) { $0.key == $1.key && $0.value == $1.value }, "INDELIBLE_SEED=\(seed)")
        try index.removeUnlisted()
        #expect(try index.files.list(index.directory).count == index.runs.readers.count, "INDELIBLE_SEED=\(seed)")
    }

    @Test(arguments: TestSeeds.some(20))
    func `an overlay and runs are what a dictionary is`(seed: UInt64) throws {
        let disk = SimulatedDisk(seed: seed)
        try disk.createDirectory(TableFixture.directory)
        try run(seed: seed, Index(directory: TableFixture.directory, files: disk), rounds: 80)
    }

    @Test(arguments: TestSeeds.some(2))
    func `the same on a real disk`(seed: UInt64) throws {
        let real = try RealDirectory()
        try run(seed: seed, Index(directory: real.path, files: PosixFileSystem()), rounds: 60)
    }

    // MARK: Single rules

    private func runs(_ tables: [[KeyedEntry]], _ files: MemoryFiles) throws -> TableRuns {
        var runs = TableRuns()
        for (index, entries) in tables.enumerated() {
            let info = try TableFixture.write(entries, number: UInt64(index) + 1, files)
            runs = runs.adding(try TableFixture.open(info, files))
        }
        return runs
    }

    private func merged(_ runs: TableRuns, _ range: Range<Int>, _ files: MemoryFiles) throws -> [KeyedEntry] {
        var merge = try TableMerge(
            range, of: runs, number: 9, directory: TableFixture.directory, fileSystem: files)
        var info: TableInfo?
        while info == nil { info = try merge.step(entryLimit: 1) }
        return try TableFixture.all(
            TableFixture.open(info!, files).scan(from: TableFixture.lowest, below: TableFixture.highest))
    }

    @Test func `a tombstone is kept until the oldest run takes part`() throws {
        let files = MemoryFiles()
        let key = TableKey(space: 1, 1, 0)
        let runs = try runs([[(key, .value([1]))], [(key, .value([2]))], [(key, .deleted)]], files)
        #expect(try runs.value(for: key) == nil)
        #expect(try merged(runs, 0..<2, files).elementsEqual([(key, .deleted)], by: ==))
        #expect(try merged(runs, 1..<3, files).elementsEqual([(key, .value([2]))], by: ==))
        #expect(try merged(runs, 0..<3, files).isEmpty)
    }

    @Test func `a run without entries is left out`() throws {
        let files = MemoryFiles()
        #expect(try runs([[]], files).readers.isEmpty)
        let runs = try runs([[(TableFixture.lowest, .deleted)], [(TableFixture.highest, .deleted)]], files)
        let empty = try TableFixture.open(TableFixture.write([], number: 3, files), files)
        #expect(runs.replacing([2, 1], with: empty).readers.isEmpty)
        #expect(runs.replacing([1], with: empty).tables.map(\.number) == [2])
    }

    @Test func `a scan that met an error goes on with nothing`() throws {
        let files = MemoryFiles()
        let entries: [KeyedEntry] = (0..<20).map {
            (TableKey(space: 1, $0, 0), .value([UInt8](repeating: 1, count: 900)))
        }
        let runs = try runs([entries, entries.map { ($0.key, .deleted) }], files)
        // Without the newer run the older one's values would come back.
        files.contents[TableFixture.path(2)]![1] ^= 1
        let damaged = try TableRuns(runs.tables, directory: TableFixture.directory, fileSystem: files)
        var scan = damaged.scan(from: TableFixture.lowest, below: TableFixture.highest)
        for _ in 0..<3 { #expect(throws: TableError.self) { try scan.next() } }
        #expect(throws: TableError.self) { try damaged.value(for: entries[0].key) }
    }

    @Test func `a merge that cannot read or write is given up, and its file is gone`() throws {
        let disk = SimulatedDisk()
        try disk.createDirectory(TableFixture.directory)
        let entries: [KeyedEntry] = (0..<2_000).map {
            (TableKey(space: 1, $0, 0), .value([UInt8](repeating: 1, count: 90)))
        }
        let info = try TableFixture.write(entries, disk)
        let runs = TableRuns([try TableFixture.open(info, disk)])
        var failures = 0
        for operations in [DiskOperation.Class.read, .write, .sync] {
            for nth in 1... {
                disk.fail(nth: nth, of: operations, code: 5)
                var error: TableMergeError?
                var made: TableInfo?
                do throws(FileSystemError) {
                    var merge = try TableMerge(
                        0..<1, of: runs, number: 2, directory: TableFixture.directory, fileSystem: disk)
                    do throws(TableMergeError) {
                        while made == nil { made = try merge.step(entryLimit: 500) }
                    } catch let failure {
                        error = failure
                    }
                } catch {
                    failures += 1
                    disk.stopFailing()
                    continue
                }
                disk.stopFailing()
                if made != nil { break }
                failures += 1
                #expect(error != nil)
                #expect(disk.contents(of: TableFixture.path(2) + ".tmp") == nil)
                #expect(try runs.value(for: TableKey(space: 1, 5, 0)) != nil)
            }
            disk.lose(TableFixture.path(2))
        }
        #expect(failures > 8)
    }
}
