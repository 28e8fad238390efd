import Testing

@testable import LogStorage

/// Appenders that write and sync in place of the writer's thread.
@Suite(.timeLimit(.minutes(10))) struct WriterReliefTests {
    private struct NoTime: LogClock {
        func now() -> Int64 { 0 }
    }

    private let disk = SimulatedDisk()

    private func open(_ recovered: (LogRecord) -> Void = { _ in }) throws -> SegmentedLog {
        try SegmentedLog.open(
            at: "log", options: LogOptions(), fileSystem: disk, clock: NoTime(), seed: 1, waitForLock: false,
            startThreads: true, recovered: recovered)
    }

    @discardableResult
    private func enqueue(_ log: SegmentedLog, _ bodyByteCount: Int = 10, forced: Bool = true) async throws -> LSN {
        var batch = RecordBatch()
        let body = [UInt8](repeating: 7, count: bodyByteCount)
        batch.append(execution: 1, sequence: UInt32(log.nextLSN.rawValue), kind: 1, time: 1, body: body)
        let room = log.room(forRecords: 1, bodyBytes: bodyByteCount)
        try await log.reserve(byteCount: room, .completion)
        return log.enqueue(batch, forced: forced, reservation: room).upperBound
    }

    /// Appends until the writer's thread sleeps and its syncs have been found quick, and takes over from it.
    private func takeOver(_ log: SegmentedLog) async throws {
        repeat {
            try await log.durable(before: try await enqueue(log))
            for _ in 0..<100 where !log.isIdle { await Task.yield() }
        } while !log.takeOverWriter()
    }

    @Test func `what was enqueued is durable when the appender is back, and its completions have run`() async throws {
        let log = try open()
        try await takeOver(log)
        let end = try await enqueue(log)
        let flag = Flag()
        log.whenDurable(before: end) { error in if error == nil { flag.set() } }
        #expect(log.durableLSN < end && !flag.isSet)
        log.relieveWriter()
        #expect(log.durableLSN == end && flag.isSet)
        try log.close()
    }

    @Test func `one at a time takes over`() async throws {
        let log = try open()
        try await takeOver(log)
        #expect(!log.takeOverWriter())
        log.relieveWriter()
        try log.close()
    }

    @Test func `what others enqueue meanwhile is written with it, or by the thread after it`() async throws {
        let log = try open()
        try await takeOver(log)
        try await enqueue(log)
        let before = try await enqueue(log)
        log.relieveWriter()
        #expect(log.durableLSN == before)
        // Enqueued while somebody is at it, and more than a group that he writes.
        try await takeOver(log)
        try await enqueue(log)
        let after = try await enqueue(log, WriterRelief.costMax + 1)
        log.relieveWriter()
        try await log.durable(before: after)
        try log.close()
    }

    @Test func `a large append is the thread's`() async throws {
        let log = try open()
        try await takeOver(log)
        let end = try await enqueue(log, WriterRelief.costMax + 1)
        log.relieveWriter()
        try await log.durable(before: end)
        try log.close()
    }

    @Test func `the thread sleeps on, and wakes for the next who needs it`() async throws {
        let log = try open()
        for _ in 0..<100 {
            try await takeOver(log)
            try await enqueue(log)
            log.relieveWriter()
        }
        // Nobody takes over: the thread has to.
        try await log.durable(before: try await enqueue(log))
        try log.close()
    }

    @Test func `a close in between writes what was enqueued`() async throws {
        let log = try open()
        try await takeOver(log)
        let end = try await enqueue(log)
        try log.close()
        log.relieveWriter()
        #expect(log.durableLSN == end)
        #expect(!log.takeOverWriter())
    }

    @Test func `a sync that fails ends the log, and the appender hears of it`() async throws {
        let log = try open()
        try await takeOver(log)
        let end = try await enqueue(log)
        disk.fail(nth: 1, of: .sync, code: 5)
        log.relieveWriter()
        await #expect(throws: LogError.self) { try await log.durable(before: end) }
        #expect(log.failure != nil)
        #expect(throws: LogError.self) { try log.close() }
    }
}
