import ExecutionModel
import Foundation
import Testing

@testable import ExecutionEngine

@Suite struct SnapshotTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let fixture = root.appending(path: "Fixtures/events/2/snapshots.txt")
    static let vectorNumbers = 1...8

    static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    static func read(_ records: [SnapshotRecord], _ number: UInt64 = 1) throws(SnapshotError) -> ExecutionState {
        try ExecutionState(snapshot: records, number: ExecutionNumber(number), delayMax: SnapshotVectors.delayMax)
    }

    /// A line a record: the vector's number, kind, body, and at its first record what the vector shows.
    /// `INDELIBLE_WRITE_FIXTURES=1` writes the file anew, as is right for a new vector and never for a changed one.
    @Test func `every vector has the bytes of its fixture, and SPEC.md shows them`() throws {
        let vectors = try SnapshotVectors.all()
        #expect(vectors.count == Self.vectorNumbers.count)
        var lines: [String] = []
        for (index, vector) in vectors.enumerated() {
            for (place, record) in vector.state.snapshotRecords().enumerated() {
                let name = place == 0 ? vector.name : ""
                lines.append(
                    "\(index + 1)\t\(Self.hexadecimal([record.kind]))\t\(Self.hexadecimal(record.body))\t\(name)\n")
            }
        }
        if ProcessInfo.processInfo.environment["INDELIBLE_WRITE_FIXTURES"] == "1" {
            try Data(lines.joined().utf8).write(to: Self.fixture)
        }
        let recorded = try String(decoding: Data(contentsOf: Self.fixture), as: UTF8.self)
        #expect(recorded.split(separator: "\n").map { $0 + "\n" } == lines)
        let specification = try String(
            decoding: Data(contentsOf: Self.root.appending(path: "SPEC.md")), as: UTF8.self)
        for line in recorded.split(separator: "\n") {
            let fields = line.split(separator: "\t")
            #expect(specification.contains("| \(fields[0]) | `\(fields[1])` | `\(fields[2])` |"), "vector \(fields[0])")
        }
    }

    @Test(arguments: vectorNumbers)
    func `a snapshot reads as the state that it was made of`(vector: Int) throws {
        let state = try SnapshotVectors.all()[vector - 1].state
        let read = try Self.read(state.snapshotRecords())
        #expect(read.isRecordEqual(to: state))
        #expect(read.snapshotRecords() == state.snapshotRecords())
        read.checkInvariants()
    }

    /// Written out by hand, so that a fault that writer and reader share is found.
    @Test func `a snapshot has the bytes that the specification gives`() throws {
        let records = try SnapshotVectors.all()[0].state.snapshotRecords()
        #expect(records.map(\.kind) == [0xC0, 0xC1])
        // Secret, "pay", "$LATEST", "order-1", no timeout and no input, kept for ever however it ends, nothing of
        // the extension, 1,000,000 ms.
        let start: [UInt8] =
            [0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF]
            + [3] + Array("pay".utf8) + [7] + Array("$LATEST".utf8) + [7] + Array("order-1".utf8)
            + [0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x89, 0x7A]
        #expect(records[0].body == start)
        // Running, after 1 event, no time later; EventId 1, no operation or invocation, never invoked, no failures; 1 metered
        // operation and no byte, no extension, no flags.
        #expect(records[1].body == [0, 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0])
    }

    /// Each cut at each of its records, and the last one twice.
    @Test(arguments: vectorNumbers)
    func `a snapshot that lacks a record, or has one twice, is refused`(vector: Int) throws {
        let records = try SnapshotVectors.all()[vector - 1].state.snapshotRecords()
        for count in 0..<records.count {
            #expect(throws: SnapshotError.self, "cut to \(count)") { try Self.read(Array(records.prefix(count))) }
            var missing = records
            missing.remove(at: count)
            #expect(throws: SnapshotError.self, "without \(count)") { try Self.read(missing) }
            #expect(throws: SnapshotError.self, "\(count) twice") { try Self.read(records + [records[count]]) }
        }
    }

    @Test(arguments: vectorNumbers)
    func `a record cut at any byte is truncated, and a byte too many is refused`(vector: Int) throws {
        let records = try SnapshotVectors.all()[vector - 1].state.snapshotRecords()
        for (index, record) in records.enumerated() {
            for length in 0..<record.body.count {
                var cut = records
                cut[index].body = Array(record.body.prefix(length))
                let error = #expect(throws: SnapshotError.self) { try Self.read(cut) }
                guard case .record(index, .truncated) = error else {
                    Issue.record("record \(index) cut at \(length): \(String(describing: error))")
                    continue
                }
            }
            var longer = records
            longer[index].body.append(0)
            #expect(
                throws: SnapshotError.record(index: index, .trailingBytes(offset: record.body.count, count: 1))
            ) { try Self.read(longer) }
        }
    }

    /// One encoding for every state: whatever reads at all is written in the bytes it came from.
    @Test(arguments: vectorNumbers)
    func `a flipped bit is refused or gives a sound state`(vector: Int) throws {
        let records = try SnapshotVectors.all()[vector - 1].state.snapshotRecords()
        for index in records.indices {
            for bit in 0..<8 * (records[index].body.count + 1) {
                var flipped = records
                if bit < 8 {
                    flipped[index].kind ^= 1 << UInt8(bit)
                } else {
                    flipped[index].body[bit / 8 - 1] ^= 1 << UInt8(bit % 8)
                }
                Self.expectRefusedOrSound(flipped, "vector \(vector), record \(index), bit \(bit)")
            }
        }
    }

    /// Several bytes of small values, which reach further than one bit does.
    @Test(arguments: 1...40)
    func `random damage is refused or gives a sound state`(seed: Int) throws {
        var random = SplitMix64(state: UInt64(seed))
        let vectors = try SnapshotVectors.all().map { $0.state.snapshotRecords() }
        for attempt in 0..<1_000 {
            var records = vectors[attempt % vectors.count]
            for _ in 0...Int.random(in: 0...3, using: &random) {
                let index = Int.random(in: 0..<records.count, using: &random)
                let place = Int.random(in: 0..<records[index].body.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: records[index].body[place] = .random(in: 0...255, using: &random)
                case 1: records[index].body.insert(.random(in: 0...12, using: &random), at: place)
                case 2 where records[index].body.count > 1: records[index].body.remove(at: place)
                default: records[index].body[place] = .random(in: 0...12, using: &random)
                }
            }
            Self.expectRefusedOrSound(records, "seed \(seed), attempt \(attempt)")
        }
    }

    /// What reads is written in the same bytes, holds its invariants, and goes on without a trap.
    static func expectRefusedOrSound(_ records: [SnapshotRecord], _ comment: Comment) {
        var state: ExecutionState
        do {
            state = try read(records)
        } catch {
            #expect(!error.description.isEmpty)
            return
        }
        #expect(state.snapshotRecords() == records, comment)
        #expect(state.snapshotByteCountEstimate > 0)
        guard state.phase != .over || state.status.isTerminal else { return }
        state.checkInvariants()
        let now = state.lastTime
        _ = state.deliverAll()
        _ = state.readiness(at: now)
        for decision in [
            state.decideTimers(at: now),
            state.decideInvocationEnd(
                invocation: state.invocationCount, .crashed(ErrorObject(message: "no")), limits: .embedded, at: now),
        ] {
            var next = state
            for event in decision.events {
                do {
                    let record = RecordedEvent(
                        lsn: 1, execution: next.number, sequence: next.sequence &+ 1, time: now, event: event)
                    try next.recover(record)
                } catch {
                    // Only the last sequence there is can make a decided event impossible.
                    #expect(next.sequence == .max || error == .executionDropped, comment)
                }
            }
            if next.sequence < .max { next.checkInvariants() }
        }
    }
}
