import Indelible
import IndelibleTesting
import Testing

/// The histories of branches that succeed: AWS's conformance requirements 8-1 to 8-5.
///
/// AWS leaves open what is recorded of a batch as a whole: here each item with its status and what it came to.
@Suite(.bothWays) struct ParallelHistoryTests {
    @Test func `8-1: two branches with a step each`() async throws {
        let function = DurableFunction("batch") { (context: DurableContext) in
            try await context.parallel("parallel", maxConcurrency: 1) {
                DurableBranch { branch in try await branch.step { _ in "task-1" } }
                DurableBranch { branch in try await branch.step { _ in "task-2" } }
            }.results
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Parallel 'parallel'
            3 0s ContextStarted 1-1 ParallelBranch 'parallel-branch-0' in 1
            4 0s StepStarted 1-1-1 Step in 1-1
            5 0s StepSucceeded 1-1-1 Step in 1-1, attempt 1, payload "task-1"
            6 0s ContextSucceeded 1-1 ParallelBranch 'parallel-branch-0' in 1, payload "task-1"
            7 0s ContextStarted 1-2 ParallelBranch 'parallel-branch-1' in 1
            8 0s StepStarted 1-2-1 Step in 1-2
            9 0s StepSucceeded 1-2-1 Step in 1-2, attempt 1, payload "task-2"
            10 0s ContextSucceeded 1-2 ParallelBranch 'parallel-branch-1' in 1, payload "task-2"
            11 0s ContextSucceeded 1 Parallel 'parallel', payload {"all":[\
            {"index":0,"name":"parallel-branch-0","result":"task-1","status":"SUCCEEDED"},\
            {"index":1,"name":"parallel-branch-1","result":"task-2","status":"SUCCEEDED"}],\
            "completionReason":"ALL_COMPLETED"}
            12 0s InvocationCompleted, from 0s
            13 0s ExecutionSucceeded, payload ["task-1","task-2"]
            """)
    }

    @Test func `8-2: branches without a name`() async throws {
        let function = DurableFunction("batch") { (context: DurableContext) in
            try await context.parallel(maxConcurrency: 1) {
                DurableBranch { _ in "alpha" }
                DurableBranch { _ in "beta" }
            }.results
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Parallel
            3 0s ContextStarted 1-1 ParallelBranch 'parallel-branch-0' in 1
            4 0s ContextSucceeded 1-1 ParallelBranch 'parallel-branch-0' in 1, payload "alpha"
            5 0s ContextStarted 1-2 ParallelBranch 'parallel-branch-1' in 1
            6 0s ContextSucceeded 1-2 ParallelBranch 'parallel-branch-1' in 1, payload "beta"
            7 0s ContextSucceeded 1 Parallel, payload {"all":[\
            {"index":0,"name":"parallel-branch-0","result":"alpha","status":"SUCCEEDED"},\
            {"index":1,"name":"parallel-branch-1","result":"beta","status":"SUCCEEDED"}],\
            "completionReason":"ALL_COMPLETED"}
            8 0s InvocationCompleted, from 0s
            9 0s ExecutionSucceeded, payload ["alpha","beta"]
            """)
    }

    @Test func `8-3: branches with names`() async throws {
        let function = DurableFunction("batch") { (context: DurableContext) in
            try await context.parallel("named", maxConcurrency: 1) {
                DurableBranch("first") { _ in "one" }
                DurableBranch("second") { _ in "two" }
            }.results
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Parallel 'named'
            3 0s ContextStarted 1-1 ParallelBranch 'first' in 1
            4 0s ContextSucceeded 1-1 ParallelBranch 'first' in 1, payload "one"
            5 0s ContextStarted 1-2 ParallelBranch 'second' in 1
            6 0s ContextSucceeded 1-2 ParallelBranch 'second' in 1, payload "two"
            7 0s ContextSucceeded 1 Parallel 'named', payload {"all":[\
            {"index":0,"name":"first","result":"one","status":"SUCCEEDED"},\
            {"index":1,"name":"second","result":"two","status":"SUCCEEDED"}],"completionReason":"ALL_COMPLETED"}
            8 0s InvocationCompleted, from 0s
            9 0s ExecutionSucceeded, payload ["one","two"]
            """)
    }

    /// A text, a number or an object.
    enum Mixed: Codable {
        case text(String), number(Int), object([String: String])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .text(text)
            } else if let number = try? container.decode(Int.self) {
                self = .number(number)
            } else {
                self = .object(try container.decode([String: String].self))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .number(let number): try container.encode(number)
            case .object(let object): try container.encode(object)
            }
        }
    }

    @Test func `8-4: branches return different types`() async throws {
        let function = DurableFunction("batch") { (context: DurableContext) in
            try await context.parallel("hetero", maxConcurrency: 1) {
                DurableBranch { _ in Mixed.text("hello") }
                DurableBranch { _ in Mixed.number(42) }
                DurableBranch { _ in Mixed.object(["k": "v"]) }
            }.results
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Parallel 'hetero'
            3 0s ContextStarted 1-1 ParallelBranch 'parallel-branch-0' in 1
            4 0s ContextSucceeded 1-1 ParallelBranch 'parallel-branch-0' in 1, payload "hello"
            5 0s ContextStarted 1-2 ParallelBranch 'parallel-branch-1' in 1
            6 0s ContextSucceeded 1-2 ParallelBranch 'parallel-branch-1' in 1, payload 42
            7 0s ContextStarted 1-3 ParallelBranch 'parallel-branch-2' in 1
            8 0s ContextSucceeded 1-3 ParallelBranch 'parallel-branch-2' in 1, payload {"k":"v"}
            9 0s ContextSucceeded 1 Parallel 'hetero', payload {"all":[\
            {"index":0,"name":"parallel-branch-0","result":"hello","status":"SUCCEEDED"},\
            {"index":1,"name":"parallel-branch-1","result":42,"status":"SUCCEEDED"},\
            {"index":2,"name":"parallel-branch-2","result":{"k":"v"},"status":"SUCCEEDED"}],\
            "completionReason":"ALL_COMPLETED"}
            10 0s InvocationCompleted, from 0s
            11 0s ExecutionSucceeded, payload ["hello",42,{"k":"v"}]
            """)
    }

    @Test func `8-5: no branches`() async throws {
        let function = DurableFunction("batch") { (context: DurableContext) in
            try await context.parallel("empty") { [DurableBranch<String>]() }.results
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Parallel 'empty'
            3 0s ContextSucceeded 1 Parallel 'empty', payload {"all":[],"completionReason":"ALL_COMPLETED"}
            4 0s InvocationCompleted, from 0s
            5 0s ExecutionSucceeded, payload []
            """)
    }
}
