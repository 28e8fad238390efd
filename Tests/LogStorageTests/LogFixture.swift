@testable import LogStorage
import Synchronization

/// A clock that tests move.
final class ManualClock: LogClock {
    private let time: Mutex<Int64>

    init(_ time: Int64 = 1_700_000_000_000) {
        self.time = Mutex(time)
    }

    func now() -> Int64 { time.withLock { $0 } }

    func advance(_ milliseconds: Int64) {
        time.withLock { $0 += milliseconds }
    }
}

/// A log whose records say what they should be: each is made from its own LSN.
struct LogFixture {
    static let directory = "/log"

    var files: any LogFileSystem
    var clock = ManualClock()
    var options: LogOptions

    /// - Parameter segment: Bytes of a segment, header of 8 KiB included.
    init(_ files: any LogFileSystem, segment: Int = 256 << 10) {
        self.files = files
        options = LogOptions()
        options.segmentSizes = [segment]
    }

    /// The record that every append gives this LSN.
    static func record(_ lsn: LSN) -> LogRecord {
        lsn.rawValue < records.count ? records[Int(lsn.rawValue)] : make(lsn)
    }

    /// Made once: the tests compare each of them many thousand times.
    private static let records = (0..<2_048).map { make(LSN($0)) }

    private static func make(_ lsn: LSN) -> LogRecord {
        let number = lsn.rawValue
        var length = Int(number * 7 % 120)
        if number % 61 == 0 { length = 3_000 }
        // Half of it compresses.
        let body = (0..<length).map { index in
            UInt8(truncatingIfNeeded: index < length / 2 ? number : number &* 0x9E37_79B9 >> UInt64(index % 24))
        }
        return LogRecord(
            lsn: lsn, execution: number / 3 + 1, sequence: UInt32(number % 3 + 1), kind: UInt8(number % 5),
            time: 1_700_000_000_000 + Int64(number), body: body)
    }

    static func batch(from lsn: LSN, count: Int) -> RecordBatch {
        var batch = RecordBatch()
        for index in 0..<count {
            let record = record(lsn.advanced(by: index))
            batch.append(
                execution: record.execution, sequence: record.sequence, kind: record.kind, time: record.time,
                body: record.body)
        }
        return batch
    }

    func open(
        seed: UInt64 = 1, startThreads: Bool = false, recovered: (LogRecord) -> Void = { _ in }
    ) throws(LogError) -> SegmentedLog {
        try SegmentedLog.open(
            at: Self.directory, options: options, fileSystem: files, clock: clock, seed: seed, waitForLock: false,
            startThreads: startThreads, recovered: recovered)
    }

    /// What opening the log finds: the records, each checked against what was appended, and the LSN after them.
    ///
    /// - Parameter count: Called for each record that is not what it should be.
    func recover(seed: UInt64 = 1, wrong: (LogRecord) -> Void = { _ in }) throws(LogError) -> LSN {
        var next = LSN.first
        let log = try open(seed: seed) { record in
            if record != Self.record(next) { wrong(record) }
            next = next.advanced(by: 1)
        }
        try log.close()
        return next
    }
}

extension SegmentedLog {
    /// Appends the next `count` records of the fixture, as one group.
    @discardableResult
    func append(_ count: Int, forced: Bool = true) throws(LogError) -> Range<LSN> {
        let batch = LogFixture.batch(from: nextLSN, count: count)
        let room = room(forRecords: count, bodyBytes: batch.bodies.count)
        // A test that steps by itself has nobody else to wait for.
        while try !tryReserve(byteCount: room, .completion) {
            let clock = state.clock as! ManualClock
            if !writer.step(now: clock.now()) && !preparer.step() { clock.advance(10) }
        }
        return enqueue(batch, forced: forced, reservation: room)
    }
}
