import Indelible
import IndelibleTesting
import Testing

/// The histories of items of which some fail, or some do not start: AWS's conformance requirements 9-5 to 9-10.
@Suite(.bothWays) struct MapCompletionHistoryTests {
    /// Runs a body for each item, one after the other, which returns the item, or fails for `fail`.
    static func function<Output: Codable & Sendable & SendableMetatype>(
        _ name: String, _ items: [String], _ completion: BatchCompletion,
        returning output: @escaping @Sendable (BatchResult<String>) throws -> Output
    ) -> DurableFunction<Void, Output> {
        DurableFunction("batch") { (context: DurableContext) in
            let batch = try await context.map(name, items, maxConcurrency: 1, completion: completion) { item, _ in
                if item == "fail" { throw ItemFailed() }
                return item
            }
            return try output(batch)
        }
    }

    @Test func `9-5: the first failure ends the batch, which succeeds`() async throws {
        try await expectHistory(
            of: Self.function("failfast", ["ok", "fail", "late"], .tolerating(failures: 0)) {
                BatchProjection.all(of: $0)
            },
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Map 'failfast'
            3 0s ContextStarted 1-1 MapIteration 'map-item-0' in 1
            4 0s ContextSucceeded 1-1 MapIteration 'map-item-0' in 1, payload "ok"
            5 0s ContextStarted 1-2 MapIteration 'map-item-1' in 1
            6 0s ContextFailed 1-2 MapIteration 'map-item-1' in 1, error ItemFailed: no result
            7 0s ContextSucceeded 1 Map 'failfast', payload {"all":[\
            {"index":0,"name":"map-item-0","result":"ok","status":"SUCCEEDED"},\
            {"error":{"message":"no result","stackTrace":[],"type":"ItemFailed"},\
            "index":1,"name":"map-item-1","status":"FAILED"}],"completionReason":"FAILURE_TOLERANCE_EXCEEDED"}
            8 0s InvocationCompleted, from 0s
            9 0s ExecutionSucceeded, payload {"completionReason":"FAILURE_TOLERANCE_EXCEEDED","failureCount":1,\
            "status":"FAILED","successCount":1,"totalCount":2}
            """)
    }

    @Test func `9-6: a handler throws on what an item has failed with`() async throws {
        try await expectHistory(
            of: Self.function("throwing", ["fail", "late"], .tolerating(failures: 0)) { try $0.throwIfError().results },
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Map 'throwing'
            3 0s ContextStarted 1-1 MapIteration 'map-item-0' in 1
            4 0s ContextFailed 1-1 MapIteration 'map-item-0' in 1, error ItemFailed: no result
            5 0s ContextSucceeded 1 Map 'throwing', payload {"all":[\
            {"error":{"message":"no result","stackTrace":[],"type":"ItemFailed"},\
            "index":0,"name":"map-item-0","status":"FAILED"}],"completionReason":"FAILURE_TOLERANCE_EXCEEDED"}
            6 0s InvocationCompleted, from 0s, error ChildContextError: no result
            7 0s ExecutionFailed, error ChildContextError: no result
            """)
    }

    @Test func `9-7: enough successes end the batch`() async throws {
        try await expectHistory(
            of: Self.function("min-successful", ["a", "b", "c", "d"], .successful(2)) {
                BatchProjection.successes(of: $0)
            },
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Map 'min-successful'
            3 0s ContextStarted 1-1 MapIteration 'map-item-0' in 1
            4 0s ContextSucceeded 1-1 MapIteration 'map-item-0' in 1, payload "a"
            5 0s ContextStarted 1-2 MapIteration 'map-item-1' in 1
            6 0s ContextSucceeded 1-2 MapIteration 'map-item-1' in 1, payload "b"
            7 0s ContextSucceeded 1 Map 'min-successful', payload {"all":[\
            {"index":0,"name":"map-item-0","result":"a","status":"SUCCEEDED"},\
            {"index":1,"name":"map-item-1","result":"b","status":"SUCCEEDED"}],\
            "completionReason":"MIN_SUCCESSFUL_REACHED"}
            8 0s InvocationCompleted, from 0s
            9 0s ExecutionSucceeded, payload {"completionReason":"MIN_SUCCESSFUL_REACHED","successCount":2,\
            "totalCount":2}
            """)
    }

    @Test func `9-8: a failure that is tolerated ends nothing`() async throws {
        try await expectHistory(
            of: Self.function("tolerated", ["a", "fail", "c"], .tolerating(failures: 1)) {
                BatchProjection.all(of: $0)
            },
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Map 'tolerated'
            3 0s ContextStarted 1-1 MapIteration 'map-item-0' in 1
            4 0s ContextSucceeded 1-1 MapIteration 'map-item-0' in 1, payload "a"
            5 0s ContextStarted 1-2 MapIteration 'map-item-1' in 1
            6 0s ContextFailed 1-2 MapIteration 'map-item-1' in 1, error ItemFailed: no result
            7 0s ContextStarted 1-3 MapIteration 'map-item-2' in 1
            8 0s ContextSucceeded 1-3 MapIteration 'map-item-2' in 1, payload "c"
            9 0s ContextSucceeded 1 Map 'tolerated', payload {"all":[\
            {"index":0,"name":"map-item-0","result":"a","status":"SUCCEEDED"},\
            {"error":{"message":"no result","stackTrace":[],"type":"ItemFailed"},\
            "index":1,"name":"map-item-1","status":"FAILED"},\
            {"index":2,"name":"map-item-2","result":"c","status":"SUCCEEDED"}],"completionReason":"ALL_COMPLETED"}
            10 0s InvocationCompleted, from 0s
            11 0s ExecutionSucceeded, payload {"completionReason":"ALL_COMPLETED","failureCount":1,\
            "status":"FAILED","successCount":2,"totalCount":3}
            """)
    }

    /// Two failures, of which the second is not tolerated: by number in 9-9, by percentage in 9-10.
    @Test(
        arguments: [
            ("9-9", "tolerated-exceeded", 3, .tolerating(failures: 1)),
            ("9-10", "tolerated-pct", 4, .tolerating(percentage: 25)),
        ] as [(String, String, Int, BatchCompletion)])
    func `9-9, 9-10: one failure too many ends the batch`(
        id: String, name: String, count: Int, completion: BatchCompletion
    ) async throws {
        try await expectHistory(
            of: Self.function(name, Array(repeating: "fail", count: count), completion) {
                BatchProjection.counts(of: $0)
            },
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Map '\(name)'
            3 0s ContextStarted 1-1 MapIteration 'map-item-0' in 1
            4 0s ContextFailed 1-1 MapIteration 'map-item-0' in 1, error ItemFailed: no result
            5 0s ContextStarted 1-2 MapIteration 'map-item-1' in 1
            6 0s ContextFailed 1-2 MapIteration 'map-item-1' in 1, error ItemFailed: no result
            7 0s ContextSucceeded 1 Map '\(name)', payload {"all":[\
            {"error":{"message":"no result","stackTrace":[],"type":"ItemFailed"},\
            "index":0,"name":"map-item-0","status":"FAILED"},\
            {"error":{"message":"no result","stackTrace":[],"type":"ItemFailed"},\
            "index":1,"name":"map-item-1","status":"FAILED"}],"completionReason":"FAILURE_TOLERANCE_EXCEEDED"}
            8 0s InvocationCompleted, from 0s
            9 0s ExecutionSucceeded, payload {"completionReason":"FAILURE_TOLERANCE_EXCEEDED","failureCount":2,\
            "successCount":0,"totalCount":2}
            """)
    }
}
