import Testing

@testable import LogStorage

/// A small table, damaged in every way: each is found, and what can still be read is right.
@Suite struct TableDamageTests {
    /// Three blocks: some entries, one large value, some more.
    static let entries: [KeyedEntry] =
        [
            (TableKey(space: 1, 1, 0), .value([1, 2, 3])), (TableKey(space: 1, 2, 0), .deleted),
            (TableKey(space: 1, 300, 7), .value([])), (TableKey(space: 1, 300, 9), .value([4])),
            (TableKey(space: 2, 1, 5), .value([UInt8](repeating: 9, count: 4_100))),
        ] + (1...20).map { (TableKey(space: 4, 1 << 40, $0), .value([UInt8($0)])) }

    static let sample: (bytes: [UInt8], info: TableInfo) = {
        let files = MemoryFiles()
        let info = try! TableFixture.write(entries, files)
        return (files.contents[TableFixture.path(1)]!, info)
    }()

    /// Opens, looks up every key, scans: what cannot be read must say so, and the rest be right.
    ///
    /// - Returns: The error of opening or of verification; nil for a table that is sound.
    private func judge(
        _ bytes: [UInt8], of info: TableInfo = sample.info, _ comment: @autoclosure () -> Comment
    ) -> TableError? {
        let files = MemoryFiles([TableFixture.path(1): bytes])
        let reader: TableReader
        do throws(TableError) { reader = try TableFixture.open(info, files) } catch { return error }
        for (key, entry) in Self.entries {
            do throws(TableError) {
                let found = try reader.entry(for: key)
                if found != entry { Issue.record("\(comment()): \(key)") }
            } catch {
                // Said so.
            }
        }
        var scan = reader.scan(from: TableFixture.lowest, below: TableFixture.highest)
        var seen = 0
        do throws(TableError) {
            while let (key, entry) = try scan.next() {
                if (key, entry) != Self.entries[seen] { Issue.record("\(comment()): \(key) in a scan") }
                seen += 1
            }
            if seen != Self.entries.count { Issue.record("\(comment()): a scan ends early") }
        } catch {
            // Said so.
        }
        do throws(TableError) { try reader.verify() } catch { return error }
        return nil
    }

    @Test func `the sample is sound and has several blocks`() throws {
        #expect(judge(Self.sample.bytes, "sound") == nil)
        let files = MemoryFiles([TableFixture.path(1): Self.sample.bytes])
        #expect(try TableFixture.open(Self.sample.info, files).index.count == 3)
    }

    @Test func `every flipped bit is found, with the table and a place at or before it`() {
        var bytes = Self.sample.bytes
        for offset in bytes.indices {
            for bit in 0..<8 as Range<UInt8> {
                // In the middle of the large value one bit a byte will do.
                if (400..<4_000).contains(offset), bit != UInt8(offset % 8) { continue }
                bytes[offset] ^= 1 << bit
                let error = judge(bytes, "byte \(offset) bit \(bit)")
                bytes[offset] ^= 1 << bit
                guard let error, error.table == 1, error.offset <= offset else {
                    Issue.record("byte \(offset) bit \(bit): \(error.map { "\($0)" } ?? "not found")")
                    return
                }
            }
        }
    }

    @Test func `a damaged block hides its own entries only`() throws {
        var bytes = Self.sample.bytes
        bytes[2] ^= 1
        let reader = try TableFixture.open(Self.sample.info, MemoryFiles([TableFixture.path(1): bytes]))
        for (index, (key, entry)) in Self.entries.enumerated() {
            if index < 4 {
                #expect(throws: TableError.self) { try reader.entry(for: key) }
            } else {
                #expect(try reader.entry(for: key) == entry)
            }
        }
    }

    @Test func `a table that is cut at any byte, or longer, is refused`() {
        for length in 0..<Self.sample.bytes.count {
            let error = judge(Array(Self.sample.bytes[..<length]), "cut at \(length)")
            let reason = TableError.Reason.sizeMismatch(byteCount: length, expected: Self.sample.info.byteCount)
            #expect(error == TableError(table: 1, offset: 0, reason: reason))
        }
        #expect(judge(Self.sample.bytes + [0], "longer") != nil)
        #expect(judge([], of: TableInfo(number: 1, byteCount: 0, entryCount: 0, checksum: 0), "empty") != nil)
        #expect(judge([1], of: TableInfo(number: 1, byteCount: 1, entryCount: 0, checksum: 0), "one byte") != nil)
    }

    @Test func `another table under the name is refused, however sound`() throws {
        let files = MemoryFiles()
        var others = Self.entries
        others[0].entry = .value([1, 2, 4])
        let other = try TableFixture.write(others, files)
        let bytes = files.contents[TableFixture.path(1)]!
        #expect(other.byteCount == Self.sample.info.byteCount)
        #expect(judge(bytes, "other content")?.reason == .otherTable(field: "checksum"))
        var info = Self.sample.info
        info.entryCount += 1
        #expect(judge(Self.sample.bytes, of: info, "other count")?.reason == .otherTable(field: "entry count"))
        let renamed = MemoryFiles([TableFixture.path(2): Self.sample.bytes])
        info = Self.sample.info
        info.number = 2
        #expect {
            try TableFixture.open(info, renamed)
        } throws: {
            ($0 as? TableError)?.reason == .otherTable(field: "number")
        }
    }

    @Test(
        arguments: [
            (-56, [2, 0, 0, 0], .newerVersion(2)), (-56, [0, 0, 0, 0], .malformed(field: "version")),
            (-12, [1, 0, 0, 0], .unknownFeatures(1)), (-8, [1, 0, 0, 0], nil), (-4, [1, 2, 3, 4], nil),
            (-40, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], .malformed(field: "indexOffset")),
            (-40, [0], .malformed(field: "blockCount")),
            (-32, [4], .malformed(field: "blockCount")),
            (-32, [3, 0, 0, 0, 0, 0, 0, 0x80], .malformed(field: "blockCount")),
            (-24, [2], .malformed(field: "entryCount")),
            (-24, [25, 0, 0, 0, 0, 0, 0, 1], .malformed(field: "entryCount")),
            (-24, [24], .malformed(field: "entryCount")),
            // Rows of the block index, each of 32 bytes.
            (-160, [0xFF, 0xFF], .malformed(field: "first key")), (-144, [1], .malformed(field: "offset")),
            (-112, [0], .malformed(field: "offset")), (-112, [0, 0, 1], .malformed(field: "offset")),
            (-80, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], .malformed(field: "offset")),
            (-128, [0], .malformed(field: "first key")), (-131, [1], nil),
        ] as [(Int, [UInt8], TableError.Reason?)])
    func `a field out of its range under sound checksums is named`(
        offset: Int, change: [UInt8], reason: TableError.Reason?
    ) {
        let (bytes, info) = TableFixture.resealed(Self.sample.bytes, at: offset, change)
        var found: TableError?
        do throws(TableError) {
            try TableFixture.open(info, MemoryFiles([TableFixture.path(1): bytes])).verify()
        } catch {
            found = error
        }
        #expect(found?.reason == reason)
    }

    @Test(
        arguments: [
            ([], "offset"), ([0x80, 0, 0, 0, 0], "space"), ([1, 0x80], "a"), ([1, 1], "b"), ([1, 1, 1], "length"),
            ([1, 1, 1, 2], "length"), ([1, 1, 1, 0x82, 0x80, 4], "length"), ([0x80, 2, 1, 1, 0], "space"),
            ([1, 1, 1, 0, 0, 0, 0, 0], "b"), ([1, 1, 1, 0, 0xFF, 1, 1, 1, 0], "space"),
            ([1, 2, 1, 0], "first key"),
            ([1, 1, 1, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0, 0], "a"),
            ([1, 1, 1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1, 0], "b"),
            ([1, 1, 1, 0, 0, 1, 0, 0], "entryCount"),
        ] as [([UInt8], String)])
    func `a block that no writer makes is malformed, with the field`(block: [UInt8], field: String) {
        let first = TableKey(space: 1, 1, 1)
        // Bytes enough for the three entries that the trailer claims.
        let forged = TableFixture.forge(
            blocks: [(first, block), (TableKey(space: 9, 0, 0), [9, 0, 0, 13] + [UInt8](repeating: 0, count: 12))],
            entryCount: 4)
        let files = MemoryFiles([TableFixture.path(1): forged.bytes])
        #expect {
            try TableFixture.open(forged.info, files).verify()
        } throws: {
            ($0 as? TableError)?.reason == .malformed(field: field)
        }
    }

    @Test func `a block that runs into the next one's keys is malformed`() {
        let forged = TableFixture.forge(
            blocks: [(TableKey(space: 1, 1, 1), [1, 1, 1, 0, 0, 5, 0, 0]), (TableKey(space: 1, 7, 0), [1, 7, 0, 0])],
            entryCount: 3)
        #expect(throws: Never.self) {
            try TableFixture.open(forged.info, MemoryFiles([TableFixture.path(1): forged.bytes])).verify()
        }
        let crossed = TableFixture.forge(
            blocks: [(TableKey(space: 1, 1, 1), [1, 1, 1, 0, 0, 5, 0, 0]), (TableKey(space: 1, 6, 0), [1, 6, 0, 0])],
            entryCount: 3)
        #expect {
            try TableFixture.open(crossed.info, MemoryFiles([TableFixture.path(1): crossed.bytes])).verify()
        } throws: {
            ($0 as? TableError) == TableError(table: 1, offset: 8, reason: .malformed(field: "first key"))
        }
    }

    @Test(arguments: TestSeeds.some(400))
    func `random bytes under sound checksums are read without harm`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let count = Int.random(in: 1...60, using: &random)
        let block = (0..<count).map { _ in
            Bool.random(using: &random)
                ? UInt8.random(in: 0..<4, using: &random) : UInt8(truncatingIfNeeded: random.next())
        }
        let forged = TableFixture.forge(blocks: [(TableKey(space: 1, 1, 1), block)], entryCount: count / 4)
        let files = MemoryFiles([TableFixture.path(1): forged.bytes])
        guard let reader = try? TableFixture.open(forged.info, files) else { return }
        for key in [TableFixture.lowest, TableKey(space: 1, 1, 1), TableFixture.highest] {
            _ = try? reader.entry(for: key)
        }
        try? reader.verify()
    }

    @Test func `a table that cannot be read is told from a damaged one`() throws {
        let disk = SimulatedDisk()
        try disk.createDirectory(TableFixture.directory)
        let info = try TableFixture.write(Self.entries, disk)
        for nth in 1...4 {
            disk.fail(nth: nth, of: .read, code: 5)
            #expect {
                try TableFixture.open(info, disk)
            } throws: {
                guard case .storage(let cause)? = ($0 as? TableError)?.reason else { return false }
                return cause.reason == .inputOutput
            }
            disk.stopFailing()
        }
        let reader = try TableFixture.open(info, disk)
        disk.fail(nth: 1, of: .read, code: 5)
        #expect(throws: TableError.self) { try reader.entry(for: Self.entries[0].key) }
        disk.lose(TableFixture.path(1))
        #expect {
            try TableFixture.open(info, disk)
        } throws: {
            guard case .storage(let cause)? = ($0 as? TableError)?.reason else { return false }
            return cause.reason == .notFound
        }
    }
}
