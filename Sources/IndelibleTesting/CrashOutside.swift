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
                switch try await next(engine, probe, &given) {
                case .ended:
                    // Looked at again after an interruption: it must have ended whatever happens.
                    guard await probe.reach(.ended) else { return }
                case .acted: stuckCount = 0
                case .due(let due):
                    stuckCount = 0
                    if await probe.reach(.atRest) { continue }
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

    private func next(_ engine: DurableEngine, _ probe: CrashProbe, _ given: inout Set<Int>) async throws -> Next {
        // One answer for all that follows: whoever works now may be at rest a moment later.
        let all = try await engine.executions()
        let description = try description(in: all)
        if all.contains(where: { $0.standing.code == .running || $0.standing.code == .queued }) {
            await Task.yield()
            return .acted
        }
        if let due = try await nextTry(engine, all) { return .due(due) }
        if description.status.isTerminal { return .ended }
        let history = try await engine.history(of: execution)
        if let act = cancellation(history, description) ?? answer(history, given) {
            if await probe.reach(.atRest) { return .acted }
            switch act {
            case .cancel: try await engine.cancel(execution, reason: "asked by the test")
            case .answer(let index):
                try await give(answers[index])
                given.insert(index)
            }
            return .acted
        }
        // It may wait for another one, which waits in its turn.
        return all.compactMap(\.standing.nextDue).min().map { .due($0) } ?? .stuck(description.standing)
    }

    /// When the first handler is tried again that was taken back: it has not come to where it rests, and nobody is to act on
    /// what it has left so far.
    private func nextTry(_ engine: DurableEngine, _ all: [ExecutionDescription]) async throws -> Date? {
        var next: Date?
        for description in all where !description.status.isTerminal {
            guard let due = description.standing.nextDue,
                try await engine.history(of: description.id).last(where: { $0.type == "InvocationCompleted" })?.error
                    != nil
            else { continue }
            next = min(next ?? due, due)
        }
        return next
    }

    private func description(in all: [ExecutionDescription]) throws -> ExecutionDescription {
        guard let description = all.first(where: { $0.id == execution }) else {
            throw TestEngineError("the execution was acknowledged and is gone")
        }
        return description
    }

    private enum Act {
        case cancel
        case answer(Int)
    }

    /// To ask for the execution's end, once it waits where it should.
    private func cancellation(_ history: [HistoryEvent], _ description: ExecutionDescription) -> Act? {
        guard let cancelledDuring, description.cancelRequestTime == nil, history.last?.type == "InvocationCompleted",
            history.isOpen(cancelledDuring)
        else { return nil }
        return .cancel
    }

    /// To give the first answer whose callback is open.
    private func answer(_ history: [HistoryEvent], _ given: Set<Int>) -> Act? {
        for (index, answer) in answers.enumerated() where !given.contains(index) {
            if !history.openCallbacks(named: answer.name).isEmpty { return .answer(index) }
        }
        return nil
    }

    /// One that was given may come again, when nobody heard that it had come.
    private func give(_ answer: CallbackAnswer) async throws {
        do {
            try await answer.give(test, execution)
        } catch is TestEngineError {
            // It was completed in the meantime, by the same answer.
        }
    }
}

extension TestEngine {
    /// Ends an execution's invocation that is in flight, as if its time were up.
    package func timeOutInvocation(of execution: ExecutionID) async throws {
        try await engine.runtime.timeOutInvocation(of: execution.number)
    }
}
