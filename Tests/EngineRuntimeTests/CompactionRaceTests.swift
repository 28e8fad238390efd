import ExecutionEngine
import ExecutionModel
import LogStorage
import Testing

@testable import EngineRuntime

/// What is deleted while a compaction is under way stays deleted, also for an index that is made anew from the files.
@Suite struct CompactionRaceTests {
    private static let options: RuntimeOptions = {
        var options = Rig.options
        options.maintenance.idleTime = Milliseconds(0)
        options.maintenance.timerHorizon = Milliseconds(0)
        options.maintenance.compaction = nil
        return options
    }()

    private static let function = FunctionRegistration(name: "wait") { invocation in
        guard invocation.row("1") == nil else { return .pending }
        _ = try? await invocation.session().checkpoint([OperationUpdate(.callback("1"), .start)])
        return .pending
    }

    private func open(_ disk: SimulatedDisk) async throws -> EngineRuntime {
        try await Rig(disk: disk).open([Self.function], options: Self.options)
    }

    /// Opens the log again, so that the segment before is sealed, and has a manifest say so.
    private func reopen(_ runtime: EngineRuntime, _ disk: SimulatedDisk, starting name: String) async throws
        -> EngineRuntime
    {
        try await runtime.close(grace: .zero)
        let next = try await open(disk)
        let id = try await next.start(function: "wait", name: name, input: nil).id
        try await next.suspended(id.number)
        try next.rest()
        return next
    }

    private func compact(_ file: LogFileID, _ runtime: EngineRuntime) throws {
        var compaction = try Compaction([file], runtime)
        while try !compaction.step(runtime, byteLimit: 1 << 20) {}
        try compaction.finish(runtime)
    }

    /// Opens a log whose tables are lost.
    private func rebuilt(_ runtime: EngineRuntime, _ disk: SimulatedDisk) async throws -> EngineRuntime {
        try await runtime.close(grace: .zero)
        for name in try disk.list("log") where LogFileKind.table.number(of: name) != nil {
            try disk.remove("log/" + name)
        }
        let next = try await open(disk)
        #expect(next.openingNotes.contains { $0.contains("made anew") }, "\(next.openingNotes)")
        return next
    }

    @Test func `an execution that is deleted while it is copied does not come back`() async throws {
        let disk = SimulatedDisk()
        var runtime = try await open(disk)
        let id = try await runtime.start(function: "wait", name: "a", input: [1, 2, 3]).id
        try await runtime.suspended(id.number)
        _ = try await runtime.stop(id)
        runtime = try await reopen(runtime, disk, starting: "b")

        var compaction = try Compaction([.append(1)], runtime)
        while try !compaction.step(runtime, byteLimit: 1 << 20) {}
        try await runtime.delete(id)
        while try runtime.stepMaintenance() {}
        try compaction.finish(runtime)
        let entry = try #require(try runtime.index.recorded(id.number))
        #expect(entry.standing == .dropped && entry.tail.last?.file == .append(2), "its record is not there")
        #expect(entry.shares.contains { $0.file.sort == .rewrite }, "the copy is not known to be dead")

        runtime = try await reopen(runtime, disk, starting: "c")
        try compact(.append(2), runtime)
        runtime = try await rebuilt(runtime, disk)
        #expect(try await runtime.list().map(\.name) == ["b", "c"])
        try await runtime.close(grace: .zero)
    }

    @Test func `a snapshot that outlasts the record of a deletion brings nothing back`() async throws {
        let disk = SimulatedDisk()
        var runtime = try await open(disk)
        let id = try await runtime.start(function: "wait", name: "a", input: [1, 2, 3]).id
        try await runtime.suspended(id.number)
        try runtime.rest()
        #expect(try runtime.index.recorded(id.number)?.snapshot != nil)
        runtime = try await reopen(runtime, disk, starting: "b")
        _ = try await runtime.stop(id)
        try await runtime.delete(id)
        runtime = try await reopen(runtime, disk, starting: "c")
        try compact(.append(1), runtime)
        try compact(.append(2), runtime)
        runtime = try await rebuilt(runtime, disk)
        #expect(try await runtime.list().map(\.name) == ["b", "c"])
        try await runtime.close(grace: .zero)
    }
}
