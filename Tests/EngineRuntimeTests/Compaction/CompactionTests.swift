import ExecutionEngine
import ExecutionModel
import Glibc
import LogStorage
import Synchronization
import Testing

@testable import EngineRuntime

/// What a compaction meets while it is at work, and what it leaves to the next opening.
@Suite(.timeLimit(.minutes(10))) struct CompactionTests {
    private let rig = CompactingRig()

    private func seen(_ runtime: EngineRuntime) async throws -> Seen { try await Seen(runtime) }

    /// Some executions that wait, some of them in several segments, with everything in the index.
    private func filled(_ runtime: EngineRuntime, count: Int = 24) async throws -> [ExecutionID] {
        var random = SplitMix64(seed: 5)
        var ids: [ExecutionID] = []
        for index in 0..<count {
            ids.append(try await rig.waiting(runtime, "n\(index)", byteCount: 2_000, &random))
        }
        try rig.snapshot(runtime)
        return ids
    }

    private func sealed(_ runtime: EngineRuntime) throws -> [LogFileID] {
        let manifest = try #require(runtime.files.newest)
        return manifest.appendSegments.map(\.number).filter { $0 < manifest.positionSegment }.map(LogFileID.append)
    }

    /// Compacts files, and calls `meanwhile` when all is copied and nothing has happened yet.
    private func compact(
        _ victims: [LogFileID], _ runtime: EngineRuntime,
        meanwhile: () async throws -> Void = {}
    ) async throws {
        var compaction = try Compaction(victims, runtime)
        while try !compaction.step(runtime, byteLimit: 1) {}
        try await meanwhile()
        try compaction.finish(runtime)
        #expect(try runtime.accountingViolation() == nil)
    }

    /// Fires timers until so many histories are trimmed: while the log has no room for it, they wait.
    private func trimmed(_ runtime: EngineRuntime, count: Int) async throws {
        while try await seen(runtime).executions.values.count(where: { $0.trimTime != nil }) < count {
            try Task.checkCancellation()
            try await runtime.passTime()
        }
    }

    /// Opens what a loss of power leaves, without the tables, and gives what is seen then.
    private func withoutTables(_ runtime: EngineRuntime) async throws -> Seen {
        let after = CompactingRig(disk: rig.disk.crashed(seed: 1))
        after.rig.clock.advance(by: rig.rig.clock.now().since(after.rig.clock.now()).rawValue)
        try after.loseTables()
        let reopened = try await after.open()
        #expect(try reopened.accountingViolation() == nil)
        let seen = try await Seen(reopened)
        try await reopened.close(grace: .zero)
        return seen
    }

    @Test func `an execution that is deleted while it is copied stays gone`() async throws {
        let runtime = try await rig.open()
        let ids = try await filled(runtime)
        for id in ids { try await rig.end(runtime, id) }
        try rig.snapshot(runtime)
        try await compact(sealed(runtime), runtime) {
            for id in ids.dropLast() { try await runtime.delete(id) }
            try rig.snapshot(runtime)
        }
        #expect(runtime.known == [ids[ids.count - 1].number])
        let expected = try await seen(runtime)
        #expect(try await withoutTables(runtime).difference(from: expected) == nil)
        try rig.settle(runtime)
        #expect(try await withoutTables(runtime).difference(from: expected) == nil)
        try await runtime.close(grace: .zero)
    }

    @Test func `an execution that goes on while it is copied has all of its events`() async throws {
        let runtime = try await rig.open()
        let ids = try await filled(runtime)
        try await compact(sealed(runtime), runtime) {
            for id in ids.prefix(5) { try await rig.end(runtime, id) }
            rig.rig.clock.advance(by: 6_000)
            try await trimmed(runtime, count: 5)
            try rig.snapshot(runtime)
        }
        let expected = try await seen(runtime)
        #expect(expected.executions.values.count { $0.trimTime != nil } == 5)
        try rig.settle(runtime)
        #expect(try await seen(runtime).difference(from: expected) == nil)
        #expect(try await withoutTables(runtime).difference(from: expected) == nil)
        try await runtime.close(grace: .zero)
    }

    @Test(arguments: [false, true])
    func `files are compacted in any order, and an execution in several of them keeps its own`(
        isReversed: Bool
    ) async throws {
        let runtime = try await rig.open()
        var random = SplitMix64(seed: 3)
        let id = try await rig.waiting(runtime, "only", byteCount: 9_000, &random)
        for round in 0..<4 {
            try await runtime.hold(id, as: "h\(round)", reason: String(repeating: "x", count: 900))
            _ = try await rig.waiting(runtime, "other-\(round)", byteCount: 9_000, &random)
        }
        try await rig.end(runtime, id, [UInt8](repeating: 1, count: 8_000))
        _ = try await rig.waiting(runtime, "last", byteCount: 9_000, &random)
        try rig.snapshot(runtime)
        let expected = try await seen(runtime)
        let victims = try sealed(runtime)
        #expect(victims.count > 2)
        try await compact(isReversed ? victims.reversed() : victims, runtime)
        #expect(try await seen(runtime).difference(from: expected) == nil)
        #expect(try await withoutTables(runtime).difference(from: expected) == nil)
        try await runtime.close(grace: .zero)
    }

    /// Pitfall: what comes next is computed from what was not archived.
    @Test func `a log whose sealed segments are all gone goes on where it was, with or without its tables`()
        async throws
    {
        let runtime = try await rig.open()
        let ids = try await filled(runtime)
        let next = runtime.log.nextLSN
        let expected = try await seen(runtime)
        try await compact(sealed(runtime), runtime)
        try rig.snapshot(runtime)
        try runtime.replaceTables(by: runtime.index.content.withLock { $0.runs })
        #expect(try rig.names(".segment").count <= 2, "the sealed segments are gone")
        #expect(try await withoutTables(runtime).difference(from: expected) == nil)
        try await runtime.close(grace: .zero)
        let reopened = try await rig.open()
        #expect(reopened.log.nextLSN >= next)
        #expect(try await seen(reopened).difference(from: expected) == nil)
        var random = SplitMix64(seed: 9)
        let id = try await rig.waiting(reopened, "new", byteCount: 10, &random)
        #expect(id.number.rawValue >= next.rawValue)
        try await rig.end(reopened, ids[0])
        let history = try await reopened.history(ids[0].number)
        #expect(history.map(\.sequence) == Array(1...UInt32(history.count)))
        try await reopened.close(grace: .zero)
    }

    @Test(arguments: [1, 2])
    func `an index is made anew of a log with segments missing in the middle`(first: Int) async throws {
        let runtime = try await rig.open()
        _ = try await filled(runtime)
        let expected = try await seen(runtime)
        let victims = try sealed(runtime)
        try #require(victims.count > 2)
        try await compact(Array(victims[first...first]), runtime)
        try runtime.replaceTables(by: runtime.index.content.withLock { $0.runs })
        #expect(try !rig.names(".segment").contains(victims[first].name))
        #expect(try await withoutTables(runtime).difference(from: expected) == nil)
        try await runtime.close(grace: .zero)
    }

    @Test func `a snapshot of an execution that has only begun is not taken for its beginning`() async throws {
        var options = CompactingRig.options
        options.log.segmentSizes = [64 << 10]
        options.concurrencyLimit = 1
        let calls = rig.rig.calls
        let runtime = try await rig.open(
            options: options, functions: [.patient("busy", calls), CompactingRig.function])
        _ = try await runtime.start(function: "busy", input: nil)
        await calls.wait("busy invoked")
        // Large enough for a snapshot, and it stays where it begins.
        let input = [UInt8](repeating: 3, count: 17_000)
        let id = try await runtime.start(function: "order", name: "begun", input: input).id
        try await runtime.durable(before: runtime.log.nextLSN)
        try rig.snapshot(runtime)
        let entry = try #require(try runtime.index.entry(id.number))
        #expect(entry.snapshot?.sequence == 1, "the snapshot that this is about")
        let after = CompactingRig(disk: rig.disk.crashed(seed: 1))
        try after.loseTables()
        let reopened = try await after.open(options: options, functions: [])
        #expect(try await reopened.history(id.number).map(\.sequence) == [1])
        #expect(try await reopened.summary(function: "order", name: "begun")?.input == .inline(input))
        try await reopened.close(grace: .zero)
        calls.note("busy go")
        try await runtime.close(grace: .zero)
    }

    @Test func `what cannot be read is not dropped, and the next try goes on from the start`() async throws {
        var options = CompactingRig.options
        options.maintenance.frameCacheByteCount = 0
        let runtime = try await rig.open(options: options)
        let ids = try await filled(runtime)
        for id in ids.prefix(4) { try await rig.end(runtime, id) }
        for id in ids.prefix(4) { try await runtime.delete(id) }
        try rig.snapshot(runtime)
        let expected = try await seen(runtime)
        for nth in 1...40 {
            rig.disk.fail(nth: nth, of: .read, code: EIO)
            do { while try runtime.stepMaintenance() {} } catch {
                // The failure.
            }
            rig.disk.stopFailing()
            #expect(try await seen(runtime).difference(from: expected) == nil, "read \(nth)")
            #expect(try runtime.accountingViolation() == nil, "read \(nth)")
        }
        try rig.settle(runtime)
        #expect(try await seen(runtime).difference(from: expected) == nil)
        #expect(try await withoutTables(runtime).difference(from: expected) == nil)
        try await runtime.close(grace: .zero)
    }

    @Test func `a footer that leaves out an execution costs it nothing`() async throws {
        let runtime = try await rig.open()
        let ids = try await filled(runtime)
        let expected = try await seen(runtime)
        let victim = try #require(try sealed(runtime).first)
        let end = try #require(runtime.files.newest?.appendSegments.first?.endOffset)
        var postings = SegmentPostings()
        _ = try SegmentFooter.scan(victim, end: end, directory: "log", fileSystem: rig.disk) { frame in
            var frame = frame
            frame.entries.removeAll { $0.execution == ids[0].number.rawValue }
            postings.add(frame)
        }
        try SegmentFooter.write(postings, to: victim, directory: "log", fileSystem: rig.disk)
        await #expect(throws: RuntimeError.self) { try await compact([victim], runtime) }
        let whole = try SegmentFooter.scan(victim, end: end, directory: "log", fileSystem: rig.disk)
        try SegmentFooter.write(whole, to: victim, directory: "log", fileSystem: rig.disk)
        #expect(try await seen(runtime).difference(from: expected) == nil)
        #expect(try runtime.accountingViolation() == nil)
        try await runtime.close(grace: .zero)
    }

    @Test func `who reads by an old place finds the new one`() async throws {
        let runtime = try await rig.open()
        let ids = try await filled(runtime)
        let history = try await runtime.history(ids[0].number)
        var attempts = 0
        var old: [FrameLocation] = []
        let read = try runtime.reader.retrying(ids[0].number) { entry throws(StateReader.ReadError) in
            attempts += 1
            let places = try runtime.reader.locations(of: ids[0].number, entry)
            if attempts == 1 {
                old = places
                do throws(RuntimeError) {
                    let victims = Array(Set(old.map(\.file)))
                    var compaction = try Compaction(victims, runtime)
                    while try !compaction.step(runtime, byteLimit: 1 << 20) {}
                    try compaction.finish(runtime)
                    try runtime.replaceTables(by: runtime.index.content.withLock { $0.runs })
                } catch {
                    throw .other(error)
                }
            }
            return try runtime.reader.events(of: ids[0].number, in: places, after: 0)
        }
        #expect(read == history && attempts == 2)
        try #require(!old.isEmpty)
        #expect(throws: FrameStoreError.gone(old[0].file)) { try runtime.reader.frames.frame(at: old[0]) }
        try await runtime.close(grace: .zero)
    }

    @Test func `of a trimmed history only what outlives it stays on the disk`() async throws {
        let runtime = try await rig.open()
        let ids = try await filled(runtime)
        for id in ids { try await rig.end(runtime, id) }
        try await runtime.hold(ids[0], as: "case")
        rig.rig.clock.advance(by: 6_000)
        try await trimmed(runtime, count: ids.count - 1)
        try await runtime.release(ids[0], from: "case")
        try await trimmed(runtime, count: ids.count)
        let expected = try await seen(runtime)
        #expect(expected.executions.values.allSatisfy { $0.trimTime != nil && $0.status == .succeeded })
        let held = try #require(expected.executions[ids[0].number])
        #expect(
            held.history.map(\.event.eventKind).dropFirst() == [
                .executionSucceeded, .retentionHeld, .retentionReleased, .historyTrimmed,
            ])
        let before = runtime.index.content.withLock { $0.bytes.values.reduce(0) { $0 + $1.total } }
        try rig.settle(runtime)
        try rig.snapshot(runtime)
        let after = runtime.index.content.withLock { $0.bytes.values.reduce(0) { $0 + $1.total } }
        // The results of the steps are gone; the inputs are the executions' own, and once more in their snapshots.
        #expect(after < before, "\(after) of \(before)")
        let entry = try #require(try runtime.index.entry(ids[1].number))
        #expect(entry.isTrimmed)
        #expect(try await seen(runtime).difference(from: expected) == nil)
        #expect(try await withoutTables(runtime).difference(from: expected) == nil)
        try await runtime.close(grace: .zero)
        let reopened = try await rig.open()
        #expect(try await seen(reopened).difference(from: expected) == nil)
        try await reopened.close(grace: .zero)
    }

    @Test func `a trim that is taken in twice trims no more`() throws {
        var entry = IndexEntry()
        let place = FrameLocation(file: .append(1), offset: 8_192)
        func event(_ sequence: UInt32, _ kind: EventKind) -> RecordBatch.Entry {
            RecordBatch.Entry(execution: 5, sequence: sequence, kind: kind.rawValue, length: 10, time: 0)
        }
        for (sequence, kind) in [
            (1, EventKind.executionStarted), (2, .stepSucceeded), (3, .executionSucceeded), (4, .historyTrimmed),
        ] { entry.note(event(UInt32(sequence), kind), in: place) }
        #expect(entry.awaitsTrim && !entry.isTrimmed)
        entry.take(
            IndexEntry.Snapshot(
                location: FrameLocation(file: .rewrite(1), offset: 8_192), sequence: 4, recordCount: 2, byteCount: 10))
        #expect(entry.isTrimmed)
        entry.note(event(5, .retentionHeld), in: place)
        entry.note(event(4, .historyTrimmed), in: place)
        #expect(entry.trimSequence == 4 && entry.isTrimmed && entry.sequence == 5)
    }

    @Test func `the policy takes what is dead first, then what is sparse and old, then what is many and small`() {
        var policy = CompactionPolicy()
        policy.smallCountMax = 2
        func candidate(_ number: UInt64, _ live: Int, of total: Int) -> CompactionPolicy.Candidate {
            CompactionPolicy.Candidate(file: .rewrite(number), bytes: FileBytes(total: total, live: live))
        }
        let large = 10 << 20
        #expect(policy.victims(among: [candidate(1, large, of: large)]).isEmpty)
        #expect(
            policy.victims(among: [candidate(1, 1, of: large), candidate(2, 0, of: large)]) == [.rewrite(2)])
        #expect(
            policy.victims(among: [candidate(1, 1, of: large), candidate(2, 2, of: large)])
                == [.rewrite(1), .rewrite(2)])
        let small = (1...3).map { candidate($0, 100, of: 100) }
        #expect(policy.victims(among: small) == [.rewrite(1), .rewrite(2), .rewrite(3)])
        #expect(policy.victims(among: Array(small.dropLast())).isEmpty)
        policy.copiedByteCountMax = 150
        #expect(policy.victims(among: small).isEmpty, "one by itself would be as small again, for ever")
    }
}
