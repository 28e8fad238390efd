import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization
import Testing

@testable import EngineRuntime

/// What happens between two things that a test would rather have one after the other.
@Suite(.timeLimit(.minutes(1))) struct InvocationRaceTests {
    private let rig = Rig()

    @Test func `a cancellation handler that blocks does not hold up the log`() async throws {
        let calls = rig.calls
        let release = WakeSignal()
        let function = FunctionRegistration(name: "stubborn") { invocation in
            guard invocation.name == "a" else { return .succeeded(result: nil) }
            calls.note("invoked")
            await withTaskCancellationHandler {
                await calls.wait("cancelled")
            } onCancel: {
                calls.note("cancelling")
                release.wait(milliseconds: nil)
                calls.note("cancelled")
            }
            return nil
        }
        let runtime = try await rig.open([function])
        let started = try await runtime.start(function: "stubborn", name: "a", input: nil)
        await calls.wait("invoked")
        _ = try await runtime.stop(started.id)
        await calls.wait("cancelling")
        let other = try await runtime.start(function: "stubborn", name: "b", input: nil)
        #expect(try await runtime.end(of: other.id.number).status == .succeeded)
        release.post()
        try await runtime.close(grace: .seconds(60))
    }
}
