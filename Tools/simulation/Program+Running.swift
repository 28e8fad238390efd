import Indelible

/// What fails on purpose.
struct Flaky: Error {}

extension Program {
    /// The functions as one opening of the engine runs them.
    func engineFunctions(in life: Life) -> [any EngineFunction] {
        let plain = PlainFunction(Self.plainName) { (fails: Bool) in
            if fails { throw Flaky() }
            return life.promises.nextRun("q")
        }
        return functions.indices.map { durable($0, in: life) } + [plain]
    }

    func durable(_ index: Int, in life: Life) -> DurableFunction<Int, String> {
        let function = functions[index]
        return DurableFunction(function.name, options: function.options) { (_: Int, context: DurableContext) in
            life.promises.ran(context.executionID, of: function.name, in: life)
            let run = ProgramRun(program: self, life: life, execution: context.executionID)
            do {
                return try await run.all(function.nodes, context, at: "")
            } catch let error as ExecutionCancelledError where function.undoes {
                return "x(\(error.reason ?? "") \(try await run.undo(context)))"
            }
        }
    }
}

/// One run of a handler: does what the nodes say, and notes what it sees of their results.
private struct ProgramRun: Sendable {
    let program: Program
    let life: Life
    let execution: String

    /// - Parameter place: Where the nodes stand: with the execution it names one operation, on every replay.
    func all(_ nodes: [Program.Node], _ context: DurableContext, at place: String) async throws -> String {
        var results: [String] = []
        for (index, node) in nodes.enumerated() {
            let place = "\(place).\(index)"
            let result = try await self.run(node, context, at: place)
            // Of long results it is enough that they are the same.
            results.append(result.utf8.count > 40 ? "long" : result)
            life.promises.saw(result, execution, at: place, in: life)
        }
        return results.joined(separator: " ")
    }

    func undo(_ context: DurableContext) async throws -> String {
        try await context.step("undo all", retry: .fixed(maxAttempts: 50, delay: .milliseconds(50))) { _ in
            life.promises.nextRun("u")
        }
    }

    private func run(_ node: Program.Node, _ context: DurableContext, at place: String) async throws -> String {
        switch node {
        case .step(let failures, let semantics, let execution, let length):
            return try await step(context, place, failures, semantics, execution, length)
        case .failingStep:
            do {
                try await context.step("failing", retry: .none) { _ in throw Flaky() }
            } catch let error as StepError { return "f(\(error.cause.type))" }
            return "never"
        case .slowStep(let milliseconds, let timeout):
            return try await slowStep(context, milliseconds, timeout)
        case .wait(let milliseconds):
            try await context.wait("wait", for: .milliseconds(milliseconds))
            return "w"
        case .callback(let timeout, let heartbeat, let between):
            return try await callback(context, place, timeout, heartbeat, between)
        case .waitForCallback(let timeout):
            do {
                return try await context.waitForCallback(
                    "callback", timeout: .milliseconds(timeout), retry: Self.retry
                ) { id, _ in life.promises.offered(id, execution, in: life) }
            } catch let error as CallbackError { return "k(\(error.code))" }
        case .condition(let checks):
            let state = try await context.waitForCondition(
                "condition", from: 0, poll: .until({ $0 >= checks }, every: .milliseconds(900))
            ) { state, _ in state + 1 }
            return "p\(state)"
        case .chance:
            return "r\(Int.random(in: 0..<1_000_000, using: &context.random))"
        case .patch:
            return try await context.patched("patch") ? "new" : "old"
        case .invoke(let index, let timeout):
            let timeout = timeout.map { Duration.milliseconds($0) }
            let result = try await invoking {
                try await context.invoke(program.durable(index, in: life), input: 1, timeout: timeout)
            }
            return "i(\(result))"
        case .plain(let fails):
            let function = FunctionReference<Bool, String>(Program.plainName)
            return try await invoking { try await context.invoke(function, input: fails) }
        case .saga(let steps, let fails, let nodes):
            return try await saga(context, place, steps, fails, nodes)
        case .child, .virtual, .map, .parallel, .retry:
            do {
                return try await composite(node, context, at: place)
            } catch let error as ChildContextError { return "e(\(error.cause.type))" }
        }
    }

    private static let retry = RetryPolicy.fixed(maxAttempts: 50, delay: .milliseconds(300))

    private func invoking(_ body: nonisolated(nonsending) () async throws -> String) async throws -> String {
        do { return try await body() } catch let error as InvokeError { return "\(error.code)" }
    }

    // MARK: Contexts

    private func composite(
        _ node: Program.Node, _ context: DurableContext, at place: String
    ) async throws -> String {
        switch node {
        case .child(let nodes):
            return try await context.runInChildContext("child") { "c(\(try await all(nodes, $0, at: place)))" }
        case .virtual(let nodes):
            return try await context.runInVirtualContext("virtual") { "v(\(try await all(nodes, $0, at: place)))" }
        case .map(let count, let concurrency, let nesting, let completion, let nodes):
            let batch = try await context.map(
                "map", Array(0..<count), maxConcurrency: concurrency, completion: completion.rule(count: count),
                nesting: nesting
            ) { index, context in try await all(nodes, context, at: "\(place)/\(index)") }
            return Self.text(of: batch)
        case .parallel(let branches, let completion):
            let batch = try await context.parallel("parallel", completion: completion.rule(count: branches.count)) {
                for (index, nodes) in branches.enumerated() {
                    DurableBranch { try await all(nodes, $0, at: "\(place)/\(index)") }
                }
            }
            return Self.text(of: batch)
        case .retry(let failures, let nodes):
            return try await context.withRetry(
                "retry", retry: .fixed(maxAttempts: 5, delay: .milliseconds(1_100))
            ) { attempt, context in
                let result = try await all(nodes, context, at: "\(place)#\(attempt)")
                if attempt <= failures { throw Flaky() }
                return "t(\(result))"
            }
        default: preconditionFailure("no context")
        }
    }

    private static func text(of batch: BatchResult<String>) -> String {
        "b(\(batch.completionReason.rawValue) \(batch.items.map { $0.value ?? $0.status.rawValue }))"
    }

    // MARK: Steps

    private func step(
        _ context: DurableContext, _ place: String, _ failures: Int, _ semantics: StepSemantics,
        _ execution: StepExecution, _ length: Int
    ) async throws -> String {
        do {
            let result = try await context.step(
                "step", retry: Self.retry, semantics: semantics, execution: execution
            ) { step in
                life.trace.say("body \(self.execution) at \(place), attempt \(step.attempt)")
                life.promises.began(self.execution, at: place, step.attempt, semantics, in: life)
                if step.attempt <= failures { throw Flaky() }
                return life.promises.nextRun("s") + String(repeating: "-", count: length)
            }
            life.promises.recorded(result, self.execution, in: life)
            return result
        } catch let error as StepError { return "f(\(error.cause.type))" }
    }

    private func slowStep(_ context: DurableContext, _ milliseconds: Int, _ timeout: Int) async throws -> String {
        do {
            let result = try await context.step(
                "slow", timeout: .milliseconds(timeout), retry: .fixed(maxAttempts: 3, delay: .milliseconds(200))
            ) { _ in
                try await life.sleep(.milliseconds(milliseconds))
                return life.promises.nextRun("l")
            }
            life.promises.recorded(result, execution, in: life)
            return result
        } catch let error as StepError { return "f(\(error.cause.type))" }
    }

    private func callback(
        _ context: DurableContext, _ place: String, _ timeout: Int, _ heartbeat: Int?, _ between: [Program.Node]
    ) async throws -> String {
        let callback = try await context.createCallback(
            "callback", of: String.self, timeout: .milliseconds(timeout),
            heartbeatTimeout: heartbeat.map { .milliseconds($0) })
        life.promises.offered(callback.id, execution, in: life)
        let inner = try await all(between, context, at: place)
        do {
            return "\(inner) \(try await callback.result())"
        } catch let error as CallbackError { return "\(inner) k(\(error.code))" }
    }

    private func saga(
        _ context: DurableContext, _ place: String, _ steps: Int, _ fails: Bool, _ nodes: [Program.Node]
    ) async throws -> String {
        do {
            return try await context.saga(retry: Self.retry) { saga in
                for index in 0..<steps {
                    let result = try await saga.step("do", retry: Self.retry) { _ in
                        life.promises.nextRun("d")
                    } compensation: { done, _ in
                        life.promises.undid(done, execution, in: life)
                    }
                    life.promises.saw(result, execution, at: "\(place)!\(index)", in: life)
                    life.promises.recorded(result, execution, in: life)
                }
                let inner = try await all(nodes, context, at: place)
                if fails { throw Flaky() }
                return "g(\(inner))"
            }
        } catch is Flaky { return "g" }
    }
}

extension Program.Completion {
    fileprivate func rule(count: Int) -> BatchCompletion {
        switch self {
        case .all: .allCompleted
        case .successful: .allSuccessful
        case .first: count > 0 ? .firstSuccessful : .allCompleted
        }
    }
}
