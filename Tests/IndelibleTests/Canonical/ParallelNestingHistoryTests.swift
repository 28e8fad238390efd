import Indelible
import IndelibleTesting
import Testing

/// The histories of branches in other forms: AWS's conformance requirements 8-11, 8-12, 8-14, 8-15, 8-19 and 8-21.
@Suite(.bothWays) struct ParallelNestingHistoryTests {
    /// AWS asserts nothing after the second event: branches that run at the same time end in any order.
    @Test func `8-11: two branches at a time`() async throws {
        let function = DurableFunction("batch") { (context: DurableContext) in
            try await context.parallel("concurrent", maxConcurrency: 2) {
                DurableBranch { _ in "r0" }
                DurableBranch { _ in "r1" }
                DurableBranch { _ in "r2" }
            }.results
        }
        try await RecordedHistory(of: function, input: ()).expect(
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Parallel 'concurrent'
            3 0s ContextStarted 1-1 ParallelBranch 'parallel-branch-0' in 1
            4 0s ContextSucceeded 1-1 ParallelBranch 'parallel-branch-0' in 1, payload "r0"
            5 0s ContextStarted 1-2 ParallelBranch 'parallel-branch-1' in 1
            6 0s ContextSucceeded 1-2 ParallelBranch 'parallel-branch-1' in 1, payload "r1"
            7 0s ContextStarted 1-3 ParallelBranch 'parallel-branch-2' in 1
            8 0s ContextSucceeded 1-3 ParallelBranch 'parallel-branch-2' in 1, payload "r2"
            9 0s ContextSucceeded 1 Parallel 'concurrent', payload {"all":[\
            {"index":0,"name":"parallel-branch-0","result":"r0","status":"SUCCEEDED"},\
            {"index":1,"name":"parallel-branch-1","result":"r1","status":"SUCCEEDED"},\
            {"index":2,"name":"parallel-branch-2","result":"r2","status":"SUCCEEDED"}],\
            "completionReason":"ALL_COMPLETED"}
            10 0s InvocationCompleted, from 0s
            11 0s ExecutionSucceeded, payload ["r0","r1","r2"]
            """, anyOrder: 3...8)
    }

    @Test func `8-12: branches without contexts of their own`() async throws {
        let function = DurableFunction("batch") { (context: DurableContext) in
            try await context.parallel("flat", maxConcurrency: 1, nesting: .flat) {
                DurableBranch { branch in try await branch.step { _ in "fa" } }
                DurableBranch { branch in try await branch.step { _ in "fb" } }
            }.results
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Parallel 'flat'
            3 0s StepStarted 1-1-1 Step in 1
            4 0s StepSucceeded 1-1-1 Step in 1, attempt 1, payload "fa"
            5 0s StepStarted 1-2-1 Step in 1
            6 0s StepSucceeded 1-2-1 Step in 1, attempt 1, payload "fb"
            7 0s ContextSucceeded 1 Parallel 'flat', payload {"all":[\
            {"index":0,"name":"parallel-branch-0","result":"fa","status":"SUCCEEDED"},\
            {"index":1,"name":"parallel-branch-1","result":"fb","status":"SUCCEEDED"}],\
            "completionReason":"ALL_COMPLETED"}
            8 0s InvocationCompleted, from 0s
            9 0s ExecutionSucceeded, payload ["fa","fb"]
            """)
    }

    @Test func `8-14: a replay does not run a branch again that has succeeded`() async throws {
        let calls = Calls()
        let function = DurableFunction("batch") { (context: DurableContext) in
            try await context.parallel("replay", maxConcurrency: 1) {
                DurableBranch { branch in
                    calls.note("branch 0")
                    return try await branch.step { _ in "b0" }
                }
                DurableBranch { branch in
                    try await branch.wait(for: .seconds(2))
                    return "b1"
                }
            }.results
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Parallel 'replay'
            3 0s ContextStarted 1-1 ParallelBranch 'parallel-branch-0' in 1
            4 0s StepStarted 1-1-1 Step in 1-1
            5 0s StepSucceeded 1-1-1 Step in 1-1, attempt 1, payload "b0"
            6 0s ContextSucceeded 1-1 ParallelBranch 'parallel-branch-0' in 1, payload "b0"
            7 0s ContextStarted 1-2 ParallelBranch 'parallel-branch-1' in 1
            8 0s WaitStarted 1-2-1 Wait in 1-2, for 2s, until 2s
            9 0s InvocationCompleted, from 0s
            10 2s WaitSucceeded 1-2-1 Wait in 1-2, for 2s
            11 2s ContextSucceeded 1-2 ParallelBranch 'parallel-branch-1' in 1, payload "b1"
            12 2s ContextSucceeded 1 Parallel 'replay', payload {"all":[\
            {"index":0,"name":"parallel-branch-0","result":"b0","status":"SUCCEEDED"},\
            {"index":1,"name":"parallel-branch-1","result":"b1","status":"SUCCEEDED"}],\
            "completionReason":"ALL_COMPLETED"}
            13 2s InvocationCompleted, from 2s
            14 2s ExecutionSucceeded, payload ["b0","b1"]
            """)
        #expect(calls.all == ["branch 0"])
    }

    @Test func `8-15: branches have a serdes of their own`() async throws {
        /// `{"wrapped": value}` for a text.
        struct EnvelopeSerdes: Serdes {
            func encode<Value: Encodable>(_ value: Value, for place: SerdesPlace) throws -> [UInt8]? {
                try JSONSerdes().encode(["wrapped": try #require(value as? String)], for: place)
            }

            func decode<Value: Decodable>(
                _ type: Value.Type, from bytes: [UInt8]?, for place: SerdesPlace
            ) throws -> Value {
                let envelope = try JSONSerdes().decode([String: String].self, from: bytes, for: place)
                return try #require(envelope["wrapped"] as? Value)
            }
        }
        let function = DurableFunction("batch") { (context: DurableContext) in
            try await context.parallel("serde", maxConcurrency: 1, itemSerdes: EnvelopeSerdes()) {
                DurableBranch { _ in "x" }
                DurableBranch { _ in "y" }
            }.results
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Parallel 'serde'
            3 0s ContextStarted 1-1 ParallelBranch 'parallel-branch-0' in 1
            4 0s ContextSucceeded 1-1 ParallelBranch 'parallel-branch-0' in 1, payload {"wrapped":"x"}
            5 0s ContextStarted 1-2 ParallelBranch 'parallel-branch-1' in 1
            6 0s ContextSucceeded 1-2 ParallelBranch 'parallel-branch-1' in 1, payload {"wrapped":"y"}
            7 0s ContextSucceeded 1 Parallel 'serde', payload {"all":[\
            {"index":0,"name":"parallel-branch-0","result":"x","status":"SUCCEEDED"},\
            {"index":1,"name":"parallel-branch-1","result":"y","status":"SUCCEEDED"}],\
            "completionReason":"ALL_COMPLETED"}
            8 0s InvocationCompleted, from 0s
            9 0s ExecutionSucceeded, payload ["x","y"]
            """)
    }

    @Test func `8-19: no branch may run at a time, so nothing is recorded`() async throws {
        let function = DurableFunction("batch") { (context: DurableContext) in
            try await context.parallel("bad-concurrency", maxConcurrency: 0) {
                DurableBranch { _ in "x" }
                DurableBranch { _ in "y" }
            }.results
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s InvocationCompleted, from 0s, \
            error ContextError: a batch of concurrency 0 cannot start: at least 1
            3 0s ExecutionFailed, error ContextError: a batch of concurrency 0 cannot start: at least 1
            """)
    }

    @Test func `8-21: branches in a branch`() async throws {
        let function = DurableFunction("batch") { (context: DurableContext) in
            try await context.parallel("outer", maxConcurrency: 1) {
                DurableBranch { outer in
                    try await outer.parallel("inner", maxConcurrency: 1) {
                        DurableBranch { inner in try await inner.step { _ in "i1" } }
                        DurableBranch { inner in try await inner.step { _ in "i2" } }
                    }.results
                }
            }.results
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Parallel 'outer'
            3 0s ContextStarted 1-1 ParallelBranch 'parallel-branch-0' in 1
            4 0s ContextStarted 1-1-1 Parallel 'inner' in 1-1
            5 0s ContextStarted 1-1-1-1 ParallelBranch 'parallel-branch-0' in 1-1-1
            6 0s StepStarted 1-1-1-1-1 Step in 1-1-1-1
            7 0s StepSucceeded 1-1-1-1-1 Step in 1-1-1-1, attempt 1, payload "i1"
            8 0s ContextSucceeded 1-1-1-1 ParallelBranch 'parallel-branch-0' in 1-1-1, payload "i1"
            9 0s ContextStarted 1-1-1-2 ParallelBranch 'parallel-branch-1' in 1-1-1
            10 0s StepStarted 1-1-1-2-1 Step in 1-1-1-2
            11 0s StepSucceeded 1-1-1-2-1 Step in 1-1-1-2, attempt 1, payload "i2"
            12 0s ContextSucceeded 1-1-1-2 ParallelBranch 'parallel-branch-1' in 1-1-1, payload "i2"
            13 0s ContextSucceeded 1-1-1 Parallel 'inner' in 1-1, payload {"all":[\
            {"index":0,"name":"parallel-branch-0","result":"i1","status":"SUCCEEDED"},\
            {"index":1,"name":"parallel-branch-1","result":"i2","status":"SUCCEEDED"}],\
            "completionReason":"ALL_COMPLETED"}
            14 0s ContextSucceeded 1-1 ParallelBranch 'parallel-branch-0' in 1, payload ["i1","i2"]
            15 0s ContextSucceeded 1 Parallel 'outer', payload {"all":[\
            {"index":0,"name":"parallel-branch-0","result":["i1","i2"],"status":"SUCCEEDED"}],\
            "completionReason":"ALL_COMPLETED"}
            16 0s InvocationCompleted, from 0s
            17 0s ExecutionSucceeded, payload [["i1","i2"]]
            """)
    }
}
