import Indelible
import IndelibleTesting
import Testing

/// Batches that a rule of the user's ends.
@Suite(.bothWays) struct BatchCustomCompletionTests {
    /// Two items that have ended end the batch well, although one of them has failed; the third does not start.
    static let succeeding = BatchCompletion.custom { $0.completedCount == 2 ? .succeed : .goOn }
    /// A success is enough to fail it.
    static let failing = BatchCompletion.custom { $0.successCount == 1 ? .fail : .goOn }

    @Test func `a rule ends a map well, whatever failed`() async throws {
        try await expectHistory(
            of: MapCompletionHistoryTests.function("rule", ["a", "fail", "c"], Self.succeeding) {
                BatchProjection.all(of: $0)
            },
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Map 'rule'
            3 0s ContextStarted 1-1 MapIteration 'map-item-0' in 1
            4 0s ContextSucceeded 1-1 MapIteration 'map-item-0' in 1, payload "a"
            5 0s ContextStarted 1-2 MapIteration 'map-item-1' in 1
            6 0s ContextFailed 1-2 MapIteration 'map-item-1' in 1, error ItemFailed: no result
            7 0s ContextSucceeded 1 Map 'rule', payload {"all":[\
            {"index":0,"name":"map-item-0","result":"a","status":"SUCCEEDED"},\
            {"error":{"message":"no result","stackTrace":[],"type":"ItemFailed"},\
            "index":1,"name":"map-item-1","status":"FAILED"}],"completionReason":"CUSTOM_COMPLETION_SUCCEEDED"}
            8 0s InvocationCompleted, from 0s
            9 0s ExecutionSucceeded, payload {"completionReason":"CUSTOM_COMPLETION_SUCCEEDED","failureCount":1,\
            "status":"SUCCEEDED","successCount":1,"totalCount":2}
            """)
    }

    @Test func `a rule ends a map badly, whatever succeeded`() async throws {
        try await expectHistory(
            of: MapCompletionHistoryTests.function("rule", ["a", "b"], Self.failing) { BatchProjection.all(of: $0) },
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Map 'rule'
            3 0s ContextStarted 1-1 MapIteration 'map-item-0' in 1
            4 0s ContextSucceeded 1-1 MapIteration 'map-item-0' in 1, payload "a"
            5 0s ContextSucceeded 1 Map 'rule', payload {"all":[\
            {"index":0,"name":"map-item-0","result":"a","status":"SUCCEEDED"}],\
            "completionReason":"CUSTOM_COMPLETION_FAILED"}
            6 0s InvocationCompleted, from 0s
            7 0s ExecutionSucceeded, payload {"completionReason":"CUSTOM_COMPLETION_FAILED","failureCount":0,\
            "status":"FAILED","successCount":1,"totalCount":1}
            """)
    }

    @Test func `a rule ends branches well, whatever failed`() async throws {
        try await expectHistory(
            of: ParallelCompletionHistoryTests.function("rule", [nil, "b", "c"], Self.succeeding) {
                BatchProjection.all(of: $0)
            },
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Parallel 'rule'
            3 0s ContextStarted 1-1 ParallelBranch 'parallel-branch-0' in 1
            4 0s ContextFailed 1-1 ParallelBranch 'parallel-branch-0' in 1, error ItemFailed: no result
            5 0s ContextStarted 1-2 ParallelBranch 'parallel-branch-1' in 1
            6 0s ContextSucceeded 1-2 ParallelBranch 'parallel-branch-1' in 1, payload "b"
            7 0s ContextSucceeded 1 Parallel 'rule', payload {"all":[\
            {"error":{"message":"no result","stackTrace":[],"type":"ItemFailed"},\
            "index":0,"name":"parallel-branch-0","status":"FAILED"},\
            {"index":1,"name":"parallel-branch-1","result":"b","status":"SUCCEEDED"}],\
            "completionReason":"CUSTOM_COMPLETION_SUCCEEDED"}
            8 0s InvocationCompleted, from 0s
            9 0s ExecutionSucceeded, payload {"completionReason":"CUSTOM_COMPLETION_SUCCEEDED","failureCount":1,\
            "status":"SUCCEEDED","successCount":1,"totalCount":2}
            """)
    }

    @Test func `a batch that a rule has failed fails the handler that lets it through, by its counts`() async throws {
        try await expectHistory(
            of: ParallelCompletionHistoryTests.function("rule", ["a", "b"], Self.failing) {
                try $0.throwIfError().results
            },
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Parallel 'rule'
            3 0s ContextStarted 1-1 ParallelBranch 'parallel-branch-0' in 1
            4 0s ContextSucceeded 1-1 ParallelBranch 'parallel-branch-0' in 1, payload "a"
            5 0s ContextSucceeded 1 Parallel 'rule', payload {"all":[\
            {"index":0,"name":"parallel-branch-0","result":"a","status":"SUCCEEDED"}],\
            "completionReason":"CUSTOM_COMPLETION_FAILED"}
            6 0s InvocationCompleted, from 0s, error BatchError: \
            the batch is CUSTOM_COMPLETION_FAILED: 1 items succeeded, 0 failed
            7 0s ExecutionFailed, error BatchError: the batch is CUSTOM_COMPLETION_FAILED: 1 items succeeded, 0 failed
            """)
    }

    @Test func `a rule that is content at once starts nothing`() async throws {
        try await expectHistory(
            of: MapCompletionHistoryTests.function("rule", ["a"], .custom { _ in .succeed }) {
                BatchProjection.all(of: $0)
            },
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Map 'rule'
            3 0s ContextSucceeded 1 Map 'rule', payload {"all":[],"completionReason":"CUSTOM_COMPLETION_SUCCEEDED"}
            4 0s InvocationCompleted, from 0s
            5 0s ExecutionSucceeded, payload {"completionReason":"CUSTOM_COMPLETION_SUCCEEDED","failureCount":0,\
            "status":"SUCCEEDED","successCount":0,"totalCount":0}
            """)
    }

    struct Rule: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var decide: @Sendable (BatchProgress) -> BatchDecision
        var reason: String
        var status: String
    }

    static let rules = [
        Rule(
            testDescription: "succeed", decide: { $0.completedCount == 2 ? .succeed : .goOn },
            reason: "CUSTOM_COMPLETION_SUCCEEDED", status: "SUCCEEDED"),
        Rule(
            testDescription: "fail", decide: { $0.completedCount == 2 ? .fail : .goOn },
            reason: "CUSTOM_COMPLETION_FAILED", status: "FAILED"),
    ]

    /// Three items, of which the second one fails, a rest after them, and a rule that nobody may ask after it.
    static func resting(_ rule: Rule, isLarge: Bool, _ nesting: BatchNesting, _ asked: Calls)
        -> DurableFunction<Void, [String]>
    {
        DurableFunction("rest") { (context: DurableContext) in
            let completion = BatchCompletion.custom { progress in
                asked.note("rule")
                return rule.decide(progress)
            }
            let batch = try await context.map(
                "rule", ["a", "fail", "c"], maxConcurrency: 1, completion: completion, nesting: nesting,
                serdes: isLarge ? PaddingSerdes() as any Serdes : JSONSerdes(), itemSerdes: .json
            ) { item, context in
                try await context.step("work", retry: .none) { _ in
                    asked.note("step")
                    if item == "fail" { throw ItemFailed() }
                    return item
                }
            }
            try await context.wait("rest", for: .hours(1))
            return [batch.completionReason.rawValue, batch.status.rawValue] + batch.results
                + batch.errors.map { "\($0)" } + batch.items.map { "\($0.index)" }
        }
    }

    @Test(arguments: rules, [BatchNesting.nested, .flat])
    func `what a rule has said is read from the record, with a large result and without`(
        rule: Rule, nesting: BatchNesting
    ) async throws {
        for isLarge in [false, true] {
            let asked = Calls()
            let function = Self.resting(rule, isLarge: isLarge, nesting, asked)
            let test = try await TestEngine(functions: [function])
            let id = try await test.engine.start(function).id
            await test.settle()
            let before = asked.all
            #expect(asked.count(of: "step") == 2)
            try await test.crash()
            let execution = try #require(try await test.engine.execution(id: id, of: function))
            #expect(
                try await execution.result()
                    == [rule.reason, rule.status, "a", "StepError: no result", "0", "1"])
            #expect(asked.all == before, "nobody is asked again")
            let ended = try await execution.history().first {
                $0.type == "ContextSucceeded" && $0.operation?.kind == "Map"
            }
            guard isLarge else { continue }
            // Two of two had ended: none is listed as one that had not.
            #expect(
                ended?.payload.map { String(decoding: $0, as: UTF8.self) }
                    == #"{"completionReason":"\#(rule.reason)","failureCount":1,"startedCount":0,"#
                    + #""startedIndexes":[],"status":"\#(rule.status)","successCount":1,"totalCount":2,"#
                    + #""type":"MapResult"}"#)
        }
    }
}
