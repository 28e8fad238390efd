import Indelible
import IndelibleTesting
import Testing

/// The histories of items whose results are recorded in other forms: AWS's conformance requirements 9-14, 9-16, 9-19 and
/// 9-20.
@Suite(.bothWays) struct MapSerdesHistoryTests {
    @Test func `9-14: items have a serdes of their own`() async throws {
        let function = DurableFunction("batch") { (context: DurableContext) in
            try await context.map(
                "serdes", ["x", "y"], maxConcurrency: 1, itemSerdes: CanonicalSerdes.Wrapped()
            ) { item, _ in item.uppercased() }.results
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Map 'serdes'
            3 0s ContextStarted 1-1 MapIteration 'map-item-0' in 1
            4 0s ContextSucceeded 1-1 MapIteration 'map-item-0' in 1, payload wrapped:X
            5 0s ContextStarted 1-2 MapIteration 'map-item-1' in 1
            6 0s ContextSucceeded 1-2 MapIteration 'map-item-1' in 1, payload wrapped:Y
            7 0s ContextSucceeded 1 Map 'serdes', payload {"all":[\
            {"index":0,"name":"map-item-0","result":"X","status":"SUCCEEDED"},\
            {"index":1,"name":"map-item-1","result":"Y","status":"SUCCEEDED"}],"completionReason":"ALL_COMPLETED"}
            8 0s InvocationCompleted, from 0s
            9 0s ExecutionSucceeded, payload ["X","Y"]
            """)
    }

    /// AWS leaves open what stands in the place of the result: here the summary of its Python SDK.
    @Test func `9-16: the results together are too large to record twice`() async throws {
        let function = DurableFunction("batch") { (context: DurableContext) in
            BatchProjection.sizes(
                of: try await context.map("large", ["a", "b", "c", "d"], maxConcurrency: 1) { item, _ in
                    String(repeating: item, count: 70_000)
                })
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Map 'large'
            3 0s ContextStarted 1-1 MapIteration 'map-item-0' in 1
            4 0s ContextSucceeded 1-1 MapIteration 'map-item-0' in 1, payload of 70002 bytes "aaaaaaa...
            5 0s ContextStarted 1-2 MapIteration 'map-item-1' in 1
            6 0s ContextSucceeded 1-2 MapIteration 'map-item-1' in 1, payload of 70002 bytes "bbbbbbb...
            7 0s ContextStarted 1-3 MapIteration 'map-item-2' in 1
            8 0s ContextSucceeded 1-3 MapIteration 'map-item-2' in 1, payload of 70002 bytes "ccccccc...
            9 0s ContextStarted 1-4 MapIteration 'map-item-3' in 1
            10 0s ContextSucceeded 1-4 MapIteration 'map-item-3' in 1, payload of 70002 bytes "ddddddd...
            11 0s ContextSucceeded 1 Map 'large', payload {"completionReason":"ALL_COMPLETED","failureCount":0,\
            "startedCount":0,"startedIndexes":[],"status":"SUCCEEDED","successCount":4,"totalCount":4,\
            "type":"MapResult"}
            12 0s InvocationCompleted, from 0s
            13 0s ExecutionSucceeded, payload {"successCount":4,"totalCount":4}
            """)
    }

    @Test func `9-19: a batch has a serdes of its own`() async throws {
        let function = DurableFunction("batch") { (context: DurableContext) in
            try await context.map(
                "op-serde", ["x", "y"], maxConcurrency: 1, serdes: CanonicalSerdes.Joined(), itemSerdes: .json
            ) { item, _ in item.uppercased() }.results
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Map 'op-serde'
            3 0s ContextStarted 1-1 MapIteration 'map-item-0' in 1
            4 0s ContextSucceeded 1-1 MapIteration 'map-item-0' in 1, payload "X"
            5 0s ContextStarted 1-2 MapIteration 'map-item-1' in 1
            6 0s ContextSucceeded 1-2 MapIteration 'map-item-1' in 1, payload "Y"
            7 0s ContextSucceeded 1 Map 'op-serde', payload OPSERDE:X,Y
            8 0s InvocationCompleted, from 0s
            9 0s ExecutionSucceeded, payload ["X","Y"]
            """)
    }

    @Test func `9-20: a replay reads a batch with its own serdes`() async throws {
        let function = DurableFunction("batch") { (context: DurableContext) in
            let results = try await context.map(
                "op-serde-replay", ["x", "y"], maxConcurrency: 1, serdes: CanonicalSerdes.Joined(), itemSerdes: .json
            ) { item, _ in item.uppercased() }.results
            try await context.wait(for: .seconds(1))
            return results
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Map 'op-serde-replay'
            3 0s ContextStarted 1-1 MapIteration 'map-item-0' in 1
            4 0s ContextSucceeded 1-1 MapIteration 'map-item-0' in 1, payload "X"
            5 0s ContextStarted 1-2 MapIteration 'map-item-1' in 1
            6 0s ContextSucceeded 1-2 MapIteration 'map-item-1' in 1, payload "Y"
            7 0s ContextSucceeded 1 Map 'op-serde-replay', payload OPSERDE:X,Y
            8 0s WaitStarted 2 Wait, for 1s, until 1s
            9 0s InvocationCompleted, from 0s
            10 1s WaitSucceeded 2 Wait, for 1s
            11 1s InvocationCompleted, from 1s
            12 1s ExecutionSucceeded, payload ["X","Y"]
            """)
    }
}
