import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization
import Testing

@testable import EngineRuntime

/// An opening begins at the newest engine snapshot that can be used, and finds the same log whichever that is.
@Suite struct EngineRecoveryTests {
    private static let options: RuntimeOptions = {
        var options = Rig.options
        options.maintenance.idleTime = Milliseconds(0)
        options.maintenance.timerHorizon = Milliseconds(0)
        return options
    }()

    private static let function = FunctionRegistration(name: "wait") { invocation in
        guard invocation.row("1") == nil else { return .pending }
        _ = try? await invocation.session().checkpoint([OperationUpdate(.callback("1"), .start)])
        return .pending
    }

    /// A log with three engine snapshots, of which two are kept, and events behind the newest.
    private func makeLog(_ rig: Rig) async throws -> (executions: [ExecutionID], SimulatedDisk) {
        let runtime = try await rig.open([Self.function], options: Self.options)
        var executions: [ExecutionID] = []
        for round in 0..<4 {
            for index in 0..<5 {
                let id = try await runtime.start(
                    function: "wait", name: "n\(round)-\(index)", input: [UInt8(round)]
                ).id
                try await runtime.suspended(id.number)
                executions.append(id)
            }
            if round == 1 { _ = try await runtime.stop(executions[0]) }
            if round == 2 { try await runtime.delete(executions[0]) }
            if round < 3 { try runtime.rest() }
        }
        let disk = rig.disk.afterProcessKill()
        try await runtime.close(grace: .zero)
        return (Array(executions.dropFirst()), disk)
    }

    private func expectWhole(_ executions: [ExecutionID], _ disk: SimulatedDisk, note: String?) async throws {
        let rig = Rig(disk: disk)
        let runtime = try await rig.open([Self.function], options: Self.options)
        #expect(runtime.openingNotes.count == (note == nil ? 0 : 1), "\(runtime.openingNotes)")
        if let note { #expect(runtime.openingNotes.first?.contains(note) ?? false, "\(runtime.openingNotes)") }
        #expect(try await runtime.list().map(\.id) == executions)
        for (index, id) in executions.enumerated() {
            #expect(try await runtime.kinds(id.number).first == .executionStarted, "\(index)")
            let name = "n\((index + 1) / 5)-\((index + 1) % 5)"
            #expect(try await runtime.summary(function: "wait", name: name)?.id == id)
        }
        #expect(try await runtime.summary(function: "wait", name: "n0-0") == nil, "what was deleted is back")
        // It is at work: what waits can be answered, and what is asked is recorded.
        _ = try await runtime.stop(executions[3])
        try runtime.rest()
        #expect(try await runtime.summary(executions[3].number).status == .stopped)
        try await runtime.close(grace: .zero)
    }

    private func names(_ disk: SimulatedDisk, _ kind: LogFileKind) throws -> [String] {
        try disk.list("log").filter { kind.number(of: $0) != nil }
    }

    private func damage(_ name: String, _ disk: SimulatedDisk) throws {
        let file = try disk.open("log/" + name, .readWrite)
        let byte = try file.read(at: 20, count: 1)
        try file.write([byte[0] ^ 1], at: 20)
        try file.sync()
    }

    @Test func `an opening begins at the newest manifest`() async throws {
        let (executions, disk) = try await makeLog(Rig())
        #expect(try names(disk, .manifest).count == 2)
        try await expectWhole(executions, disk, note: nil)
    }

    @Test func `where the newest manifest is damaged the one before it stands`() async throws {
        let (executions, disk) = try await makeLog(Rig())
        let newest = try #require(try names(disk, .manifest).last)
        try damage(newest, disk)
        try await expectWhole(executions, disk, note: newest)
    }

    @Test func `where both manifests are gone everything is read`() async throws {
        let (executions, disk) = try await makeLog(Rig())
        for name in try names(disk, .manifest) { try disk.remove("log/" + name) }
        try await expectWhole(executions, disk, note: nil)
    }

    @Test(arguments: [true, false])
    func `where a table cannot be read the index is made anew`(isGone: Bool) async throws {
        let (executions, disk) = try await makeLog(Rig())
        for name in try names(disk, .table) {
            if isGone {
                try disk.remove("log/" + name)
            } else {
                let file = try disk.open("log/" + name, .readWrite)
                try file.truncate(to: try file.size() - 1)
                try file.sync()
            }
        }
        try await expectWhole(executions, disk, note: "made anew")
    }

    @Test func `where a table is found damaged later, the next opening makes the index anew`() async throws {
        let (executions, disk) = try await makeLog(Rig())
        let runtime = try await Rig(disk: disk).open([Self.function], options: Self.options)
        for name in try names(disk, .table) { try damage(name, disk) }
        await #expect(throws: RuntimeError.self) { try await runtime.list() }
        try await runtime.close(grace: .zero)
        try await expectWhole(executions, disk, note: "reads the whole log")
    }

    @Test func `where an opening finds a table damaged it makes the index anew itself`() async throws {
        let rig = Rig()
        var (executions, disk) = try await makeLog(rig)
        // One that is to be looked at, so that openings read the table.
        let runtime = try await Rig(disk: disk).open([Self.function], options: Self.options)
        let running = try await runtime.start(function: "wait", name: "n4-0", input: nil).id
        try runtime.rest()
        try await runtime.suspended(running.number)
        executions.append(running)
        disk = disk.afterProcessKill()
        try await runtime.close(grace: .zero)
        for name in try names(disk, .table) { try damage(name, disk) }
        try await expectWhole(executions, disk, note: "made anew")
    }

    /// Pitfall 13 of the collection in the storage documentation: an opening that dies each time tries another way.
    @Test(
        arguments: [(1, nil), (2, "starts from manifest"), (3, "starts from manifest"), (4, "reads the whole log")]
            as [(Int, String?)])
    func `openings that died choose another way, and the next one is as always`(count: Int, note: String?) async throws
    {
        let (executions, disk) = try await makeLog(Rig())
        let attempts = RecoveryAttempts(directory: "log", fileSystem: disk)
        for _ in 0..<count { _ = try attempts.begin() }
        try await expectWhole(executions, disk, note: note)
        #expect(try !disk.list("log").contains(SegmentNames.recovery))
        let runtime = try await Rig(disk: disk).open([Self.function], options: Self.options)
        #expect(runtime.openingNotes.isEmpty)
        try await runtime.close(grace: .zero)
    }

    @Test func `a refused opening is no failed one`() async throws {
        let (_, disk) = try await makeLog(Rig())
        let segment = try #require(try names(disk, .segment).first)
        let content = try #require(disk.contents(of: "log/" + segment))
        try disk.remove("log/" + segment)
        for _ in 0..<3 {
            await #expect(throws: RuntimeError.self) {
                try await Rig(disk: disk).open([Self.function], options: Self.options)
            }
        }
        #expect(try !disk.list("log").contains(SegmentNames.recovery))
        #expect(!content.isEmpty)
    }
}
