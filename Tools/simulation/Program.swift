import Indelible
import LogStorage

/// The functions that a seed has written: trees of operations, of every type that there is.
///
/// A function invokes only those after it, so that every execution comes to an end.
struct Program: Sendable {
    indirect enum Node: Sendable {
        /// Fails so many times before it succeeds. Its result is so long, and no other run of the body returns it.
        case step(failures: Int, semantics: StepSemantics, execution: StepExecution, length: Int)
        case failingStep
        /// A step whose body takes a time, and may take no more than another.
        case slowStep(milliseconds: Int, timeout: Int)
        case wait(milliseconds: Int)
        /// A callback that is opened, and asked for after what comes in between.
        case callback(timeout: Int, heartbeat: Int?, between: [Node])
        case waitForCallback(timeout: Int)
        case condition(checks: Int)
        case chance
        case patch
        case child([Node])
        case virtual([Node])
        case map(count: Int, concurrency: Int?, nesting: BatchNesting, completion: Completion, [Node])
        case parallel([[Node]], completion: Completion)
        case retry(failures: Int, [Node])
        /// The function of that index.
        case invoke(Int, timeout: Int?)
        case plain(fails: Bool)
        /// Steps that are undone when the saga fails.
        case saga(steps: Int, fails: Bool, [Node])
    }

    enum Completion: Sendable, CaseIterable {
        case all, successful, first
    }

    struct Function: Sendable {
        var name: String
        var nodes: [Node]
        /// Whether the handler does one thing more when it is cancelled, or lets the error pass.
        var undoes: Bool
        var options: FunctionOptions
        /// Whether its executions are there for ever, were it by their summary.
        var isKept: Bool
    }

    let functions: [Function]

    /// What ``Node/plain(fails:)`` invokes.
    static let plainName = "plain"

    init(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let count = Int.random(in: 2...4, using: &random)
        functions = (0..<count).map { index in
            var generator = NodeGenerator(random: random, index: index, functionCount: count)
            defer { random = generator.random }
            return generator.function()
        }
    }
}

/// Draws one function.
private struct NodeGenerator {
    var random: SplitMix64
    let index: Int
    let functionCount: Int

    private mutating func chance(_ part: Int, of whole: Int) -> Bool {
        Int.random(in: 0..<whole, using: &random) < part
    }

    private mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    mutating func function() -> Program.Function {
        var options = FunctionOptions()
        if chance(1, of: 4) { options.executionTimeout = .seconds(number(20...4_000)) }
        if chance(1, of: 3) { options.invocationTimeout = .seconds(number(5...60)) }
        if chance(1, of: 4) { options.concurrencyLimit = number(1...3) }
        var isKept = true
        if chance(2, of: 5) { (options.retention, isKept) = retention() }
        let undoes = chance(1, of: 2)
        return Program.Function(
            name: "function-\(index)", nodes: nodes(depth: index == 0 ? 3 : 2, 1...4), undoes: undoes,
            options: options, isKept: isKept)
    }

    private mutating func retention() -> (RetentionPolicy, isKept: Bool) {
        let succeeded = period()
        let otherwise = chance(1, of: 2) ? succeeded : period()
        return (
            RetentionPolicy(succeeded: succeeded.0, otherwise: otherwise.0), succeeded.isKept && otherwise.isKept
        )
    }

    private mutating func period() -> (RetentionPeriod, isKept: Bool) {
        let history = Duration.seconds(number(1...60))
        switch number(0...4) {
        case 0: return (.forever, true)
        case 1...2: return (.history(for: history), false)
        case 3: return (.history(for: history, thenSummaryFor: .seconds(number(1...600))), false)
        default: return (.history(for: history, thenSummaryFor: nil), true)
        }
    }

    private mutating func nodes(depth: Int, _ count: ClosedRange<Int>) -> [Program.Node] {
        (0..<number(count)).map { _ in node(depth: depth) }
    }

    private mutating func node(depth: Int) -> Program.Node {
        guard depth > 0, chance(2, of: 5) else { return leaf() }
        switch number(0...8) {
        case 0: return .child(nodes(depth: depth - 1, 1...3))
        case 1: return .virtual(nodes(depth: depth - 1, 1...2))
        case 2...3:
            return .map(
                count: number(0...4), concurrency: chance(1, of: 2) ? nil : number(1...2),
                nesting: chance(1, of: 2) ? .nested : .flat, completion: completion(), nodes(depth: depth - 1, 1...2))
        case 4:
            return .parallel(
                (0..<number(1...3)).map { _ in nodes(depth: depth - 1, 1...2) }, completion: completion())
        case 5: return .retry(failures: number(0...2), nodes(depth: depth - 1, 1...2))
        case 6: return .saga(steps: number(1...3), fails: chance(1, of: 2), nodes(depth: depth - 1, 0...1))
        case 7:
            return .callback(
                timeout: number(1...20_000), heartbeat: chance(1, of: 3) ? number(1...5_000) : nil,
                between: nodes(depth: depth - 1, 0...2))
        default: return index + 1 < functionCount ? invoke() : leaf()
        }
    }

    private mutating func completion() -> Program.Completion {
        Program.Completion.allCases.randomElement(using: &random) ?? .all
    }

    private mutating func invoke() -> Program.Node {
        .invoke(number(index + 1...functionCount - 1), timeout: chance(1, of: 4) ? number(1...60_000) : nil)
    }

    private mutating func leaf() -> Program.Node {
        switch number(0...15) {
        case 0...4:
            return .step(
                failures: chance(1, of: 3) ? number(1...2) : 0,
                semantics: chance(1, of: 3) ? .atMostOncePerRetry : .atLeastOncePerRetry,
                execution: chance(1, of: 2) ? .pool : .inline, length: chance(1, of: 12) ? number(1...12_000) : 0)
        case 5: return .failingStep
        case 6: return .slowStep(milliseconds: number(0...800), timeout: number(1...800))
        case 7...8: return .wait(milliseconds: chance(1, of: 8) ? number(1...100_000_000) : number(1...5_000))
        case 9...10: return .waitForCallback(timeout: number(1...20_000))
        case 11: return .condition(checks: number(1...3))
        case 12: return .chance
        case 13: return .patch
        case 14: return .plain(fails: chance(1, of: 3))
        default: return index + 1 < functionCount ? invoke() : .chance
        }
    }
}
