import EngineRuntime
import ExecutionModel
import Foundation
import Indelible

/// The world outside a run: lets time pass and answers callbacks until the execution has ended, through whatever happens to
/// the engine meanwhile.
struct CrashOutside: Sendable {
    let test: TestEngine
    let execution: String
    let answers: [CallbackAnswer]
    let cancelledDuring: String?

    func act(_ probe: CrashProbe) async throws {
        defer { probe.end() }
        var given: Set<Int> = []
        // What looks stuck may have been looked at in the middle of an interruption: it is looked at again.
        var stuckCount = 0
        while true {
            await test.settle()
            guard let engine = test.openEngine, engine.health.code == .running else {
                await Task.yield()
                continue
            }
            do {
                switch try await next(engine, &given) {
                case .ended: return
                case .acted: stuckCount = 0
                case .due(let due):
                    stuckCount = 0
                    let delay = due.timeIntervalSince(test.now)
                    await test.advance(by: .milliseconds(max(Int((delay * 1_000).rounded()), 0)))
                case .stuck(let standing):
                    stuckCount += 1
                    if stuckCount > Self.stuckCountMax {
                        throw TestEngineError(
                            "the execution waits for nothing that comes: it is \(standing), after "
                                + (try await engine.history(of: execution)).notation)
                    }
                }
            } catch let error as DurableEngineError where error.code == .closed || error.code == .logFailed {
                // What was asked of a lost engine is asked of the next one.
            }
        }
    }

    private static let stuckCountMax = 100

    private enum Next {
        case ended
        case acted
        case due(Date)
        case stuck(ExecutionDescription.Standing)
    }

    private func next(_ engine: DurableEngine, _ given: inout Set<Int>) async throws -> Next {
        // One answer for all that follows: whoever works now may be at rest a moment later.
        let all = try await engine.executions()
        let description = try description(in: all)
        if description.status.isTerminal { return .ended }
        if all.contains(where: { $0.standing.code == .running || $0.standing.code == .queued }) {
            await Task.yield()
            return .acted
        }
        if try await cancel(engine, description) { return .acted }
        if try await answer(engine, &given) { return .acted }
        // It may wait for another one, which waits in its turn.
        return all.compactMap(\.standing.nextDue).min().map { .due($0) } ?? .stuck(description.standing)
    }

    func description(_ engine: DurableEngine) async throws -> ExecutionDescription {
        try description(in: try await engine.executions())
    }

    private func description(in all: [ExecutionDescription]) throws -> ExecutionDescription {
        guard let description = all.first(where: { $0.id == execution }) else {
            throw TestEngineError("the execution was acknowledged and is gone")
        }
        return description
    }

    /// Asks for the execution's end, once it waits where it should. A handler that is about to be tried again has not come there.
    private func cancel(_ engine: DurableEngine, _ description: ExecutionDescription) async throws -> Bool {
        guard let cancelledDuring, description.cancelRequestTime == nil else { return false }
        let history = try await engine.history(of: execution)
        guard let last = history.last, last.type == "InvocationCompleted", last.error == nil,
            history.isOpen(cancelledDuring)
        else { return false }
        try await engine.cancel(execution, reason: "asked by the test")
        return true
    }

    /// Gives the first answer whose callback is open. One that was given may come again, when nobody heard that it had come.
    private func answer(_ engine: DurableEngine, _ given: inout Set<Int>) async throws -> Bool {
        let history = try await engine.history(of: execution)
        for (index, answer) in answers.enumerated() where !given.contains(index) {
            guard !history.openCallbacks(named: answer.name).isEmpty else { continue }
            do {
                try await answer.give(test, execution)
            } catch is TestEngineError {
                // It was completed in the meantime, by the same answer.
            }
            given.insert(index)
            return true
        }
        return false
    }
}

extension TestEngine {
    /// Ends an execution's invocation that is in flight, as if its time were up.
    package func timeOutInvocation(of execution: String) async throws {
        guard let id = ExecutionID(execution) else { throw TestEngineError("'\(execution)' is no execution's id") }
        try await engine.runtime.timeOutInvocation(of: id.number)
    }
}
