import Indelible
import IndelibleTesting
import Testing

/// The histories of branches of which some do not start: AWS's conformance requirements 8-6 to 8-8, 8-10, 8-13 and 8-18.
@Suite(.bothWays) struct ParallelCompletionHistoryTests {
    /// Runs branches one after the other, each of which returns its text, or fails where it has none.
    static func function<Output: Codable & Sendable & SendableMetatype>(
        _ name: String, _ results: [String?], _ completion: BatchCompletion,
        returning output: @escaping @Sendable (BatchResult<String>) throws -> Output
    ) -> DurableFunction<Void, Output> {
        DurableFunction("batch") { (context: DurableContext) in
            let batch = try await context.parallel(name, maxConcurrency: 1, completion: completion) {
                for result in results {
                    DurableBranch { _ in
                        guard let result else { throw ItemFailed() }
                        return result
                    }
                }
            }
            return try output(batch)
        }
    }

    @Test func `8-6: the first failure ends the batch, which succeeds`() async throws {
        try await expectHistory(
            of: Self.function("failfast", ["ok", nil, "late"], .tolerating(failures: 0)) {
                BatchProjection.all(of: $0)
            },
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Parallel 'failfast'
            3 0s ContextStarted 1-1 ParallelBranch 'parallel-branch-0' in 1
            4 0s ContextSucceeded 1-1 ParallelBranch 'parallel-branch-0' in 1, payload "ok"
            5 0s ContextStarted 1-2 ParallelBranch 'parallel-branch-1' in 1
            6 0s ContextFailed 1-2 ParallelBranch 'parallel-branch-1' in 1, error ItemFailed: no result
            7 0s ContextSucceeded 1 Parallel 'failfast', payload {"all":[\
            {"index":0,"name":"parallel-branch-0","result":"ok","status":"SUCCEEDED"},\
            {"error":{"message":"no result","stackTrace":[],"type":"ItemFailed"},\
            "index":1,"name":"parallel-branch-1","status":"FAILED"}],\
            "completionReason":"FAILURE_TOLERANCE_EXCEEDED"}
            8 0s InvocationCompleted, from 0s
            9 0s ExecutionSucceeded, payload {"completionReason":"FAILURE_TOLERANCE_EXCEEDED","failureCount":1,\
            "status":"FAILED","successCount":1,"totalCount":2}
            """)
    }

    @Test func `8-7: a handler throws on what a branch has failed with`() async throws {
        try await expectHistory(
            of: Self.function("throwing", [nil, "late"], .tolerating(failures: 0)) { try $0.throwIfError().results },
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Parallel 'throwing'
            3 0s ContextStarted 1-1 ParallelBranch 'parallel-branch-0' in 1
            4 0s ContextFailed 1-1 ParallelBranch 'parallel-branch-0' in 1, error ItemFailed: no result
            5 0s ContextSucceeded 1 Parallel 'throwing', payload {"all":[\
            {"error":{"message":"no result","stackTrace":[],"type":"ItemFailed"},\
            "index":0,"name":"parallel-branch-0","status":"FAILED"}],\
            "completionReason":"FAILURE_TOLERANCE_EXCEEDED"}
            6 0s InvocationCompleted, from 0s, error ChildContextError: no result
            7 0s ExecutionFailed, error ChildContextError: no result
            """)
    }

    @Test func `8-8: enough successes end the batch`() async throws {
        try await expectHistory(
            of: Self.function("min-successful", ["a", "b", "c", "d"], .successful(2)) {
                BatchProjection.successes(of: $0)
            },
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Parallel 'min-successful'
            3 0s ContextStarted 1-1 ParallelBranch 'parallel-branch-0' in 1
            4 0s ContextSucceeded 1-1 ParallelBranch 'parallel-branch-0' in 1, payload "a"
            5 0s ContextStarted 1-2 ParallelBranch 'parallel-branch-1' in 1
            6 0s ContextSucceeded 1-2 ParallelBranch 'parallel-branch-1' in 1, payload "b"
            7 0s ContextSucceeded 1 Parallel 'min-successful', payload {"all":[\
            {"index":0,"name":"parallel-branch-0","result":"a","status":"SUCCEEDED"},\
            {"index":1,"name":"parallel-branch-1","result":"b","status":"SUCCEEDED"}],\
            "completionReason":"MIN_SUCCESSFUL_REACHED"}
            8 0s InvocationCompleted, from 0s
            9 0s ExecutionSucceeded, payload {"completionReason":"MIN_SUCCESSFUL_REACHED","successCount":2,\
            "totalCount":2}
            """)
    }

    /// Two failures, of which the second is not tolerated: by number in 8-10, by percentage in 8-13, and by number although
    /// successes are counted too in 8-18.
    @Test(
        arguments: [
            ("8-10", "tolerated-exceeded", 3, BatchCompletion.tolerating(failures: 1)),
            ("8-13", "tolerated-pct", 4, .tolerating(percentage: 25)),
            ("8-18", "combined", 4, BatchCompletion(minSuccessful: 3, toleratedFailures: 1)),
        ])
    func `8-10, 8-13, 8-18: one failure too many ends the batch`(
        id: String, name: String, count: Int, completion: BatchCompletion
    ) async throws {
        try await expectHistory(
            of: Self.function(name, Array(repeating: nil, count: count), completion) { BatchProjection.counts(of: $0) },
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Parallel '\(name)'
            3 0s ContextStarted 1-1 ParallelBranch 'parallel-branch-0' in 1
            4 0s ContextFailed 1-1 ParallelBranch 'parallel-branch-0' in 1, error ItemFailed: no result
            5 0s ContextStarted 1-2 ParallelBranch 'parallel-branch-1' in 1
            6 0s ContextFailed 1-2 ParallelBranch 'parallel-branch-1' in 1, error ItemFailed: no result
            7 0s ContextSucceeded 1 Parallel '\(name)', payload {"all":[\
            {"error":{"message":"no result","stackTrace":[],"type":"ItemFailed"},\
            "index":0,"name":"parallel-branch-0","status":"FAILED"},\
            {"error":{"message":"no result","stackTrace":[],"type":"ItemFailed"},\
            "index":1,"name":"parallel-branch-1","status":"FAILED"}],\
            "completionReason":"FAILURE_TOLERANCE_EXCEEDED"}
            8 0s InvocationCompleted, from 0s
            9 0s ExecutionSucceeded, payload {"completionReason":"FAILURE_TOLERANCE_EXCEEDED","failureCount":2,\
            "successCount":0,"totalCount":2}
            """)
    }
}
