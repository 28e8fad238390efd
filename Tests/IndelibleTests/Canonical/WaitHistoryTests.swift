import Indelible
import IndelibleTesting
import Testing

/// The histories of waits: AWS's conformance requirements 2-1 to 2-5.
@Suite(.bothWays) struct WaitHistoryTests {
    @Test func `2-1: a wait`() async throws {
        let function = DurableFunction("wait") { (context: DurableContext) in
            try await context.wait(for: .seconds(2))
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s WaitStarted 1 Wait, for 2s, until 2s
            3 0s InvocationCompleted, from 0s
            4 2s WaitSucceeded 1 Wait, for 2s
            5 2s InvocationCompleted, from 2s
            6 2s ExecutionSucceeded, payload none
            """)
    }

    @Test func `2-2: a wait has a name`() async throws {
        let function = DurableFunction("wait") { (context: DurableContext) in
            try await context.wait("custom_wait_name", for: .seconds(2))
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s WaitStarted 1 Wait 'custom_wait_name', for 2s, until 2s
            3 0s InvocationCompleted, from 0s
            4 2s WaitSucceeded 1 Wait 'custom_wait_name', for 2s
            5 2s InvocationCompleted, from 2s
            6 2s ExecutionSucceeded, payload none
            """)
    }

    @Test func `2-3: two waits, one after the other`() async throws {
        let function = DurableFunction("wait") { (context: DurableContext) in
            try await context.wait("wait-1", for: .seconds(2))
            try await context.wait("wait-2", for: .seconds(2))
            return ["completedWaits": 2]
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s WaitStarted 1 Wait 'wait-1', for 2s, until 2s
            3 0s InvocationCompleted, from 0s
            4 2s WaitSucceeded 1 Wait 'wait-1', for 2s
            5 2s WaitStarted 2 Wait 'wait-2', for 2s, until 4s
            6 2s InvocationCompleted, from 2s
            7 4s WaitSucceeded 2 Wait 'wait-2', for 2s
            8 4s InvocationCompleted, from 4s
            9 4s ExecutionSucceeded, payload {"completedWaits":2}
            """)
    }

    /// AWS asserts nothing after the first invocation.
    @Test func `2-4: a wait of a minute is one of 60 seconds`() async throws {
        let function = DurableFunction("wait") { (context: DurableContext) in
            try await context.wait(for: .minutes(1))
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s WaitStarted 1 Wait, for 60s, until 60s
            3 0s InvocationCompleted, from 0s
            4 60s WaitSucceeded 1 Wait, for 60s
            5 60s InvocationCompleted, from 60s
            6 60s ExecutionSucceeded, payload none
            """)
    }

    /// AWS asserts nothing after the first invocation.
    @Test func `2-5: a wait of an hour is one of 3,600 seconds`() async throws {
        let function = DurableFunction("wait") { (context: DurableContext) in
            try await context.wait(for: .hours(1))
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s WaitStarted 1 Wait, for 3600s, until 3600s
            3 0s InvocationCompleted, from 0s
            4 3600s WaitSucceeded 1 Wait, for 3600s
            5 3600s InvocationCompleted, from 3600s
            6 3600s ExecutionSucceeded, payload none
            """)
    }
}
