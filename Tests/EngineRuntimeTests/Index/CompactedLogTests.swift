import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization
import Testing

@testable import EngineRuntime

/// A log whose dropped executions are compacted away holds what a dictionary of its histories does: before and after an
/// opening, a loss of power, and a loss of all tables.
@Suite(.timeLimit(.minutes(10))) struct CompactedLogTests {
    private static let options: RuntimeOptions = {
        var options = Rig.options
        options.log.segmentSizes = [16 << 10]
        options.maintenance.idleTime = Milliseconds(0)
        var policy = CompactionPolicy()
        policy.liveShareMin = 0.6
        policy.smallCountMax = 3
        options.maintenance.compaction = policy
        return options
    }()

    /// Of each wait: short enough for no snapshot of its own, so that the index lists the frames.
    private static let pause = Milliseconds(600_000)

    /// Each waits three times, for some minutes or for a callback, and then for ever.
    private static let functions = ["pause", "callback"].map { name in
        FunctionRegistration(name: name) { invocation in
            let rows = (1...4).map { invocation.row("\($0)") }
            guard rows.allSatisfy({ $0 == nil || $0?.status == .succeeded }) else { return .pending }
            let next = rows.firstIndex { $0 == nil } ?? 3
            let update =
                name == "pause" && next < 3
                ? OperationUpdate(.wait("\(next + 1)"), .start, options: .wait(duration: pause))
                : OperationUpdate(.callback("\(next + 1)"), .start)
            _ = try? await invocation.session().checkpoint([update])
            return .pending
        }
    }

    /// An engine's log, and what it must hold.
    private struct Run {
        var rig: Rig
        var runtime: EngineRuntime
        var kept: [ExecutionID: [RecordedEvent]] = [:]
        var random: SplitMix64
        var startCount = 0

        init(seed: UInt64, _ disk: SimulatedDisk = SimulatedDisk()) async throws {
            rig = Rig(disk: disk)
            runtime = try await rig.open(functions, options: options)
            random = SplitMix64(seed: seed)
        }

        private func isQuiet(_ number: ExecutionNumber) async throws {
            try await runtime.suspended(number)
            await runtime.quiet()
        }

        mutating func start(_ count: Int) async throws {
            for _ in 0..<count {
                startCount += 1
                // No compression makes them small.
                let input = (0..<500).map { _ in UInt8.random(in: 0...255, using: &random) }
                let id = try await runtime.start(
                    function: startCount % 2 == 0 ? "pause" : "callback", name: "\(startCount)", input: input
                ).id
                try await isQuiet(id.number)
                kept[id] = try await runtime.history(id.number)
            }
        }

        mutating func drop(_ ids: some Sequence<ExecutionID>) async throws {
            for id in ids {
                _ = try await runtime.stop(id)
                try await runtime.delete(id)
                kept[id] = nil
            }
        }

        /// The executions that are kept, in the order of their start.
        var ids: [ExecutionID] { kept.keys.sorted { $0.number < $1.number } }

        /// Starts some executions, lets some that there are go on, and drops some.
        mutating func act() async throws {
            try await start(8)
            for id in ids {
                switch Int.random(in: 0..<8, using: &random) {
                case 0..<3: try await drop([id])
                case 3..<6: try await answer(id)
                default: break
                }
            }
            if Bool.random(using: &random) {
                rig.clock.advance(by: pause.rawValue)
                try await runtime.passTime()
                for id in kept.keys { try await isQuiet(id.number) }
            }
            for id in kept.keys { kept[id] = try await runtime.history(id.number) }
        }

        private func answer(_ id: ExecutionID) async throws {
            try await runtime.about(id.number) { () async throws(RuntimeError) in
                let callbacks = runtime.core.withLock { core in
                    core.engine.update(id.number) { state in (0..<3).map { state.callbackID(OperationOrdinal($0)) } }
                }
                for callback in callbacks ?? [] {
                    // The fourth is never answered. One that has been, that is a wait, or that is none yet is refused.
                    do throws(RuntimeError) { try await runtime.complete(callback, .succeed([9])) } catch { continue }
                    return
                }
            }
            try await isQuiet(id.number)
        }

        /// Compacts all that there is to compact.
        func compact() throws {
            for _ in 0..<4 { try runtime.rest() }
        }

        /// Opens the log as it is on a disk.
        mutating func reopen(_ disk: SimulatedDisk) async throws {
            let clock = rig.clock.now()
            try await runtime.close(grace: .zero)
            rig = Rig(disk: disk)
            rig.clock.advance(by: clock.since(rig.clock.now()).rawValue)
            runtime = try await rig.open(functions, options: options)
        }

        func check(_ comment: Comment) async throws {
            #expect(runtime.known == kept.keys.map(\.number).sorted(), comment)
            for (id, history) in kept {
                #expect(try await runtime.history(id.number) == history, comment)
                #expect(try runtime.reader.execution(id.number)?.state.id == id, comment)
            }
            #expect(runtime.core.withLock { $0.maintenanceFailure } == nil, comment)
        }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `what is kept reads the same, whatever is dropped, compacted and opened again`(seed: UInt64) async throws {
        var run = try await Run(seed: seed)
        for round in 0..<8 {
            try await run.act()
            try run.compact()
            try await run.check("seed \(seed), round \(round)")
            switch round % 4 {
            case 1:
                try await run.reopen(run.rig.disk)
                try await run.check("seed \(seed), round \(round), opened again")
            case 3:
                let disk = run.rig.disk.crashed(seed: seed)
                disk.loseTables()
                try await run.reopen(disk)
                try await run.check("seed \(seed), round \(round), without its tables")
            default: break
            }
        }
        let manifest = try #require(run.runtime.files.newest)
        #expect(!manifest.rewriteSegments.isEmpty, "nothing was compacted")
        #expect(manifest.appendSegments[0].number > 1, "no segment was dropped")
        try await run.runtime.close(grace: .zero)
    }

    @Test(arguments: [1, 2] as [UInt64])
    func `whenever power is lost in a compaction, what is kept is there and what was dropped stays dropped`(
        seed: UInt64
    ) async throws {
        let disk = SimulatedDisk(seed: seed, recordsCrashPoints: true)
        var run = try await Run(seed: seed, disk)
        for _ in 0..<2 { try await run.act() }
        try run.compact()
        try await run.act()
        let start = disk.operationCount()
        try run.compact()
        let points = disk.crashPoints.filter { $0.operationCount > start }
        try await run.runtime.close(grace: .zero)
        for (index, point) in points.enumerated() {
            let comment: Comment = "seed \(seed), call \(point.operationCount) (\(point.operation))"
            let crashed = point.disk(seed: UInt64(index))
            if index % 2 == 1 { crashed.loseTables() }
            try await run.reopen(crashed)
            try await run.check(comment)
            try run.compact()
            try await run.check(comment)
        }
        try await run.runtime.close(grace: .zero)
    }

    @Test(arguments: [false, true])
    func `numbers go on when everything was dropped and compacted, and the log is opened again`(keepsTables: Bool)
        async throws
    {
        var run = try await Run(seed: 1)
        for _ in 0..<2 { try await run.act() }
        try await run.drop(run.ids)
        for _ in 0..<3 {
            try run.compact()
            let next = run.runtime.log.nextLSN
            let disk = run.rig.disk.crashed(seed: 1)
            if !keepsTables { disk.loseTables() }
            try await run.reopen(disk)
            try await run.check("without executions")
            #expect(run.runtime.log.nextLSN == next)
        }
        let last = run.runtime.log.nextLSN
        try await run.act()
        #expect(run.kept.keys.allSatisfy { $0.number.rawValue >= last.rawValue })
        try await run.runtime.close(grace: .zero)
    }

    /// The file with the record that it is gone is compacted, the one with its events has enough else.
    @Test func `what was dropped stays dropped while any file has events of it, also without the index`() async throws {
        var run = try await Run(seed: 1)
        // The first segment is full of what is kept, but for one execution; the second of what is not.
        while run.runtime.log.newestSegment == 1 { try await run.start(1) }
        try await run.drop([run.ids[0]])
        let count = run.kept.count
        while run.runtime.log.newestSegment == 2 { try await run.start(1) }
        try await run.drop(run.ids.dropFirst(count))
        try await run.start(2)
        try run.compact()
        let manifest = try #require(run.runtime.files.newest)
        let segments = manifest.appendSegments.map(\.number)
        #expect(segments.contains(1), "its events are gone")
        #expect(!segments.contains(2), "the record is where it was")
        let disk = run.rig.disk.crashed(seed: 1)
        disk.loseTables()
        try await run.reopen(disk)
        try await run.check("without its tables")
        try await run.runtime.close(grace: .zero)
    }

    /// The index is a cache: made anew from the segments, it says what it said before.
    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `an index that is lost is made again, and says the same of every execution and file`(seed: UInt64)
        async throws
    {
        var run = try await Run(seed: seed)
        for _ in 0..<4 {
            try await run.act()
            try run.compact()
        }
        let before = try run.runtime.indexed(run.kept.keys.map(\.number))
        let disk = run.rig.disk.afterProcessKill()
        disk.loseTables()
        try await run.reopen(disk)
        let after = try run.runtime.indexed(run.kept.keys.map(\.number))
        #expect(after.places == before.places, "seed \(seed)")
        #expect(after.bytes == before.bytes, "seed \(seed)")
        try await run.runtime.close(grace: .zero)
    }
}

extension SimulatedDisk {
    /// Loses all tables of the index, as an operator might who takes them for a cache.
    fileprivate func loseTables() {
        for name in (try? list("log")) ?? [] where name.hasSuffix(".table") { lose("log/" + name) }
    }
}

extension EngineRuntime {
    /// What the index says of where executions are, and of how much of each file is needed.
    fileprivate func indexed(
        _ numbers: [ExecutionNumber]
    ) throws -> (places: [ExecutionNumber: Set<String>], bytes: [String: FileBytes]) {
        var places: [ExecutionNumber: Set<String>] = [:]
        for number in numbers {
            guard let entry = try index.entry(number) else { continue }
            let shares = entry.shares.map { "\($0.file): \($0.byteCount)" }
            places[number] = Set(
                shares + ["\(entry.sequence)", "\(entry.snapshot?.sequence ?? 0)"]
                    + (entry.snapshot.map { ["\($0.location)"] } ?? []))
        }
        let bytes = index.content.withLock { content in
            Dictionary(uniqueKeysWithValues: content.bytes.map { ("\($0.key)", $0.value) })
        }
        return (places, bytes.filter { $0.value.total > 0 })
    }
}
