import ExecutionEngine
import ExecutionModel
import LogStorage
import Testing

@testable import EngineRuntime

@Suite(.timeLimit(.minutes(10))) struct RuntimeTimerTests {
    private let rig = Rig()

    @Test func `a back-off that is over asks for nothing while its execution waits for a slot`() async throws {
        let function = FunctionRegistration(name: "busy", concurrencyLimit: 1) { [calls = rig.calls] invocation in
            if invocation.start.name == "a", invocation.number == 1 { return .crashed(ErrorObject(message: "once")) }
            calls.note("\(invocation.start.name) works")
            await calls.wait("go")
            return .succeeded(result: nil)
        }
        let runtime = try await rig.open([function])
        let first = try await runtime.start(function: "busy", name: "a", input: nil).id.number
        while true {
            if case .suspended = try await runtime.summary(first).standing { break }
            await Task.yield()
        }
        let second = try await runtime.start(function: "busy", name: "b", input: nil).id.number
        await rig.calls.wait("b works")
        rig.clock.advance(by: 1_000)
        #expect(runtime.stepTimers() == nil)
        #expect(try await runtime.summary(first).standing == .queued)
        rig.calls.note("go")
        #expect(try await runtime.end(of: second).status == .succeeded)
        #expect(try await runtime.end(of: first).status == .succeeded)
        try await runtime.close(grace: .zero)
    }

    @Test func `an interrupted execution asks for nothing while its function is not registered`() async throws {
        let runtime = try await rig.open([
            FunctionRegistration(name: "pay") { [calls = rig.calls] _ in
                calls.note("invoked")
                await calls.wait("go")
                return nil
            }
        ])
        let number = try await runtime.start(function: "pay", input: nil, timeout: Milliseconds(90_000)).id.number
        await rig.calls.wait("invoked")
        let after = Rig(disk: rig.disk.crashed(seed: 1))
        let reopened = try await after.open()
        let timeout = after.clock.now().adding(Milliseconds(90_000))
        #expect(reopened.stepTimers() == timeout, "the execution's own timeout still counts")
        #expect(try await reopened.summary(number).standing == .functionNotRegistered)
        after.advance(reopened, by: 90_000)
        #expect(try await reopened.summary(number).status == .timedOut)
        try await reopened.close(grace: .zero)
        rig.calls.note("go")
        try await runtime.close(grace: .seconds(5))
    }

    @Test func `thousands of waits that are due at once are completed in appends of a bounded size`() async throws {
        let count = 8_000
        let function = FunctionRegistration(name: "fan") { invocation in
            if invocation.operations.count > 1 {
                let isOpen = invocation.operations.dropFirst().contains { $0.status != .succeeded }
                return isOpen ? .pending : .succeeded(result: nil)
            }
            let session = invocation.session()
            for first in stride(from: 0, to: count, by: 100) {
                let updates = (first..<first + 100).map {
                    OperationUpdate(.wait("\($0)"), .start, options: .wait(duration: Milliseconds(1_000)))
                }
                do { try await session.checkpoint(updates) } catch { Issue.record(error) }
            }
            return .pending
        }
        let runtime = try await rig.open([function])
        let number = try await runtime.start(function: "fan", input: nil).id.number
        while true {
            if case .suspended = try await runtime.summary(number).standing { break }
            await Task.yield()
        }
        rig.clock.advance(by: 1_000)
        while try await runtime.summary(number).status == .running {
            runtime.stepTimers()
            await Task.yield()
        }
        let events = try await runtime.history(number).map(\.event.eventKind)
        #expect(events.count { $0 == .waitSucceeded } == count)
        try await runtime.close(grace: .zero)
    }
}
