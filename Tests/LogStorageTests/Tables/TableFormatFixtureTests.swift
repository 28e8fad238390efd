import Foundation
import Testing

@testable import LogStorage

/// The vectors of SPEC.md §7.6: the files of `Fixtures/log-format/2/tables`.
@Suite struct TableFormatFixtureTests {
    static let folder = LogFormatFixtureTests.folder.deletingLastPathComponent().appending(path: "2/tables")

    static let shows = [
        ("1-table.bin", "table 1: one block of five entries, one of them a tombstone"),
        ("2-table-two-blocks.bin", "table 2: three values of 2,000 bytes, two in the first block"),
        ("3-table-empty.bin", "table 3: no entries, a trailer alone"),
        ("4-manifest.bin", "manifest 7: two append segments, a rewrite segment, two tables"),
        ("5-recovery.bin", "two openings that did not succeed"),
    ]

    /// What the tables hold, by their numbers less one.
    private static func entries(_ table: Int) -> [KeyedEntry] {
        var entries: [KeyedEntry] = []
        if table == 0 {
            entries.append((TableKey(space: 1, 1, 0), .value(Array("one".utf8))))
            entries.append((TableKey(space: 1, 2, 0), .value([])))
            entries.append((TableKey(space: 1, 200, 0), .deleted))
            entries.append((TableKey(space: 2, 1_760_000_000_000, 1), .value([])))
            entries.append((TableKey(space: 2, 1_760_000_000_000, 200), .value([])))
        }
        if table == 1 {
            for number in 1...3 as ClosedRange<UInt8> {
                let value = [UInt8](repeating: number, count: 2_000)
                entries.append((TableKey(space: 1, UInt64(number), 0), .value(value)))
            }
        }
        return entries
    }

    private static func bytes(_ index: Int) throws -> [UInt8] {
        let files = MemoryFiles()
        switch index {
        case 0...2:
            let number = UInt64(index) + 1
            _ = try TableFixture.write(entries(index), number: number, files)
            return try #require(files.contents[TableFixture.path(number)])
        case 3:
            return Manifest.sample.encoded()
        default:
            let attempts = RecoveryAttempts(directory: TableFixture.directory, fileSystem: files)
            for _ in 0..<2 { _ = try attempts.begin() }
            return try #require(files.contents[TableFixture.directory + "/recovery"])
        }
    }

    private static func fixture(_ index: Int) throws -> [UInt8] {
        let url = folder.appending(path: shows[index].0)
        // `Tools/generate-fixtures` sets it. The bytes of a released version never change: a new version has a new folder.
        if ProcessInfo.processInfo.environment["INDELIBLE_WRITE_FIXTURES"] == "1" {
            // Other tests read it meanwhile.
            try Data(bytes(index)).write(to: url, options: .atomic)
        }
        return Array(try Data(contentsOf: url))
    }

    @Test(arguments: shows.indices)
    func `a vector is written as its fixture has it`(index: Int) throws {
        let fixture = try Self.fixture(index)
        let bytes = try Self.bytes(index)
        #expect(fixture == bytes, "\(Self.shows[index].0)")
    }

    @Test(arguments: 0..<3)
    func `a table of the fixtures is read`(index: Int) throws {
        let bytes = try Self.fixture(index)
        let number = UInt64(index) + 1
        let entries = Self.entries(index)
        let info = TableInfo(
            number: number, byteCount: bytes.count, entryCount: entries.count,
            checksum: bytes.span.bytes.littleEndian(UInt32.self, at: bytes.count - 52))
        let reader = try TableFixture.open(info, MemoryFiles([TableFixture.path(number): bytes]))
        let found = try TableFixture.all(reader.scan(from: TableFixture.lowest, below: TableFixture.highest))
        #expect(found.elementsEqual(entries, by: ==))
    }

    @Test func `the manifest of the fixtures is read`() throws {
        let bytes = try Self.fixture(3)
        let manifest = try Manifest(decoding: bytes.span.bytes)
        #expect(manifest == Manifest.sample)
    }

    @Test func `the folder's page names every fixture`() throws {
        let page = try String(contentsOf: Self.folder.appending(path: "README.md"), encoding: .utf8)
        for (file, shows) in Self.shows { #expect(page.contains("| `\(file)` | \(shows) |"), "\(file)") }
    }

    @Test(arguments: [0, 2, 3, 4])
    func `the specification shows a vector's bytes`(index: Int) throws {
        let page = LogSpecificationTests.page
        let start = try #require(page.range(of: "`\(Self.shows[index].0)`"))
        let open = try #require(page.range(of: "```\n", range: start.upperBound..<page.endIndex))
        let close = try #require(page.range(of: "```", range: open.upperBound..<page.endIndex))
        let shown = page[open.upperBound..<close.lowerBound].filter { $0.isHexDigit }
        let bytes = try Self.bytes(index)
        let expected = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        #expect(shown == expected, "\(Self.shows[index].0)")
    }

    @Test func `the specification's limits are the code's`() {
        #expect(TableFormat.version == 1)
        #expect(TableFormat.valueByteCountMax == 65_536)
        #expect(TableFormat.blockByteCountMax == 65_561)
        #expect(Manifest.version == 1)
        #expect(Manifest.byteCountMax == 67_108_864)
    }
}
