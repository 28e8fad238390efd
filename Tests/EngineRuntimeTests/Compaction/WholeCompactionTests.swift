import ExecutionEngine
import ExecutionModel
import LogStorage
import Testing

@testable import EngineRuntime

/// A compaction that somebody asks for, and what the files of a compacted log say without an engine.
@Suite(.timeLimit(.minutes(10))) struct WholeCompactionTests {
    private let rig = CompactingRig()

    private func filled(_ runtime: EngineRuntime) async throws {
        var random = SplitMix64(seed: 6)
        for index in 0..<20 {
            let id = try await rig.waiting(runtime, "n\(index)", byteCount: 2_000, &random)
            if index % 3 == 0 { try await rig.end(runtime, id) }
            if index % 6 == 0 { try await runtime.delete(id) }
        }
        try rig.snapshot(runtime)
    }

    /// What the files say of each execution is what the engine says of it.
    private func checkFiles(_ expected: Seen) throws {
        let recorded = try RecordedExecutions.read(from: "log", fileSystem: rig.disk)
        #expect(try recorded.numbers() == expected.executions.keys.sorted())
        for (number, execution) in expected.executions {
            #expect(try recorded.history(of: number) == execution.history)
            let state = try recorded.execution(number)
            #expect(state?.status == execution.status && state?.start.input == execution.input)
        }
    }

    @Test func `everything sealed is rewritten, and reads as before with an engine and without one`() async throws {
        let runtime = try await rig.open()
        try await filled(runtime)
        let expected = try await Seen(runtime)
        try checkFiles(expected)
        let before = try rig.names(".segment")
        let progress = try await runtime.compact(everything: true) { _ in true }
        #expect(progress.droppedCount >= before.count - 1)
        #expect(progress.doneByteCount == progress.byteCount)
        // The newest, and one that was begun since.
        #expect(try rig.names(".segment").count <= 2)
        #expect(try await Seen(runtime).difference(from: expected) == nil)
        #expect(try runtime.accountingViolation() == nil)
        try checkFiles(expected)
        let log = try LogInspector(
            directory: "log", fileSystem: rig.disk, retained: #require(runtime.files.newest).listedSegments)
        #expect(try log.verify().isIntact)
        try await runtime.close(grace: .zero)
        let reopened = try await rig.open()
        #expect(try await Seen(reopened).difference(from: expected) == nil)
        try await reopened.close(grace: .zero)
    }

    @Test func `one that is ended early has changed nothing that can be seen`() async throws {
        let runtime = try await rig.open()
        try await filled(runtime)
        let expected = try await Seen(runtime)
        let progress = try await runtime.compact(everything: true) { _ in false }
        #expect(progress.doneByteCount < progress.byteCount)
        #expect(try await Seen(runtime).difference(from: expected) == nil)
        #expect(try runtime.accountingViolation() == nil)
        try checkFiles(expected)
        try await runtime.close(grace: .zero)
    }
}
