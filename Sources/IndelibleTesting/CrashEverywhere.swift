import Foundation
import Indelible

/// Runs a durable function once undisturbed, and then again and again, each time interrupted at another of its durable
/// boundaries: whatever it comes to, does to the world and leaves in its history must be the same.
///
/// ```swift
/// @Test func `a payment survives everything`() async throws {
///     try await crashEverywhere(input: order, answers: [.complete("approval", with: true)]) { effects in
///         DurableFunction("pay") { (order: Order, context: DurableContext) in
///             try await context.step("charge") { _ in effects.note("charge \(order.id)") }
///             …
///         }
///     }
/// }
/// ```
///
/// The boundaries are the moments around each record that the handler makes (before it, when it is durable and the handler
/// has not been told, when it has), the body of each step, the handler's end before and after it is recorded, and every rest.
/// The interruptions at each are a power cut, the end of the process, the end of the invocation (as if its time were up) and
/// the engine's shutdown. After each the log is opened again and the execution goes on to its end. For every third
/// boundary the seed chooses one of them, to be followed by a second interruption on the way to the end.
///
/// What is compared:
/// - the result, or the error that it failed with;
/// - the effects. One that is noted in a step may come again where an interruption came in the middle of that step, and no
///   more often; in a step that runs at most once it may not come twice in one attempt. One that is noted outside of any step
///   must not come more often than undisturbed, which it does: every replay makes it again;
/// - the history, without invocations, times and ids: the order of all events, or that of each operation's where there are
///   branches;
/// - the same of every execution that it invokes.
///
/// Where a step that runs at most once was interrupted and came to another outcome, everything after it may differ: then
/// effects must not be too many, and what began before must not have others.
///
/// So the handler must be deterministic, its result must not depend on the time, and branches must not depend on which of them
/// is first. A run that never comes to the point at which it should be interrupted has failed.
///
/// - Parameters:
///   - input: The same for every run.
///   - seed: Ids and what a power cut takes follow from it; nil: a new one. A failure names it.
///   - startTime: What the clock shows first.
///   - answers: What comes to callbacks from outside, each once, as soon as its callback is open and nothing else goes on.
///   - cancelledDuring: The name of an operation: once it is open and nothing else goes on, the execution is asked to end.
///   - others: Further functions, which it invokes.
///   - function: Makes the function anew for each run, over what it does to the world.
/// - Returns: What was tried.
/// - Throws: ``CrashEverywhereError`` with every run that came out different, or with what an undisturbed one throws.
@discardableResult
public func crashEverywhere<Input: Sendable, Output>(
    input: Input, seed: UInt64? = nil, startTime: Date = Date(timeIntervalSince1970: 1_764_547_200),
    answers: [CallbackAnswer] = [], cancelledDuring: String? = nil,
    others: @escaping @Sendable (Effects) -> [any EngineFunction] = { _ in [] },
    function: @escaping @Sendable (Effects) -> DurableFunction<Input, Output>
) async throws -> CrashReport {
    let seed = seed ?? .random(in: 0..<1 << 32)
    let start: @Sendable (DurableEngine, Effects) async throws -> String = { engine, effects in
        try await engine.start(function(effects), input: input, name: CrashRun.executionName).id
    }
    let world = CrashWorld(
        seed: seed, startTime: startTime, answers: answers, cancelledDuring: cancelledDuring,
        functions: { [function($0)] + others($0) }, start: start)
    return try await CrashSearch(world).report()
}

/// As the other ``crashEverywhere(input:seed:startTime:answers:cancelledDuring:others:function:)``, for a function without an input.
@discardableResult
public func crashEverywhere<Output>(
    seed: UInt64? = nil, startTime: Date = Date(timeIntervalSince1970: 1_764_547_200), answers: [CallbackAnswer] = [],
    cancelledDuring: String? = nil, others: @escaping @Sendable (Effects) -> [any EngineFunction] = { _ in [] },
    function: @escaping @Sendable (Effects) -> DurableFunction<Void, Output>
) async throws -> CrashReport {
    try await crashEverywhere(
        input: (), seed: seed, startTime: startTime, answers: answers, cancelledDuring: cancelledDuring, others: others,
        function: function)
}

/// What a ``crashEverywhere(input:seed:startTime:answers:cancelledDuring:others:function:)`` has tried.
public struct CrashReport: Sendable, CustomStringConvertible {
    /// Gives the same runs again.
    public let seed: UInt64
    /// The boundaries at which the function was interrupted.
    public internal(set) var pointCount: Int
    /// How often it ran.
    public internal(set) var runCount: Int

    public var description: String { "seed \(seed): \(runCount) runs, interrupted at \(pointCount) points" }
}

/// Runs that came out different from the undisturbed one.
public struct CrashEverywhereError: Error, CustomStringConvertible {
    public let report: CrashReport
    /// One line for each difference: the interruption, the place, and what differs.
    public let differences: [String]

    public var description: String {
        let shown = differences.prefix(20).map { "\n  \($0)" }.joined()
        let more = differences.count > 20 ? "\n  and \(differences.count - 20) more" : ""
        return "\(report); \(differences.count) differences:\(shown)\(more)\nrun it again with seed: \(report.seed)"
    }
}

/// What comes to a callback from outside.
public struct CallbackAnswer: Sendable {
    let name: String
    let give: @Sendable (TestEngine, String) async throws -> Void

    /// Completes the callback of this name, or that of the wait of this name.
    public static func complete(_ name: String, with value: some Encodable & Sendable) -> CallbackAnswer {
        CallbackAnswer(name: name) { try await $0.complete(callback: name, of: $1, with: value) }
    }

    /// Fails it.
    public static func fail(_ name: String, with error: any Error) -> CallbackAnswer {
        CallbackAnswer(name: name) { try await $0.fail(callback: name, of: $1, with: error) }
    }
}
