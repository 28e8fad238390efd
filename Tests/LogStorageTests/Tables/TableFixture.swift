import Foundation

@testable import LogStorage

typealias KeyedEntry = (key: TableKey, entry: TableEntry)

/// Tables in `/log`, written and read whole.
enum TableFixture {
    static let directory = LogFixture.directory
    static let lowest = TableKey(space: 0, 0, 0)
    static let highest = TableKey(space: .max, .max, .max)

    static func path(_ number: UInt64) -> String { directory + "/" + LogFileKind.table.name(number) }

    static func write(
        _ entries: [KeyedEntry], number: UInt64 = 1, in directory: String = directory, _ files: any LogFileSystem
    ) throws(FileSystemError) -> TableInfo {
        var writer = try TableWriter(number: number, directory: directory, fileSystem: files)
        do throws(FileSystemError) {
            for (key, entry) in entries { try writer.append(key, entry) }
        } catch {
            writer.abandon()
            throw error
        }
        return try writer.finish()
    }

    static func open(
        _ info: TableInfo, in directory: String = directory, _ files: any LogFileSystem
    ) throws(TableError) -> TableReader {
        try TableReader(info, directory: directory, fileSystem: files)
    }

    static func all(_ scan: TableScan) throws(TableError) -> [KeyedEntry] {
        var scan = scan
        var entries: [KeyedEntry] = []
        while let next = try scan.next() { entries.append(next) }
        return entries
    }

    static func all(_ scan: MergedScan) throws(TableError) -> [(key: TableKey, value: [UInt8])] {
        var scan = scan
        var entries: [(key: TableKey, value: [UInt8])] = []
        while let next = try scan.next() { entries.append(next) }
        return entries
    }

    /// A table of these blocks, every checksum of it right.
    static func forge(
        blocks: [(firstKey: TableKey, bytes: [UInt8])], entryCount: Int
    ) -> (bytes: [UInt8], info: TableInfo) {
        var index = TableBlockIndex()
        var bytes: [UInt8] = []
        for block in blocks {
            index.append(block.bytes, firstKey: block.firstKey)
            bytes += block.bytes
        }
        let rows = index.encoded()
        let trailer = TableTrailer(
            number: 1, indexOffset: index.end, blockCount: index.count, entryCount: entryCount,
            indexCRC: Checksum.unsalted(rows.span.bytes))
        return (bytes + rows + trailer.encoded(), trailer.info(encoded: trailer.encoded()))
    }

    /// Puts `change` at `offset` of the index or trailer (from the end of the file when negative) and makes the checksums
    /// right again.
    static func resealed(_ table: [UInt8], at offset: Int, _ change: [UInt8]) -> (bytes: [UInt8], info: TableInfo) {
        var bytes = table
        let start = offset < 0 ? bytes.count + offset : offset
        bytes.replaceSubrange(start..<start + change.count, with: change)
        let trailer = bytes.count - TableTrailer.encodedByteCount
        let indexOffset = Int(table.span.bytes.littleEndian(UInt64.self, at: trailer + 24))
        let indexCRC = Checksum.unsalted(bytes.span.bytes.extracting(indexOffset..<trailer))
        bytes.withUnsafeMutableBytes { $0.storeLittleEndian(indexCRC, at: trailer + 48) }
        let crc = Checksum.unsalted(
            bytes.span.bytes.extracting(trailer + 16..<bytes.count),
            after: Checksum.unsalted(bytes.span.bytes.extracting(trailer..<trailer + 12)))
        bytes.withUnsafeMutableBytes { $0.storeLittleEndian(crc, at: trailer + 12) }
        let entryCount = bytes.span.bytes.littleEndian(UInt64.self, at: trailer + 40)
        return (
            bytes,
            TableInfo(
                number: 1, byteCount: bytes.count, entryCount: Int(truncatingIfNeeded: entryCount), checksum: crc)
        )
    }
}

/// Keys that collide, touch and lie at the ends of their ranges.
struct TableKeys {
    var random: SplitMix64

    mutating func next() -> TableKey {
        TableKey(space: [0, 1, 1, 1, 2, 255].randomElement(using: &random)!, part(), part())
    }

    mutating func value() -> [UInt8] {
        let length = [0, 1, 8, 8, 40, 40, 200, 5_000].randomElement(using: &random)!
        return (0..<length).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    }

    private mutating func part() -> UInt64 {
        switch Int.random(in: 0..<8, using: &random) {
        case 0: 0
        case 1: .max
        case 2: .max - UInt64.random(in: 0..<3, using: &random)
        case 3: random.next()
        default: UInt64.random(in: 0..<30, using: &random)
        }
    }
}

/// A directory on the real disk, removed with the last reference.
final class RealDirectory {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "tables-\(UUID())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
