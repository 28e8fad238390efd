import ExecutionEngine
import ExecutionModel
import LogStorage
import Testing

@testable import EngineRuntime

@Suite struct OpeningTests {
    private let rig = Rig()

    /// Appends records that no engine wrote.
    private func append(_ records: [(sequence: UInt32, kind: UInt8, body: [UInt8])]) throws {
        let log = try SegmentedLog.open(
            at: "log", options: Rig.options.log, fileSystem: rig.disk, clock: LogTime(clock: rig.clock), seed: 1,
            waitForLock: false, recovered: { _ in })
        var batch = RecordBatch()
        for (sequence, kind, body) in records {
            batch.append(execution: 1, sequence: sequence, kind: kind, time: 0, body: body)
        }
        let room = log.room(forRecords: records.count, bodyBytes: batch.bodies.count)
        guard try log.tryReserve(byteCount: room, .new) else {
            Issue.record("a new log has no room")
            return
        }
        log.enqueue(batch, forced: true, reservation: room)
        try log.close()
    }

    private func files() throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for name in try rig.disk.list("log") { files[name] = rig.disk.contents(of: "log/" + name) }
        return files
    }

    @Test(
        arguments: [
            [(1, 0xBF, [])],  // A kind of a later version.
            [(1, 0x01, [0])],  // A body that is cut.
            [(1, 0x33, [1])],  // An event of an execution that never started.
        ] as [[(UInt32, UInt8, [UInt8])]])
    func `a log whose records make no sense here is refused and left as it is`(
        records: [(UInt32, UInt8, [UInt8])]
    ) async throws {
        try append(records)
        let before = try files()
        let error = await #expect(throws: RuntimeError.self) { try await rig.open() }
        switch error {
        case .unreadableEvent(lsn: 1, _), .impossibleRecord(lsn: 1, _): break
        default: Issue.record("\(String(describing: error))")
        }
        #expect(try files() == before)
    }

    @Test(arguments: [.executionDeleted, .retentionTrimmed] as [Event])
    func `a log that goes on with an execution which was dropped is refused`(drop: Event) async throws {
        let start = ExecutionStart(secret: RandomBits(high: 1, low: 2), function: "pay", name: "a", input: nil)
        let events: [Event] = [
            .executionStarted(start), .executionStopped(error: ErrorObject()), drop,
            .invocationStarted(requestID: RandomBits(high: 3, low: 4)),
        ]
        let records = events.enumerated().map { index, event in
            var body: [UInt8] = []
            event.encodeBody(into: &body)
            return (sequence: UInt32(index + 1), kind: event.kind, body: body)
        }
        try append(Array(records.dropLast()))
        let runtime = try await rig.open()
        #expect(runtime.known.isEmpty)
        try await runtime.close(grace: .zero)

        let other = OpeningTests()
        try other.append(records)
        let error = await #expect(throws: RuntimeError.self) { try await other.rig.open() }
        guard case .impossibleRecord(lsn: 3, .executionDropped) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func `nothing runs of an execution whose time was up before the log was opened`() async throws {
        let hour = Milliseconds(3_600_000)
        func function(_ calls: Calls) -> FunctionRegistration {
            FunctionRegistration(name: "pay", executionTimeout: hour) { _ in
                calls.note("invoked")
                await calls.wait("go")
                return .succeeded(result: nil)
            }
        }
        let runtime = try await rig.open([function(rig.calls)])
        let number = try await runtime.start(function: "pay", input: nil).id.number
        await rig.calls.wait("invoked")
        let after = Rig(disk: rig.disk.crashed(seed: 1))
        after.clock.advance(by: 5 * hour.rawValue)
        let reopened = try await after.open([function(after.calls)])
        after.advance(reopened, by: 0)
        #expect(try await reopened.end(of: number).status == .timedOut)
        #expect(after.calls.count("invoked") == 0)
        #expect(try await reopened.kinds(number).count { $0 == .invocationStarted } == 1)
        try await reopened.close(grace: .zero)
        rig.calls.note("go")
        try await runtime.close(grace: .zero)
    }
}
