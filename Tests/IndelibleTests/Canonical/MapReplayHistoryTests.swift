import Indelible
import IndelibleTesting
import Testing

/// The histories of items over several invocations: AWS's conformance requirements 9-15, 9-17 and 9-18.
@Suite(.bothWays) struct MapReplayHistoryTests {
    @Test func `9-15: a replay does not run an item again that has succeeded`() async throws {
        let calls = Calls()
        let function = DurableFunction("batch") { (context: DurableContext) in
            try await context.map("suspend", ["r0", "r1"], maxConcurrency: 1) { text, item in
                calls.note(text)
                if text == "r1" { try await item.wait(for: .seconds(1)) }
                return try await item.step { _ in text }
            }.results
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Map 'suspend'
            3 0s ContextStarted 1-1 MapIteration 'map-item-0' in 1
            4 0s StepStarted 1-1-1 Step in 1-1
            5 0s StepSucceeded 1-1-1 Step in 1-1, attempt 1, payload "r0"
            6 0s ContextSucceeded 1-1 MapIteration 'map-item-0' in 1, payload "r0"
            7 0s ContextStarted 1-2 MapIteration 'map-item-1' in 1
            8 0s WaitStarted 1-2-1 Wait in 1-2, for 1s, until 1s
            9 0s InvocationCompleted, from 0s
            10 1s WaitSucceeded 1-2-1 Wait in 1-2, for 1s
            11 1s StepStarted 1-2-2 Step in 1-2
            12 1s StepSucceeded 1-2-2 Step in 1-2, attempt 1, payload "r1"
            13 1s ContextSucceeded 1-2 MapIteration 'map-item-1' in 1, payload "r1"
            14 1s ContextSucceeded 1 Map 'suspend', payload {"all":[\
            {"index":0,"name":"map-item-0","result":"r0","status":"SUCCEEDED"},\
            {"index":1,"name":"map-item-1","result":"r1","status":"SUCCEEDED"}],"completionReason":"ALL_COMPLETED"}
            15 1s InvocationCompleted, from 1s
            16 1s ExecutionSucceeded, payload ["r0","r1"]
            """)
        #expect(calls.count(of: "r0") == 1)
        #expect(calls.count(of: "r1") == runsWithOneSuspension)
    }

    @Test func `9-17: a replay does not run a batch again that has succeeded`() async throws {
        let calls = Calls()
        let function = DurableFunction("batch") { (context: DurableContext) in
            let results = try await context.map("then-wait", ["a", "b"], maxConcurrency: 1) { item, _ in
                calls.note(item)
                return item.uppercased()
            }.results
            try await context.wait(for: .seconds(1))
            return results
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Map 'then-wait'
            3 0s ContextStarted 1-1 MapIteration 'map-item-0' in 1
            4 0s ContextSucceeded 1-1 MapIteration 'map-item-0' in 1, payload "A"
            5 0s ContextStarted 1-2 MapIteration 'map-item-1' in 1
            6 0s ContextSucceeded 1-2 MapIteration 'map-item-1' in 1, payload "B"
            7 0s ContextSucceeded 1 Map 'then-wait', payload {"all":[\
            {"index":0,"name":"map-item-0","result":"A","status":"SUCCEEDED"},\
            {"index":1,"name":"map-item-1","result":"B","status":"SUCCEEDED"}],"completionReason":"ALL_COMPLETED"}
            8 0s WaitStarted 2 Wait, for 1s, until 1s
            9 0s InvocationCompleted, from 0s
            10 1s WaitSucceeded 2 Wait, for 1s
            11 1s InvocationCompleted, from 1s
            12 1s ExecutionSucceeded, payload ["A","B"]
            """)
        #expect(calls.all == ["a", "b"])
    }

    @Test func `9-18: a replay does not run a batch again of which an item has failed`() async throws {
        let calls = Calls()
        let function = DurableFunction("batch") { (context: DurableContext) in
            let batch = try await context.map(
                "fail-then-wait", ["ok", "fail"], maxConcurrency: 1, completion: .tolerating(failures: 1)
            ) { item, _ in
                calls.note(item)
                if item == "fail" { throw ItemFailed() }
                return item
            }
            try await context.wait(for: .seconds(1))
            return BatchProjection.all(of: batch)
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Map 'fail-then-wait'
            3 0s ContextStarted 1-1 MapIteration 'map-item-0' in 1
            4 0s ContextSucceeded 1-1 MapIteration 'map-item-0' in 1, payload "ok"
            5 0s ContextStarted 1-2 MapIteration 'map-item-1' in 1
            6 0s ContextFailed 1-2 MapIteration 'map-item-1' in 1, error ItemFailed: no result
            7 0s ContextSucceeded 1 Map 'fail-then-wait', payload {"all":[\
            {"index":0,"name":"map-item-0","result":"ok","status":"SUCCEEDED"},\
            {"error":{"message":"no result","stackTrace":[],"type":"ItemFailed"},\
            "index":1,"name":"map-item-1","status":"FAILED"}],"completionReason":"ALL_COMPLETED"}
            8 0s WaitStarted 2 Wait, for 1s, until 1s
            9 0s InvocationCompleted, from 0s
            10 1s WaitSucceeded 2 Wait, for 1s
            11 1s InvocationCompleted, from 1s
            12 1s ExecutionSucceeded, payload {"completionReason":"ALL_COMPLETED","failureCount":1,\
            "status":"FAILED","successCount":1,"totalCount":2}
            """)
        #expect(calls.all == ["ok", "fail"])
    }
}
