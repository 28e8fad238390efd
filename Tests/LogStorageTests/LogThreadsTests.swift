import Foundation
import Testing

@testable import LogStorage

/// The log as production runs it: its own threads, real files, many tasks.
@Suite struct LogThreadsTests {
    private struct WallClock: LogClock {
        func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }
    }

    private static func open(
        _ path: String, _ options: LogOptions, _ recovered: (LogRecord) -> Void = { _ in }
    ) throws(LogError) -> SegmentedLog {
        try SegmentedLog.open(
            at: path, options: options, fileSystem: PosixFileSystem(), clock: WallClock(),
            seed: .random(in: 0 ... .max),
            waitForLock: false, recovered: recovered)
    }

    @Test(arguments: [LogDurability.durable, .relaxed])
    func `many tasks append, read and wait at once, over rollovers`(durability: LogDurability) async throws {
        let path = NSTemporaryDirectory() + "log-threads-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: path) }
        var options = LogOptions()
        options.durability = durability
        options.segmentSizes = [64 << 10, 128 << 10]
        options.batchByteLimit = 16 << 10
        let log = try Self.open(path, options)
        let tasks = 40
        let appends = 50
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 1...tasks {
                group.addTask {
                    for append in 1...appends {
                        var batch = RecordBatch()
                        for part in 1...2 {
                            batch.append(
                                execution: UInt64(task), sequence: UInt32(2 * append + part), kind: 1, time: 1,
                                body: [UInt8](repeating: UInt8(task), count: task * part))
                        }
                        let room = log.room(forRecords: 2, bodyBytes: batch.bodies.count)
                        try await log.reserve(byteCount: room, append % 2 == 0 ? .new : .completion)
                        let isWriter = append % 5 > 2 && log.takeOverWriter()
                        let lsns = log.enqueue(batch, forced: append % 5 > 0, reservation: room)
                        if isWriter { log.relieveWriter() }
                        try await log.durable(before: lsns.upperBound)
                        if append % 10 == 0 {
                            let record = try log.record(at: lsns.lowerBound)
                            #expect(record.execution == UInt64(task) && record.body.count == task)
                        }
                    }
                }
            }
            group.addTask {
                // Beside the writers, without a lock.
                for _ in 0..<5 {
                    let report = try LogInspector(directory: path, fileSystem: PosixFileSystem()).verify()
                    #expect(report.isIntact, "\(report.problems)")
                }
            }
            try await group.waitForAll()
        }
        #expect(throws: LogError.inUse(directory: path)) { try Self.open(path, options) }
        try log.close()
        var records = 0
        var last: [UInt64: UInt32] = [:]
        try Self.open(path, options) { record in
            records += 1
            #expect(record.sequence == (last[record.execution] ?? 2) + 1, "each task's records keep their order")
            last[record.execution] = record.sequence
        }.close()
        #expect(records == tasks * appends * 2)
    }

    @Test func `a path that is a file is refused`() throws {
        let path = NSTemporaryDirectory() + "log-file-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(FileManager.default.createFile(atPath: path, contents: Data([1])))
        #expect(throws: LogError.notALog(path: path, found: "a file")) { try Self.open(path, LogOptions()) }
    }
}
