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

    func act(_ probe: CrashProbe) async throws {
        defer { probe.end() }
        var given: Set<Int> = []
        while true {
            await test.settle()
            guard let engine = test.openEngine else {
                // It is being interrupted.
                await Task.yield()
                continue
            }
            do {
                let description = try await description(engine)
                if description.status.isTerminal { return }
                if try await answer(engine, &given) { continue }
                // It may wait for another one, which waits in its turn.
                let standings = try await engine.executions().map(\.standing)
                if standings.contains(where: { $0.code == .running || $0.code == .queued }) {
                    await Task.yield()
                    continue
                }
                guard let due = standings.compactMap(\.nextDue).min() else {
                    throw TestEngineError(
                        "the execution waits for nothing that comes: it is \(description.standing), after "
                            + (try await engine.history(of: execution)).notation)
                }
                await test.advance(by: .milliseconds(max(Int((due.timeIntervalSince(test.now) * 1_000).rounded()), 0)))
            } catch let error as DurableEngineError where error.code == .closed || error.code == .logFailed {
                // What was asked of a lost engine is asked of the next one.
            }
        }
    }

    func description(_ engine: DurableEngine) async throws -> ExecutionDescription {
        guard let description = try await engine.executions().first(where: { $0.id == execution }) else {
            throw TestEngineError("the execution was acknowledged and is gone")
        }
        return description
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
