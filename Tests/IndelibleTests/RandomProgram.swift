import Indelible
import IndelibleTesting

/// A handler that a seed has written: a tree of operations, whose result says what each came to.
struct RandomProgram: Sendable {
    indirect enum Node: Sendable {
        /// Fails so many times before it succeeds.
        case step(failures: Int, semantics: StepSemantics)
        case failingStep
        case wait(milliseconds: Int)
        case callback(timeout: Bool)
        case condition(checks: Int)
        case chance
        case child([Node])
        case virtual([Node])
        case map(count: Int, concurrency: Int?, nesting: BatchNesting, [Node])
        case parallel([[Node]])
        case retry(failures: Int, [Node])
        case invoke(name: String, [Node])
        case patch
    }

    let nodes: [Node]

    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        nodes = Self.nodes(&random, depth: 3, count: 1...4)
    }

    private static func nodes(
        _ random: inout SeededGenerator, depth: Int, count: ClosedRange<Int>
    ) -> [Node] {
        (0..<Int.random(in: count, using: &random)).map { _ in node(&random, depth: depth) }
    }

    private static func node(_ random: inout SeededGenerator, depth: Int) -> Node {
        switch Int.random(in: 0..<(depth > 0 ? 17 : 10), using: &random) {
        case 0...2: .step(failures: .random(in: 0...2, using: &random), semantics: .atLeastOncePerRetry)
        case 3: .failingStep
        case 4...5: .wait(milliseconds: .random(in: 1...5_000, using: &random))
        case 6: .callback(timeout: .random(using: &random))
        case 7: .condition(checks: .random(in: 1...3, using: &random))
        case 8: .chance
        case 9: .patch
        case 10: .child(nodes(&random, depth: depth - 1, count: 1...3))
        case 11: .virtual(nodes(&random, depth: depth - 1, count: 1...2))
        case 12...13:
            .map(
                count: .random(in: 0...3, using: &random),
                concurrency: Bool.random(using: &random) ? nil : 1,
                nesting: Bool.random(using: &random) ? .nested : .flat,
                nodes(&random, depth: depth - 1, count: 1...2))
        case 14:
            .parallel(
                (0..<Int.random(in: 1...3, using: &random)).map { _ in
                    nodes(&random, depth: depth - 1, count: 1...2)
                })
        case 15: .retry(failures: .random(in: 0...1, using: &random), nodes(&random, depth: depth - 1, count: 1...2))
        default:
            .invoke(
                name: "child-\(Int.random(in: 0..<1 << 40, using: &random))",
                nodes(&random, depth: 0, count: 1...2))
        }
    }

    /// The program, and the functions that it invokes.
    func functions(_ effects: Effects) -> (main: DurableFunction<Void, String>, others: [any EngineFunction]) {
        let main = DurableFunction("main") { (context: DurableContext) in
            try await Self.run(nodes, context, effects)
        }
        let children = Self.invoked(nodes).map { name, nodes in
            DurableFunction(name) { (context: DurableContext) in try await Self.run(nodes, context, effects) }
        }
        return (main, children)
    }

    /// The programs that are invoked.
    private static func invoked(_ nodes: [Node]) -> [(name: String, nodes: [Node])] {
        nodes.flatMap { node -> [(name: String, nodes: [Node])] in
            switch node {
            case .invoke(let name, let inner): [(name, inner)]
            case .child(let inner), .virtual(let inner), .map(_, _, _, let inner), .retry(_, let inner):
                invoked(inner)
            case .parallel(let branches): branches.flatMap { invoked($0) }
            case .step, .failingStep, .wait, .callback, .condition, .chance, .patch: []
            }
        }
    }

    // MARK: Running it

    static func run(_ nodes: [Node], _ context: DurableContext, _ effects: Effects) async throws -> String {
        var results: [String] = []
        for node in nodes { results.append(try await run(node, context, effects)) }
        return results.joined(separator: " ")
    }

    private static func run(_ node: Node, _ context: DurableContext, _ effects: Effects) async throws -> String {
        switch node {
        case .step(let failures, let semantics):
            let name = context.functionName
            return try await context.step(
                "step", retry: .fixed(maxAttempts: 9, delay: .milliseconds(700)), semantics: semantics
            ) { step in
                effects.note("step of \(name)")
                if step.attempt <= failures { throw Flaky() }
                return "s\(step.attempt)"
            }
        case .failingStep:
            do {
                try await context.step("failing", retry: .none) { _ in throw Flaky() }
            } catch let error as StepError {
                return "f(\(error.message))"
            }
            return "never"
        case .wait(let milliseconds):
            try await context.wait("wait", for: .milliseconds(milliseconds))
            return "w"
        case .callback(let hasTimeout):
            do {
                let answer: String = try await context.waitForCallback(
                    "callback", timeout: hasTimeout ? .seconds(2) : .seconds(9)
                ) { _, _ in }
                return answer
            } catch let error as CallbackError {
                return "k(\(error.code))"
            }
        case .condition(let checks):
            let state = try await context.waitForCondition(
                "condition", from: 0, poll: .until({ $0 >= checks }, every: .seconds(1))
            ) { state, _ in state + 1 }
            return "p\(state)"
        case .chance:
            // An invoked execution's id follows from where it stands in the log, and its chance from its id.
            guard context.functionName == "main" else { return "r" }
            return "r\(Int.random(in: 0..<1_000, using: &context.random))"
        case .patch:
            return try await context.patched("patch") ? "new" : "old"
        case .child(let nodes):
            return try await context.runInChildContext("child") { "c(\(try await run(nodes, $0, effects)))" }
        case .virtual(let nodes):
            return try await context.runInVirtualContext("virtual") { "v(\(try await run(nodes, $0, effects)))" }
        case .map(let count, let concurrency, let nesting, let nodes):
            let batch = try await context.map(
                "map", Array(0..<count), maxConcurrency: concurrency, completion: .allCompleted, nesting: nesting
            ) { index, context in "\(index):\(try await run(nodes, context, effects))" }
            return "m(\(batch.results.joined(separator: ",")))"
        case .parallel(let branches):
            let batch = try await context.parallel("parallel", completion: .allCompleted) {
                for nodes in branches { DurableBranch { try await run(nodes, $0, effects) } }
            }
            return "b(\(batch.results.joined(separator: "|")))"
        case .retry(let failures, let nodes):
            return try await context.withRetry("retry", retry: .fixed(delay: .seconds(1))) { attempt, context in
                let result = try await run(nodes, context, effects)
                if attempt <= failures { throw Flaky() }
                return "t(\(result))"
            }
        case .invoke(let name, _):
            do {
                return "i(\(try await context.invoke(FunctionReference<Nothing?, String>(name), input: nil)))"
            } catch let error as InvokeError {
                return "i(\(error.code))"
            }
        }
    }

    private struct Nothing: Codable, Sendable {}
}

/// A generator with a seed, so that a failure can be had again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
