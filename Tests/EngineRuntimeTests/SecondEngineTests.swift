import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization
import Testing

@testable import EngineRuntime

/// Two engines never go on with the same execution.
@Suite struct SecondEngineTests {
    @Test func `an engine is refused the log that another one has, and has it all when that one is gone`() async throws
    {
        let rig = Rig()
        let function = FunctionRegistration(name: "wait") { invocation in
            rig.calls.note("invoked")
            guard invocation.row("1") == nil else { return .pending }
            _ = try? await invocation.session().checkpoint([OperationUpdate(.callback("1"), .start)])
            return .pending
        }
        let first = try await rig.open([function])
        let id = try await first.start(function: "wait", name: "a", input: nil).id
        try await first.suspended(id.number)
        let refused = await #expect(throws: RuntimeError.self) { try await rig.open([function]) }
        guard case .log(.inUse) = refused else {
            Issue.record("\(String(describing: refused))")
            return
        }
        #expect(rig.calls.count("invoked") == 1, "the second one has invoked it")
        let callback = try #require(
            first.core.withLock { core in core.engine.update(id.number) { $0.callbackID(OperationOrdinal(0)) } })
        try await first.close(grace: .zero)
        let second = try await rig.open([function])
        // What the first one still holds in its hands is good for nothing.
        await #expect(throws: RuntimeError.self) { try await first.complete(callback, .succeed([1])) }
        #expect(try await second.kinds(id.number).contains(.callbackStarted))
        try await second.complete(callback, .succeed([2]))
        await second.quiet()
        let results = try await second.history(id.number).compactMap { event -> Payload? in
            if case .callbackSucceeded(_, let result) = event.event { result } else { nil }
        }
        #expect(results == [.inline([2])])
        try await second.close(grace: .zero)
    }
}
