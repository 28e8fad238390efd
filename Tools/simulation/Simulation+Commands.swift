import EngineRuntime
import ExecutionEngine
import ExecutionModel
import Indelible
import IndelibleTesting

/// What callers ask of the engine. Each is a task of its own; its answer is a promise from then on.
extension Simulation {
    mutating func command() {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<25: start()
        case 25..<60: answerSome()
        case 60..<64: stop()
        case 64..<70: cancel()
        case 70..<75: pause()
        case 75..<84: resume()
        case 84..<88: delete()
        case 88..<96: watch()
        case 96..<98: query()
        default: register()
        }
    }

    private mutating func someExecution() -> String? {
        promises.facts.executions.randomElement(using: &random)
    }

    /// Under a new name, or again under one that is taken, by the same bytes.
    private mutating func start() {
        let isNew = startCount == 0 || (startCount < startsMax && Int.random(in: 0..<5, using: &random) > 0)
        let number = isNew ? startCount : Int.random(in: 0..<startCount, using: &random)
        if isNew { startCount += 1 }
        let index = number % program.functions.count
        let name = "execution-\(number)"
        let function = program.durable(index, in: life)
        trace.say("start \(name) of \(function.name)")
        life.call { [life, promises, trace] engine in
            let id = try await engine.start(function, input: number, name: name).id
            trace.say("started \(name), \(id)")
            promises.note(in: life) { facts in
                facts.know(id, of: function.name)
                // Deleted, by its retention or by somebody, the name is another execution's.
                facts.started[name] = (id, function.name)
            }
        }
    }

    private mutating func answerSome() {
        // The last ones are still open, as a rule.
        let offered = promises.facts.offered
        let some = Bool.random(using: &random) ? offered[...] : offered.suffix(4)
        guard let (callback, execution) = some.randomElement(using: &random) else { return }
        // Its handler may come upon the answer before that is on the disk, and must not know it then.
        slowSteps = max(slowSteps, Int.random(in: 0...40, using: &random))
        answer(callback, execution, how: Int.random(in: 0..<8, using: &random))
    }

    func answer(_ callback: Indelible.CallbackID, _ execution: String, how: Int) {
        let value = promises.nextRun("k")
        trace.say("answer \(callback) \(how < 6 ? value : how == 6 ? "a failure" : "a heartbeat")")
        life.call { [life, promises, trace] engine in
            switch how {
            case 0..<6:
                try await engine.complete(callback: callback, with: value)
                promises.note(in: life) { facts in
                    facts.answers[callback.description] = Promises.Answer(execution: execution, value: value)
                }
            case 6: try await engine.fail(callback: callback, with: Flaky())
            default: try await engine.sendHeartbeat(callback: callback)
            }
            trace.say("answered \(callback)")
        }
    }

    private mutating func stop() {
        change("stop", noting: { $0.stopped.insert($1) }) { try await $0.stop($1) }
    }

    private mutating func cancel() {
        change("cancel", noting: { $0.cancelled.insert($1) }) { try await $0.cancel($1, reason: "no more") }
    }

    private mutating func pause() {
        change("pause", noting: { $0.pauseCounts[$1, default: 0] += 1 }) { try await $0.pause($1) }
    }

    private mutating func resume() {
        change("resume", noting: { $0.resumptionCounts[$1, default: 0] += 1 }) { try await $0.resume($1) }
    }

    private mutating func delete() {
        guard let id = someExecution() else { return }
        promises.note(in: life) { $0.deletionsAsked.insert(id) }
        change("delete", id, noting: { $0.deleted.insert($1) }) { try await $0.delete($1) }
    }

    private mutating func change(
        _ what: String, noting: @escaping @Sendable (inout Promises.Facts, String) -> Void,
        _ body: @escaping @Sendable (DurableEngine, String) async throws -> Void
    ) {
        guard let id = someExecution() else { return }
        change(what, id, noting: noting, body)
    }

    func change(
        _ what: String, _ id: String, noting: @escaping @Sendable (inout Promises.Facts, String) -> Void,
        _ body: @escaping @Sendable (DurableEngine, String) async throws -> Void
    ) {
        trace.say("\(what) \(id)")
        life.call { [life, promises, trace] engine in
            try await body(engine, id)
            trace.say("done: \(what) \(id)")
            promises.note(in: life) { noting(&$0, id) }
        }
    }

    private mutating func watch() {
        guard let id = someExecution(), let number = ExecutionID(id)?.number else { return }
        let timeout = Bool.random(using: &random) ? nil : Int.random(in: 1...10_000, using: &random)
        trace.say("watch \(id)")
        life.call { [life, promises, trace] engine in
            let timer = timeout.map { timeout -> WaitTimer in
                { [life] in life.clock.after(.milliseconds(timeout), $0) }
            }
            guard let summary = try await engine.runtime.end(of: number, within: timer) else { return }
            trace.say("seen: \(id) has \(summary.status)")
            promises.ended(id, Promises.End(summary), in: life)
        }
    }

    private mutating func query() {
        let id = someExecution()
        life.call { engine in
            _ = try await engine.executions()
            if let id { _ = try await engine.history(of: id) }
        }
    }

    /// Registers a function anew, as it is.
    private mutating func register() {
        let function = program.durable(Int.random(in: 0..<program.functions.count, using: &random), in: life)
        trace.say("register \(function.name)")
        life.call { try await $0.register(function) }
    }
}
