import ExecutionEngine
import ExecutionModel
import LogStorage
import Testing

@testable import EngineRuntime

/// A handler is asked to end, and ends as it sees fit. SPEC.md, "Execution".
@Suite(.timeLimit(.minutes(10))) struct CancellingTests {
    private let rig = Rig()

    /// Waits a minute, and ends early with the reason when it is asked to.
    private var listening: FunctionRegistration {
        FunctionRegistration(name: "work") { [calls = rig.calls] invocation in
            calls.note("invoked")
            guard case .execution(_, let request) = invocation.operations.first?.details else { return nil }
            if let request { return .succeeded(result: Array((request.reason ?? "-").utf8)) }
            if invocation.row("1") == nil {
                let wait = OperationUpdate(.wait("1"), .start, options: .wait(duration: Milliseconds(60_000)))
                guard (try? await invocation.session().checkpoint([wait])) != nil else { return nil }
            }
            return .pending
        }
    }

    @Test func `a suspended execution is invoked to hear of it`() async throws {
        let runtime = try await rig.open([listening])
        let id = try await runtime.start(function: "work", input: nil).id
        try await runtime.suspended(id.number)
        try await runtime.cancel(id, reason: "sold out")
        let end = try await runtime.end(of: id.number)
        #expect(end.result == .inline(Array("sold out".utf8)))
        #expect(end.cancelRequest?.reason == "sold out")
        #expect(rig.calls.count("invoked") == 2)
        // Nothing is left to ask.
        try await runtime.cancel(id, reason: "again")
        #expect(try await runtime.kinds(id.number).filter { $0 == .executionCancelRequested }.count == 1)
        try await runtime.close(grace: .zero)
    }

    @Test func `one that does not listen goes on`() async throws {
        let runtime = try await rig.open([.patient("work", rig.calls)])
        let id = try await runtime.start(function: "work", input: [7]).id
        await rig.calls.wait("work invoked")
        try await runtime.cancel(id)
        #expect(try await runtime.summary(id.number).status == .running)
        #expect(rig.calls.count("work cancelled") == 0)
        rig.calls.note("work go")
        #expect(try await runtime.end(of: id.number).result == .inline([7]))
        try await runtime.close(grace: .zero)
    }

    @Test func `a wish that was acknowledged is heard after a crash`() async throws {
        let runtime = try await rig.open([listening])
        let id = try await runtime.start(function: "work", input: nil).id
        try await runtime.suspended(id.number)
        try await runtime.pause(id, PauseRequest())
        try await runtime.cancel(id, reason: "sold out")
        let after = Rig(disk: rig.disk.crashed(seed: 8))
        let reopened = try await after.open([listening])
        #expect(try await reopened.summary(id.number).cancelRequest?.reason == "sold out")
        try await reopened.resume(id)
        #expect(try await reopened.end(of: id.number).result == .inline(Array("sold out".utf8)))
        try await reopened.close(grace: .zero)
        try await runtime.close(grace: .zero)
    }
}
