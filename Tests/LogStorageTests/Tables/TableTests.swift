import Testing

@testable import LogStorage

@Suite struct TableTests {
    private func written(_ entries: [KeyedEntry]) throws -> (TableReader, MemoryFiles) {
        let files = MemoryFiles()
        let info = try TableFixture.write(entries, files)
        return (try TableFixture.open(info, files), files)
    }

    @Test func `a table without entries says nothing of any key`() throws {
        let (reader, files) = try written([])
        #expect(reader.info == TableInfo(number: 1, byteCount: 64, entryCount: 0, checksum: reader.info.checksum))
        #expect(files.contents.keys.sorted() == [TableFixture.path(1)])
        #expect(try reader.entry(for: TableFixture.lowest) == nil)
        #expect(try TableFixture.all(reader.scan(from: TableFixture.lowest, below: TableFixture.highest)).isEmpty)
        try reader.verify()
    }

    @Test(arguments: TestSeeds.some(8))
    func `every entry is found, every other key is not, and a scan gives them in order`(seed: UInt64) throws {
        var keys = TableKeys(random: SplitMix64(seed: seed))
        var model: [TableKey: TableEntry] = [TableFixture.lowest: .deleted, TableFixture.highest: .value([])]
        for _ in 0..<400 { model[keys.next()] = keys.random.next() % 5 == 0 ? .deleted : .value(keys.value()) }
        let entries = model.map { (key: $0, entry: $1) }.sorted { $0.key < $1.key }
        let (reader, _) = try written(entries)
        #expect(reader.info.entryCount == entries.count)
        #expect(reader.index.count > 10, "the table has many blocks")
        try reader.verify()
        for (key, entry) in entries { #expect(try reader.entry(for: key) == entry, "INDELIBLE_SEED=\(seed), \(key)") }
        for _ in 0..<400 {
            let key = keys.next()
            #expect(try reader.entry(for: key) == model[key], "INDELIBLE_SEED=\(seed), \(key)")
        }
        for _ in 0..<60 {
            let (start, end) = (keys.next(), keys.next())
            let expected = entries.filter { $0.key >= start && $0.key < end }
            let found = try TableFixture.all(reader.scan(from: start, below: end))
            #expect(found.elementsEqual(expected, by: ==), "INDELIBLE_SEED=\(seed), \(start) to \(end)")
        }
    }

    @Test func `the largest value has room`() throws {
        let largest = [UInt8](repeating: 7, count: TableFormat.valueByteCountMax)
        let keys = (0..<3).map { TableKey(space: .max, .max, .max - 2 + UInt64($0)) }
        let (reader, _) = try written(keys.map { ($0, .value(largest)) })
        #expect(reader.index.count == 3)
        for key in keys { #expect(try reader.entry(for: key) == .value(largest)) }
        try reader.verify()
    }

    @Test func `a simple entry costs four bytes beside its value`() throws {
        let entries = (1...1_000).map { (key: TableKey(space: 1, $0 * 3, 0), entry: TableEntry.value([1, 2, 3, 4])) }
        let (reader, _) = try written(entries)
        #expect(reader.index.count == 2)
        #expect(reader.info.byteCount < 8 * 1_000 + 2 * 32 + 64 + 16)
    }

    @Test func `a long table is written in pieces, and synced in between`() throws {
        let disk = SimulatedDisk()
        try disk.createDirectory(TableFixture.directory)
        let value = TableEntry.value([UInt8](repeating: 1, count: 60_000))
        _ = try TableFixture.write((0..<60).map { (TableKey(space: 1, $0, 0), value) }, disk)
        let writes = disk.operations.filter { $0.operation == .write }
        #expect(writes.allSatisfy { $0.length < 512 << 10 })
        #expect(disk.operations.count { $0.operation == .syncData } == 3)
        #expect(disk.operations.suffix(3).map(\.operation) == [.sync, .rename, .syncDirectory])
    }

    @Test func `a lookup reads one block`() throws {
        let disk = SimulatedDisk()
        try disk.createDirectory(TableFixture.directory)
        let entries = (1...5_000).map { (key: TableKey(space: 1, $0 * 2, 0), entry: TableEntry.value([1, 2, 3, 4])) }
        let reader = try TableFixture.open(TableFixture.write(entries, disk), disk)
        for number in [1, 2, 5_000, 5_001, 10_000, 20_000] as [UInt64] {
            let before = disk.operations.count
            let entry = try reader.entry(for: TableKey(space: 1, number, 0))
            #expect((entry != nil) == (number % 2 == 0 && number <= 10_000))
            let reads = disk.operations[before...]
            #expect(reads.count <= 1)
            #expect(reads.allSatisfy { $0.length <= TableFormat.blockByteCount })
        }
    }

    @Test func `a removed table stays readable to who has it open`() throws {
        let real = try RealDirectory()
        let files = PosixFileSystem()
        let entries: [KeyedEntry] = (0..<3_000).map { (TableKey(space: 1, $0, 0), .value([UInt8($0 % 256)])) }
        let reader = try TableFixture.open(
            TableFixture.write(entries, in: real.path, files), in: real.path, files)
        try files.remove(real.path + "/" + LogFileKind.table.name(1))
        try reader.verify()
        #expect(throws: TableError.self) { try TableFixture.open(reader.info, in: real.path, files) }
    }

    @Test func `a writer takes the place of a temporary file that was left, and leaves none when it is abandoned`()
        throws
    {
        let disk = SimulatedDisk()
        try disk.createDirectory(TableFixture.directory)
        disk.replace(TableFixture.path(1) + ".tmp", with: [1, 2, 3])
        var writer = try TableWriter(number: 1, directory: TableFixture.directory, fileSystem: disk)
        try writer.append(TableFixture.lowest, .deleted)
        writer.abandon()
        #expect(try disk.list(TableFixture.directory).isEmpty)
        let info = try TableFixture.write([(TableFixture.lowest, .deleted)], disk)
        #expect(try TableFixture.open(info, disk).entry(for: TableFixture.lowest) == .deleted)
    }

    @Test func `a value that is too large is the caller's bug`() async {
        await #expect(processExitsWith: .failure) {
            var writer = try TableWriter(number: 1, directory: "/log", fileSystem: MemoryFiles())
            try writer.append(
                TableKey(space: 1, 1, 1), .value([UInt8](repeating: 0, count: TableFormat.valueByteCountMax + 1)))
        }
    }

    @Test func `keys out of order are the caller's bug`() async {
        await #expect(processExitsWith: .failure) {
            var writer = try TableWriter(number: 1, directory: "/log", fileSystem: MemoryFiles())
            try writer.append(TableKey(space: 1, 1, 1), .deleted)
            try writer.append(TableKey(space: 1, 1, 1), .deleted)
        }
    }
}
