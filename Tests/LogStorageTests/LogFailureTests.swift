import Synchronization
import Testing

@testable import LogStorage

/// A disk that fails: nothing is acknowledged after it, the log says why, and opening it again recovers.
@Suite struct LogFailureTests {
    private static let inputOutput: Int32 = 5

    @Test(arguments: [DiskOperation.Class.write, .sync, .any])
    func `the k-th failing call, for every k, loses nothing that was acknowledged`(operations: DiskOperation.Class)
        throws
    {
        for persists in [false, true] {
            var nth = 1
            while true {
                let disk = SimulatedDisk(seed: UInt64(nth))
                let script = LogScript(disk)
                disk.fail(nth: nth, of: operations, code: Self.inputOutput, persists: persists)
                let failed = fails { try script.run(seed: 3) }
                disk.stopFailing()
                let comment: Comment = "call \(nth) of \(operations), persisting: \(persists)"
                // In the same boot: the cache still shows what a failed sync did not write.
                #expect(disk.complaint(of: script) == nil, comment)
                let rebooted = disk.crashed(seed: 7)
                #expect(rebooted.complaint(of: script) == nil, comment)
                let struck = disk.operations.contains { $0.failed }
                #expect(!failed || struck, comment)
                if !struck { break }
                nth += 1
            }
            #expect(nth > 20, "the run is long enough")
        }
    }

    private func fails(_ body: () throws -> Void) -> Bool {
        do {
            try body()
            return false
        } catch {
            return true
        }
    }

    @Test func `after a failed sync everybody is told that the outcome is unknown`() throws {
        let disk = SimulatedDisk()
        let fixture = LogFixture(disk)
        let log = try fixture.open()
        let first = try log.append(2).upperBound
        log.writer.step(now: 0)
        let lost = try log.append(2).upperBound
        let errors = Errors()
        log.whenDurable(before: lost) { errors.add($0) }
        disk.fail(nth: 1, of: .sync, code: Self.inputOutput)
        log.writer.step(now: 0)
        let cause = FileSystemError(.syncData, "/log/00000001.segment", code: Self.inputOutput)
        #expect(errors.items == [.outcomeUnknown(cause)])
        #expect(log.failure == .outcomeUnknown(cause))
        #expect(log.durableLSN == first)
        #expect(throws: LogError.outcomeUnknown(cause)) { try log.tryReserve(byteCount: 100, .completion) }
        log.whenDurable(before: lost) { errors.add($0) }
        log.whenDurable(before: first) { errors.add($0) }
        #expect(errors.items == [.outcomeUnknown(cause), .outcomeUnknown(cause), nil])
        #expect(!log.writer.step(now: 100), "nothing is retried")
        #expect(throws: LogError.outcomeUnknown(cause)) { try log.close() }
        let end = try fixture.recover()
        #expect(end == first || end == lost, "the directory is unlocked, and the log can be opened in the same process")
    }

    @Test func `a device that does not read is refused, and is not the end of the log`() throws {
        let disk = SimulatedDisk()
        let script = LogScript(disk)
        try script.run(seed: 1)
        var nth = 1
        while true {
            let copy = disk.crashed(seed: 1)
            copy.fail(nth: nth, of: .read, code: Self.inputOutput)
            var fixture = script.fixture
            fixture.files = copy
            do throws(LogError) {
                _ = try fixture.recover()
                let struck = copy.operations.contains { $0.failed }
                // Giving back a dead tail opens the segment once more, and may fail.
                if !struck { break }
            } catch {
                guard case .storage = error else {
                    Issue.record("read \(nth): \(error)")
                    return
                }
            }
            copy.stopFailing()
            #expect(copy.complaint(of: script) == nil, "read \(nth)")
            nth += 1
        }
        #expect(nth > 5)
    }

    @Test func `a second opener is refused`() throws {
        let fixture = LogFixture(MemoryFiles())
        let log = try fixture.open()
        #expect(throws: LogError.inUse(directory: LogFixture.directory)) { try fixture.open() }
        try log.close()
        try fixture.open().close()
    }

    @Test func `a lock is not taken over, however long its holder has done nothing`() throws {
        let disk = SimulatedDisk()
        let fixture = LogFixture(disk)
        let log = try fixture.open()
        let count = disk.operationCount(.write)
        for _ in 0..<3 {
            fixture.clock.advance(10 * 365 * 86_400_000)
            #expect(throws: LogError.inUse(directory: LogFixture.directory)) { try fixture.open() }
        }
        let changes = disk.operations.filter { DiskOperation.Class.write.contains($0.operation) }.dropFirst(count)
        #expect(changes.allSatisfy { $0.operation == .lock }, "a refused opener changes nothing")
        try log.append(1)
        try log.close()
        #expect(try fixture.recover() == LSN(2))
    }
}

private final class Errors: Sendable {
    private let list = Mutex<[LogError?]>([])
    var items: [LogError?] { list.withLock { $0 } }
    func add(_ error: LogError?) { list.withLock { $0.append(error) } }
}
