import ExecutionEngine
import ExecutionModel
import LogStorage
import Testing

@testable import EngineRuntime

/// Executions that others have started, from their start to the moment at which those know of their end.
@Suite(.timeLimit(.minutes(10))) struct ChainingTests {
    private let rig = Rig()

    private func expectStarted(_ runtime: EngineRuntime, _ parent: ExecutionNumber) async throws -> ExecutionID {
        let child = try await runtime.child(of: parent)
        let invoked = try #require(
            try await runtime.history(parent).first { $0.event.eventKind == .chainedInvokeStarted })
        #expect(try await runtime.history(child.number).first?.lsn == child.number.rawValue)
        #expect(invoked.lsn == child.number.rawValue + 1, "one append, in which the start comes first")
        return child
    }

    @Test func `an execution gets the result of one that it has started`() async throws {
        let runtime = try await rig.open([.caller(of: "charge", rig.calls), .adder()])
        let number = try await runtime.start(function: "pay", input: [7]).id.number
        let end = try await runtime.end(of: number)
        #expect(end.result == .inline([7, 1]))
        #expect(rig.calls.count("pay invoked") == 2)
        let child = try await expectStarted(runtime, number)
        #expect(
            try await runtime.kinds(number) == [
                .executionStarted, .invocationStarted, .chainedInvokeStarted, .invocationCompleted,
                .chainedInvokeSucceeded, .invocationStarted, .invocationCompleted, .executionSucceeded,
            ])
        let summary = try await runtime.summary(child.number)
        #expect(summary.parent == number)
        #expect(summary.result == .inline([7, 1]))
        #expect(try await runtime.list().map(\.id.number) == [number, child.number])
        try await runtime.close(grace: .zero)
    }

    @Test func `three executions deep, the result comes back through each`() async throws {
        let runtime = try await rig.open([
            .caller("a", of: "b"), .caller("b", of: "c"), .caller("c", of: "d"), .adder("d"),
        ])
        let number = try await runtime.start(function: "a", input: [7]).id.number
        #expect(try await runtime.end(of: number).result == .inline([7, 1]))
        let summaries = try await runtime.list()
        #expect(summaries.map(\.function) == ["a", "b", "c", "d"])
        #expect(summaries.map(\.parent) == [nil] + summaries.dropLast().map(\.id.number))
        try await runtime.close(grace: .zero)
    }

    @Test func `a hundred that one checkpoint starts all run, under the limits of their function`() async throws {
        let fan = FunctionRegistration(name: "fan") { invocation in
            do {
                let invokes = (0..<100).map { OperationUpdate.invoke("\($0)", "charge", input: [UInt8($0)]) }
                let isFirst = invocation.operations.count == 1
                let rows =
                    isFirst
                    ? try await invocation.session().checkpoint(invokes) : Array(invocation.operations.dropFirst())
                var results: [UInt8] = []
                for result in rows.compactMap(\.result) {
                    results += try await invocation.runtime.resolve(result, of: invocation.execution.number).prefix(1)
                }
                return results.count < 100 ? .pending : .succeeded(result: results)
            } catch {
                return nil
            }
        }
        var charge = FunctionRegistration.adder()
        charge.concurrencyLimit = 7
        let runtime = try await rig.open([fan, charge])
        let number = try await runtime.start(function: "fan", input: nil).id.number
        #expect(try await runtime.end(of: number).result == .inline((0..<100).map { UInt8($0) }))
        let kinds = try await runtime.kinds(number)
        #expect(kinds.count { $0 == .chainedInvokeStarted } == 100)
        #expect(kinds.count { $0 == .chainedInvokeSucceeded } == 100)
        let children = try await runtime.list().dropFirst().map(\.id.number.rawValue)
        #expect(children == (0..<100).map { children[0] + $0 }, "their starts stand together")
        try await runtime.close(grace: .zero)
    }

    @Test func `a failure, a stop and a timeout come back as what they are`() async throws {
        let declined = ErrorObject(message: "no", type: "Declined", data: "51", stackTrace: ["charge"])
        let runtime = try await rig.open([
            .caller("a", of: "charge"), .caller("b", of: "wait"),
            .caller("c", of: "late", timeout: Milliseconds(2_500)),
            FunctionRegistration(name: "charge") { _ in .failed(declined) }, .patient("wait", rig.calls),
            .patient("late", rig.calls),
        ])
        let failed = try await runtime.start(function: "a", input: [1]).id.number
        #expect(try await runtime.end(of: failed).error == declined)
        let stopped = try await runtime.start(function: "b", input: [1]).id.number
        _ = try await runtime.stop(try await runtime.child(of: stopped), declined)
        #expect(try await runtime.end(of: stopped).error == declined)
        #expect(try await runtime.kinds(stopped).contains(.chainedInvokeStopped))
        let late = try await runtime.start(function: "c", input: [1]).id.number
        _ = try await runtime.child(of: late)
        try await runtime.suspended(late)
        rig.advance(runtime, by: 2_500)
        let end = try await runtime.end(of: late)
        #expect(end.error?.type == "ChainedInvoke.Timeout")
        #expect(end.error?.message == "CHAINED_INVOKE timed out after 2.500 seconds.")
        try await runtime.close(grace: .seconds(5))
    }

    @Test func `a stop of the parent does not stop the child, which then has nobody to tell`() async throws {
        let runtime = try await rig.open([.caller(of: "charge"), .patient("charge", rig.calls)])
        let parent = try await runtime.start(function: "pay", input: [7]).id
        let child = try await runtime.child(of: parent.number)
        await rig.calls.wait("charge invoked")
        _ = try await runtime.stop(parent)
        #expect(try await runtime.summary(child.number).status == .running)
        rig.calls.note("charge go")
        #expect(try await runtime.end(of: child.number).status == .succeeded)
        await runtime.quiet()
        #expect(try await runtime.kinds(parent.number).last != .chainedInvokeSucceeded)
        // Nobody waits for it: it may be deleted, and so may its parent before it.
        try await runtime.delete(parent)
        try await runtime.delete(child)
        #expect(try await runtime.list().isEmpty)
        try await runtime.close(grace: .zero)
    }

    @Test func `an end that comes after the parent was deleted changes nothing`() async throws {
        let runtime = try await rig.open([.caller(of: "charge"), .patient("charge", rig.calls)])
        let parent = try await runtime.start(function: "pay", input: [7]).id
        let child = try await runtime.child(of: parent.number)
        await rig.calls.wait("charge invoked")
        _ = try await runtime.stop(parent)
        try await runtime.summary(parent.number) { $0.standing == .ended }
        try await runtime.delete(parent)
        rig.calls.note("charge go")
        #expect(try await runtime.end(of: child.number).status == .succeeded)
        await runtime.quiet()
        try await runtime.close(grace: .zero)
        let reopened = try await rig.open()
        #expect(try await reopened.list().map(\.id) == [child])
        try await reopened.close(grace: .zero)
    }

    @Test func `a target that is not registered is waited for, and runs when it is`() async throws {
        let runtime = try await rig.open([.caller(of: "charge")])
        let parent = try await runtime.start(function: "pay", input: [7]).id.number
        let child = try await runtime.child(of: parent)
        await runtime.quiet()
        #expect(try await runtime.summary(child.number).standing == .functionNotRegistered)
        #expect(try await runtime.summary(parent).standing == .suspended(nextDue: nil))
        try await runtime.register(.adder())
        #expect(try await runtime.end(of: parent).result == .inline([7, 1]))
        try await runtime.close(grace: .zero)
    }

    @Test func `where the engine says so, a target that is not registered fails at once`() async throws {
        var options = Rig.options
        options.unknownTargets = .fail
        let runtime = try await rig.open([.caller(of: "charge", rig.calls)], options: options)
        let parent = try await runtime.start(function: "pay", input: [7]).id.number
        let error = try await runtime.end(of: parent).error
        #expect(error == ErrorObject(message: "Function not found: charge", type: "ResourceNotFoundException"))
        #expect(rig.calls.count("pay invoked") == 1, "the reply to its checkpoint says so")
        #expect(try await runtime.list().map(\.id.number) == [parent])
        try await runtime.close(grace: .zero)
    }
}
