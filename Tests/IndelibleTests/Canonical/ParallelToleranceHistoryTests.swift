import Indelible
import IndelibleTesting
import Testing

/// The histories of branches of which some fail and all run: AWS's conformance requirements 8-9, 8-16, 8-17, 8-20 and 8-22.
@Suite(.bothWays) struct ParallelToleranceHistoryTests {
    @Test func `8-9: a failure that is tolerated ends nothing`() async throws {
        try await expectHistory(
            of: ParallelCompletionHistoryTests.function("tolerated", ["a", nil, "c"], .tolerating(failures: 1)) {
                BatchProjection.all(of: $0)
            },
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Parallel 'tolerated'
            3 0s ContextStarted 1-1 ParallelBranch 'parallel-branch-0' in 1
            4 0s ContextSucceeded 1-1 ParallelBranch 'parallel-branch-0' in 1, payload "a"
            5 0s ContextStarted 1-2 ParallelBranch 'parallel-branch-1' in 1
            6 0s ContextFailed 1-2 ParallelBranch 'parallel-branch-1' in 1, error ItemFailed: no result
            7 0s ContextStarted 1-3 ParallelBranch 'parallel-branch-2' in 1
            8 0s ContextSucceeded 1-3 ParallelBranch 'parallel-branch-2' in 1, payload "c"
            9 0s ContextSucceeded 1 Parallel 'tolerated', payload {"all":[\
            {"index":0,"name":"parallel-branch-0","result":"a","status":"SUCCEEDED"},\
            {"error":{"message":"no result","stackTrace":[],"type":"ItemFailed"},\
            "index":1,"name":"parallel-branch-1","status":"FAILED"},\
            {"index":2,"name":"parallel-branch-2","result":"c","status":"SUCCEEDED"}],\
            "completionReason":"ALL_COMPLETED"}
            10 0s InvocationCompleted, from 0s
            11 0s ExecutionSucceeded, payload {"completionReason":"ALL_COMPLETED","failureCount":1,\
            "status":"FAILED","successCount":2,"totalCount":3}
            """)
    }

    @Test func `8-16: all branches fail, and are tolerated`() async throws {
        try await expectHistory(
            of: ParallelCompletionHistoryTests.function("all-fail", [nil, nil, nil], .tolerating(failures: 3)) {
                BatchProjection.all(of: $0)
            },
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Parallel 'all-fail'
            3 0s ContextStarted 1-1 ParallelBranch 'parallel-branch-0' in 1
            4 0s ContextFailed 1-1 ParallelBranch 'parallel-branch-0' in 1, error ItemFailed: no result
            5 0s ContextStarted 1-2 ParallelBranch 'parallel-branch-1' in 1
            6 0s ContextFailed 1-2 ParallelBranch 'parallel-branch-1' in 1, error ItemFailed: no result
            7 0s ContextStarted 1-3 ParallelBranch 'parallel-branch-2' in 1
            8 0s ContextFailed 1-3 ParallelBranch 'parallel-branch-2' in 1, error ItemFailed: no result
            9 0s ContextSucceeded 1 Parallel 'all-fail', payload {"all":[\
            {"error":{"message":"no result","stackTrace":[],"type":"ItemFailed"},\
            "index":0,"name":"parallel-branch-0","status":"FAILED"},\
            {"error":{"message":"no result","stackTrace":[],"type":"ItemFailed"},\
            "index":1,"name":"parallel-branch-1","status":"FAILED"},\
            {"error":{"message":"no result","stackTrace":[],"type":"ItemFailed"},\
            "index":2,"name":"parallel-branch-2","status":"FAILED"}],"completionReason":"ALL_COMPLETED"}
            10 0s InvocationCompleted, from 0s
            11 0s ExecutionSucceeded, payload {"completionReason":"ALL_COMPLETED","failureCount":3,\
            "status":"FAILED","successCount":0,"totalCount":3}
            """)
    }

    @Test func `8-17: too few successes end nothing`() async throws {
        try await expectHistory(
            of: ParallelCompletionHistoryTests.function("min-not-reached", ["a", nil, "c"], .successful(3)) {
                BatchProjection.all(of: $0)
            },
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Parallel 'min-not-reached'
            3 0s ContextStarted 1-1 ParallelBranch 'parallel-branch-0' in 1
            4 0s ContextSucceeded 1-1 ParallelBranch 'parallel-branch-0' in 1, payload "a"
            5 0s ContextStarted 1-2 ParallelBranch 'parallel-branch-1' in 1
            6 0s ContextFailed 1-2 ParallelBranch 'parallel-branch-1' in 1, error ItemFailed: no result
            7 0s ContextStarted 1-3 ParallelBranch 'parallel-branch-2' in 1
            8 0s ContextSucceeded 1-3 ParallelBranch 'parallel-branch-2' in 1, payload "c"
            9 0s ContextSucceeded 1 Parallel 'min-not-reached', payload {"all":[\
            {"index":0,"name":"parallel-branch-0","result":"a","status":"SUCCEEDED"},\
            {"error":{"message":"no result","stackTrace":[],"type":"ItemFailed"},\
            "index":1,"name":"parallel-branch-1","status":"FAILED"},\
            {"index":2,"name":"parallel-branch-2","result":"c","status":"SUCCEEDED"}],\
            "completionReason":"ALL_COMPLETED"}
            10 0s InvocationCompleted, from 0s
            11 0s ExecutionSucceeded, payload {"completionReason":"ALL_COMPLETED","failureCount":1,\
            "status":"FAILED","successCount":2,"totalCount":3}
            """)
    }

    struct Accessors: Codable {
        var hasFailure: Bool
        var successCount: Int
        var failureCount: Int
        var errorCount: Int

        init(_ batch: BatchResult<String>) {
            hasFailure = batch.hasFailure
            successCount = batch.succeeded.count
            failureCount = batch.failed.count
            errorCount = batch.errors.count
        }
    }

    @Test func `8-20: a handler asks for what succeeded and what failed`() async throws {
        try await expectHistory(
            of: ParallelCompletionHistoryTests.function("accessors", ["a", nil, "c"], .tolerating(failures: 1)) {
                Accessors($0)
            },
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Parallel 'accessors'
            3 0s ContextStarted 1-1 ParallelBranch 'parallel-branch-0' in 1
            4 0s ContextSucceeded 1-1 ParallelBranch 'parallel-branch-0' in 1, payload "a"
            5 0s ContextStarted 1-2 ParallelBranch 'parallel-branch-1' in 1
            6 0s ContextFailed 1-2 ParallelBranch 'parallel-branch-1' in 1, error ItemFailed: no result
            7 0s ContextStarted 1-3 ParallelBranch 'parallel-branch-2' in 1
            8 0s ContextSucceeded 1-3 ParallelBranch 'parallel-branch-2' in 1, payload "c"
            9 0s ContextSucceeded 1 Parallel 'accessors', payload {"all":[\
            {"index":0,"name":"parallel-branch-0","result":"a","status":"SUCCEEDED"},\
            {"error":{"message":"no result","stackTrace":[],"type":"ItemFailed"},\
            "index":1,"name":"parallel-branch-1","status":"FAILED"},\
            {"index":2,"name":"parallel-branch-2","result":"c","status":"SUCCEEDED"}],\
            "completionReason":"ALL_COMPLETED"}
            10 0s InvocationCompleted, from 0s
            11 0s ExecutionSucceeded, payload {"errorCount":1,"failureCount":1,"hasFailure":true,"successCount":2}
            """)
    }

    @Test func `8-22: failures of exactly the tolerated percentage end nothing`() async throws {
        try await expectHistory(
            of: ParallelCompletionHistoryTests.function(
                "pct-boundary", [nil, "b", "c", "d"], .tolerating(percentage: 25)
            ) {
                BatchProjection.all(of: $0)
            },
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Parallel 'pct-boundary'
            3 0s ContextStarted 1-1 ParallelBranch 'parallel-branch-0' in 1
            4 0s ContextFailed 1-1 ParallelBranch 'parallel-branch-0' in 1, error ItemFailed: no result
            5 0s ContextStarted 1-2 ParallelBranch 'parallel-branch-1' in 1
            6 0s ContextSucceeded 1-2 ParallelBranch 'parallel-branch-1' in 1, payload "b"
            7 0s ContextStarted 1-3 ParallelBranch 'parallel-branch-2' in 1
            8 0s ContextSucceeded 1-3 ParallelBranch 'parallel-branch-2' in 1, payload "c"
            9 0s ContextStarted 1-4 ParallelBranch 'parallel-branch-3' in 1
            10 0s ContextSucceeded 1-4 ParallelBranch 'parallel-branch-3' in 1, payload "d"
            11 0s ContextSucceeded 1 Parallel 'pct-boundary', payload {"all":[\
            {"error":{"message":"no result","stackTrace":[],"type":"ItemFailed"},\
            "index":0,"name":"parallel-branch-0","status":"FAILED"},\
            {"index":1,"name":"parallel-branch-1","result":"b","status":"SUCCEEDED"},\
            {"index":2,"name":"parallel-branch-2","result":"c","status":"SUCCEEDED"},\
            {"index":3,"name":"parallel-branch-3","result":"d","status":"SUCCEEDED"}],\
            "completionReason":"ALL_COMPLETED"}
            12 0s InvocationCompleted, from 0s
            13 0s ExecutionSucceeded, payload {"completionReason":"ALL_COMPLETED","failureCount":1,\
            "status":"FAILED","successCount":3,"totalCount":4}
            """)
    }
}
