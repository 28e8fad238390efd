import ExecutionModel
import LogStorage
import Testing

@testable import EngineRuntime

@Suite struct IndexEntryTests {
    private static func entry(_ random: inout SplitMix64) -> IndexEntry {
        var entry = IndexEntry()
        if Bool.random(using: &random) {
            entry.sequence = 3
            entry.take(
                IndexEntry.Snapshot(
                    location: FrameLocation(file: .rewrite(.random(in: 1...9, using: &random)), offset: 8_192),
                    sequence: 3, recordCount: .random(in: 2...9, using: &random),
                    byteCount: .random(in: 1...99_999, using: &random)))
        }
        for _ in 0..<Int.random(in: 0..<80, using: &random) {
            entry.note(
                RecordBatch.Entry(
                    execution: 5, sequence: entry.sequence + 1, kind: 0x30,
                    length: .random(in: 0...5_000, using: &random), time: 0),
                in: FrameLocation(
                    file: .append(.random(in: 1...3, using: &random)),
                    offset: 8 * Int.random(in: 1_024...99_999, using: &random)))
        }
        entry.sequence = max(entry.sequence, 1)
        if Bool.random(using: &random) { entry.trimSequence = .random(in: 0...entry.sequence, using: &random) }
        for index in entry.shares.indices where Bool.random(using: &random) {
            entry.shares[index].keptByteCount = .random(in: 0...entry.shares[index].byteCount, using: &random)
        }
        entry.standing = [.attention, .waiting, .closed].randomElement(using: &random) ?? .closed
        if Bool.random(using: &random) {
            entry.due = Timestamp(millisecondsSinceEpoch: .random(in: -5...Int64.max / 4, using: &random))
        }
        if Bool.random(using: &random) { entry.nameHash = random.next() }
        return entry
    }

    @Test(arguments: 1...200 as ClosedRange<UInt64>)
    func `an entry comes back from its bytes`(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let entry = Self.entry(&random)
        var bytes: [UInt8] = []
        entry.encode(into: &bytes)
        #expect(try IndexEntry(decoding: bytes) == entry, "seed \(seed)")
    }

    @Test func `a cut entry and one that goes on are refused`() {
        var random = SplitMix64(seed: 11)
        var bytes: [UInt8] = []
        Self.entry(&random).encode(into: &bytes)
        for cut in 0..<bytes.count {
            #expect(throws: IndexDecodingError.self) { try IndexEntry(decoding: Array(bytes[..<cut])) }
        }
        #expect(throws: IndexDecodingError.trailingBytes) { try IndexEntry(decoding: bytes + [0]) }
    }

    @Test func `a flipped bit gives an error or another entry, and traps nothing`() {
        var random = SplitMix64(seed: 12)
        var bytes: [UInt8] = []
        Self.entry(&random).encode(into: &bytes)
        for bit in 0..<(8 * bytes.count) {
            var flipped = bytes
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            do throws(IndexDecodingError) {
                #expect(try IndexEntry(decoding: flipped) != IndexEntry(decoding: bytes), "bit \(bit)")
            } catch {
                // Refused: as good.
            }
        }
    }

    @Test func `a tail of more frames than are listed says so, and a snapshot ends it`() {
        var entry = IndexEntry()
        for index in 0...IndexEntry.tailFrameCountMax {
            entry.note(
                RecordBatch.Entry(
                    execution: 5, sequence: UInt32(index) + 1, kind: 0x30, length: 1, time: 0),
                in: FrameLocation(file: .append(1), offset: 8_192 + 64 * index))
        }
        #expect(entry.tailIsLong && entry.tail.isEmpty && entry.tailEventCount == IndexEntry.tailFrameCountMax + 1)
        #expect(entry.shares == [IndexEntry.Share(file: .append(1), byteCount: 9 * entry.tailEventCount)])
        entry.take(
            IndexEntry.Snapshot(
                location: FrameLocation(file: .rewrite(1), offset: 8_192), sequence: entry.sequence, recordCount: 2,
                byteCount: 10))
        #expect(!entry.tailIsLong && entry.tailEventCount == 0)
    }

    /// Design §5: when the tail passes max(64 events, 16 KiB, the size of the snapshot).
    @Test(arguments: [
        (events: 63, bytes: 10, snapshot: 0, wants: false), (events: 64, bytes: 10, snapshot: 0, wants: true),
        (events: 1, bytes: 16 << 10, snapshot: 0, wants: true),
        (events: 64, bytes: 10, snapshot: 100_000, wants: false),
        (events: 10, bytes: 99_000, snapshot: 100_000, wants: false),
        (events: 10, bytes: 100_000, snapshot: 100_000, wants: true),
    ])
    func `a snapshot is wanted when the tail is as long as what it saves`(
        events: Int, bytes: Int, snapshot: Int, wants: Bool
    ) {
        var entry = IndexEntry()
        if snapshot > 0 {
            entry.take(
                IndexEntry.Snapshot(
                    location: FrameLocation(file: .rewrite(1), offset: 8_192), sequence: 1, recordCount: 2,
                    byteCount: snapshot))
        }
        entry.tailEventCount = events
        entry.tailByteCount = bytes
        #expect(entry.wantsSnapshot == wants)
    }
}
