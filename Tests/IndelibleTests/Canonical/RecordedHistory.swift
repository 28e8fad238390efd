import Foundation
import Indelible
import IndelibleTesting
import Testing

/// What was recorded of one execution, to be compared with what should have been.
struct RecordedHistory {
    let events: [HistoryEvent]
    /// The events in ``HistoryNotation``.
    let lines: [String]

    /// Expects exactly these lines.
    ///
    /// - Parameter anyOrder: EventIds whose events may stand in any order among themselves, as those of branches that run at
    ///   the same time. ``HistoryRules`` sees to the order within a branch.
    func expect(
        _ expected: String, anyOrder ids: ClosedRange<Int>? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let expected = Self.normal(expected.split(separator: "\n").map(String.init), ids)
        let actual = Self.normal(lines, ids)
        guard expected != actual else { return }
        Issue.record(
            """
            the history is not as expected, handlers parked: \(handlersAreParked), seed: 1
            \(Self.difference(expected, actual))
            """, sourceLocation: sourceLocation)
    }

    /// The lines of `ids` sorted, without their EventIds.
    private static func normal(_ lines: [String], _ ids: ClosedRange<Int>?) -> [String] {
        guard let ids, ids.upperBound <= lines.count else { return lines }
        let places = (ids.lowerBound - 1)..<ids.upperBound
        var lines = lines
        lines.replaceSubrange(places, with: lines[places].map { "* " + $0.drop { $0 != " " }.dropFirst() }.sorted())
        return lines
    }

    /// Line by line, as the EventIds are: what is expected with a minus, what there is with a plus.
    private static func difference(_ expected: [String], _ actual: [String]) -> String {
        (0..<max(expected.count, actual.count)).flatMap { index -> [String] in
            let (wanted, found) = (
                expected.indices.contains(index) ? expected[index] : nil,
                actual.indices.contains(index) ? actual[index] : nil
            )
            if let wanted, wanted == found { return ["  " + wanted] }
            return [wanted.map { "- " + $0 }, found.map { "+ " + $0 }].compactMap(\.self)
        }.joined(separator: "\n")
    }
}

extension RecordedHistory {
    /// How an execution has ended, by its event.
    private static let statuses: [String: ExecutionStatus] = [
        "ExecutionSucceeded": .succeeded, "ExecutionFailed": .failed, "ExecutionTimedOut": .timedOut,
        "ExecutionStopped": .stopped,
    ]

    /// Runs `function` once, to its end, and reads what is recorded of it.
    ///
    /// - Parameters:
    ///   - others: Functions that it invokes.
    ///   - callbacks: Where the handler notes the ids of its callbacks.
    ///   - meanwhile: What happens from outside, and when. Then time passes until the execution has ended.
    init<Input, Output>(
        of function: DurableFunction<Input, Output>, input: Input, beside others: [any EngineFunction] = [],
        options: EngineOptions = EngineOptions(segmentSizes: [256 << 10]), callbacks: CallbackIDs = CallbackIDs(),
        sourceLocation: SourceLocation = #_sourceLocation, meanwhile: (TestEngine) async throws -> Void = { _ in }
    ) async throws {
        let test = try await TestEngine(functions: [function] + others, options: options)
        _ = try await test.engine.start(function, input: input, name: "canonical")
        try await meanwhile(test)
        // Found anew: after a crash it is another engine's.
        let execution = try #require(try await test.engine.execution(named: "canonical", of: function))
        do {
            // So much time passes only where nothing is left to do: then the execution hangs.
            _ = try await execution.result(timeout: .days(1))
        } catch is ExecutionError {
            // It failed, as the history says.
        }
        // A handler that ran when its execution was ended from outside ends after it.
        await test.settle()
        let description = try await execution.description()
        let children = try await test.engine.executions().filter { $0.id != execution.id }
        let notation = HistoryNotation(
            startTime: description.startTime, callbacks: callbacks.all,
            children: children.map {
                "arn:indelible:lambda:local:000000000000:function:\($0.function):\($0.functionVersion)"
                    + "/durable-execution/\($0.name)/\($0.id)"
            })
        events = try await execution.history()
        lines = events.map(notation.line)
        #expect(HistoryRules.violation(in: events) == nil, sourceLocation: sourceLocation)
        let end = try #require(events.last { Self.statuses[$0.type] != nil })
        #expect(
            description.status == Self.statuses[end.type] && description.result == end.payload
                && description.error == end.error,
            sourceLocation: sourceLocation)
    }
}

/// Runs `function` once, and expects that its whole history is `expected`: see ``RecordedHistory`` for the parameters.
func expectHistory<Input, Output>(
    of function: DurableFunction<Input, Output>, input: Input, beside others: [any EngineFunction] = [],
    options: EngineOptions = EngineOptions(segmentSizes: [256 << 10]), callbacks: CallbackIDs = CallbackIDs(),
    _ expected: String, sourceLocation: SourceLocation = #_sourceLocation,
    meanwhile: (TestEngine) async throws -> Void = { _ in }
) async throws {
    try await RecordedHistory(
        of: function, input: input, beside: others, options: options, callbacks: callbacks,
        sourceLocation: sourceLocation, meanwhile: meanwhile
    ).expect(expected, sourceLocation: sourceLocation)
}

/// As the other ``expectHistory(of:input:beside:options:callbacks:_:sourceLocation:meanwhile:)``, of a function without an
/// input.
func expectHistory<Output>(
    of function: DurableFunction<Void, Output>, beside others: [any EngineFunction] = [],
    options: EngineOptions = EngineOptions(segmentSizes: [256 << 10]), callbacks: CallbackIDs = CallbackIDs(),
    _ expected: String, sourceLocation: SourceLocation = #_sourceLocation,
    meanwhile: (TestEngine) async throws -> Void = { _ in }
) async throws {
    try await expectHistory(
        of: function, input: (), beside: others, options: options, callbacks: callbacks, expected,
        sourceLocation: sourceLocation, meanwhile: meanwhile)
}
