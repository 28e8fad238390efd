import Indelible
import IndelibleTesting
import Testing

/// The histories of items that succeed: AWS's conformance requirements 9-1 to 9-4 and 9-11 to 9-13.
///
/// AWS leaves open what is recorded of a batch as a whole: here each item with its status and what it came to.
@Suite(.bothWays) struct MapHistoryTests {
    @Test func `9-1: two items with a step each`() async throws {
        let function = DurableFunction("batch") { (names: [String], context: DurableContext) in
            try await context.map("map", names, maxConcurrency: 1) { name, item in
                try await item.step { _ in "Hello, \(name)!" }
            }.results
        }
        try await expectHistory(
            of: function, input: ["World", "Kiro"],
            """
            1 0s ExecutionStarted, payload ["World","Kiro"]
            2 0s ContextStarted 1 Map 'map'
            3 0s ContextStarted 1-1 MapIteration 'map-item-0' in 1
            4 0s StepStarted 1-1-1 Step in 1-1
            5 0s StepSucceeded 1-1-1 Step in 1-1, attempt 1, payload "Hello, World!"
            6 0s ContextSucceeded 1-1 MapIteration 'map-item-0' in 1, payload "Hello, World!"
            7 0s ContextStarted 1-2 MapIteration 'map-item-1' in 1
            8 0s StepStarted 1-2-1 Step in 1-2
            9 0s StepSucceeded 1-2-1 Step in 1-2, attempt 1, payload "Hello, Kiro!"
            10 0s ContextSucceeded 1-2 MapIteration 'map-item-1' in 1, payload "Hello, Kiro!"
            11 0s ContextSucceeded 1 Map 'map', payload {"all":[\
            {"index":0,"name":"map-item-0","result":"Hello, World!","status":"SUCCEEDED"},\
            {"index":1,"name":"map-item-1","result":"Hello, Kiro!","status":"SUCCEEDED"}],\
            "completionReason":"ALL_COMPLETED"}
            12 0s InvocationCompleted, from 0s
            13 0s ExecutionSucceeded, payload ["Hello, World!","Hello, Kiro!"]
            """)
    }

    @Test func `9-2: items without a name`() async throws {
        let function = DurableFunction("batch") { (numbers: [Int], context: DurableContext) in
            try await context.map(nil, numbers, maxConcurrency: 1) { number, _ in number * 2 }.results
        }
        try await expectHistory(
            of: function, input: [1, 2],
            """
            1 0s ExecutionStarted, payload [1,2]
            2 0s ContextStarted 1 Map
            3 0s ContextStarted 1-1 MapIteration 'map-item-0' in 1
            4 0s ContextSucceeded 1-1 MapIteration 'map-item-0' in 1, payload 2
            5 0s ContextStarted 1-2 MapIteration 'map-item-1' in 1
            6 0s ContextSucceeded 1-2 MapIteration 'map-item-1' in 1, payload 4
            7 0s ContextSucceeded 1 Map, payload {"all":[\
            {"index":0,"name":"map-item-0","result":2,"status":"SUCCEEDED"},\
            {"index":1,"name":"map-item-1","result":4,"status":"SUCCEEDED"}],"completionReason":"ALL_COMPLETED"}
            8 0s InvocationCompleted, from 0s
            9 0s ExecutionSucceeded, payload [2,4]
            """)
    }

    @Test func `9-3: an item knows its place`() async throws {
        let function = DurableFunction("batch") { (numbers: [Int], context: DurableContext) in
            try await context.map("indexed", Array(numbers.enumerated()), maxConcurrency: 1) { number, _ in
                number.element + number.offset
            }.results
        }
        try await expectHistory(
            of: function, input: [10, 20, 30],
            """
            1 0s ExecutionStarted, payload [10,20,30]
            2 0s ContextStarted 1 Map 'indexed'
            3 0s ContextStarted 1-1 MapIteration 'map-item-0' in 1
            4 0s ContextSucceeded 1-1 MapIteration 'map-item-0' in 1, payload 10
            5 0s ContextStarted 1-2 MapIteration 'map-item-1' in 1
            6 0s ContextSucceeded 1-2 MapIteration 'map-item-1' in 1, payload 21
            7 0s ContextStarted 1-3 MapIteration 'map-item-2' in 1
            8 0s ContextSucceeded 1-3 MapIteration 'map-item-2' in 1, payload 32
            9 0s ContextSucceeded 1 Map 'indexed', payload {"all":[\
            {"index":0,"name":"map-item-0","result":10,"status":"SUCCEEDED"},\
            {"index":1,"name":"map-item-1","result":21,"status":"SUCCEEDED"},\
            {"index":2,"name":"map-item-2","result":32,"status":"SUCCEEDED"}],"completionReason":"ALL_COMPLETED"}
            10 0s InvocationCompleted, from 0s
            11 0s ExecutionSucceeded, payload [10,21,32]
            """)
    }

    @Test func `9-4: no items`() async throws {
        let function = DurableFunction("batch") { (items: [String], context: DurableContext) in
            try await context.map("empty", items) { item, _ in item }.results
        }
        try await expectHistory(
            of: function, input: [],
            """
            1 0s ExecutionStarted, payload []
            2 0s ContextStarted 1 Map 'empty'
            3 0s ContextSucceeded 1 Map 'empty', payload {"all":[],"completionReason":"ALL_COMPLETED"}
            4 0s InvocationCompleted, from 0s
            5 0s ExecutionSucceeded, payload []
            """)
    }

    /// AWS asserts nothing after the second event: items that run at the same time end in any order.
    @Test func `9-11: two items at a time`() async throws {
        let function = DurableFunction("batch") { (context: DurableContext) in
            try await context.map("concurrent", ["r0", "r1", "r2"], maxConcurrency: 2) { item, _ in item }.results
        }
        try await RecordedHistory(of: function, input: ()).expect(
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Map 'concurrent'
            3 0s ContextStarted 1-1 MapIteration 'map-item-0' in 1
            4 0s ContextSucceeded 1-1 MapIteration 'map-item-0' in 1, payload "r0"
            5 0s ContextStarted 1-2 MapIteration 'map-item-1' in 1
            6 0s ContextSucceeded 1-2 MapIteration 'map-item-1' in 1, payload "r1"
            7 0s ContextStarted 1-3 MapIteration 'map-item-2' in 1
            8 0s ContextSucceeded 1-3 MapIteration 'map-item-2' in 1, payload "r2"
            9 0s ContextSucceeded 1 Map 'concurrent', payload {"all":[\
            {"index":0,"name":"map-item-0","result":"r0","status":"SUCCEEDED"},\
            {"index":1,"name":"map-item-1","result":"r1","status":"SUCCEEDED"},\
            {"index":2,"name":"map-item-2","result":"r2","status":"SUCCEEDED"}],"completionReason":"ALL_COMPLETED"}
            10 0s InvocationCompleted, from 0s
            11 0s ExecutionSucceeded, payload ["r0","r1","r2"]
            """, anyOrder: 3...8)
    }

    @Test func `9-12: items without contexts of their own`() async throws {
        let function = DurableFunction("batch") { (context: DurableContext) in
            try await context.map("flat", ["fa", "fb"], maxConcurrency: 1, nesting: .flat) { text, item in
                try await item.step { _ in text }
            }.results
        }
        try await expectHistory(
            of: function,
            """
            1 0s ExecutionStarted, payload none
            2 0s ContextStarted 1 Map 'flat'
            3 0s StepStarted 1-1-1 Step in 1
            4 0s StepSucceeded 1-1-1 Step in 1, attempt 1, payload "fa"
            5 0s StepStarted 1-2-1 Step in 1
            6 0s StepSucceeded 1-2-1 Step in 1, attempt 1, payload "fb"
            7 0s ContextSucceeded 1 Map 'flat', payload {"all":[\
            {"index":0,"name":"map-item-0","result":"fa","status":"SUCCEEDED"},\
            {"index":1,"name":"map-item-1","result":"fb","status":"SUCCEEDED"}],"completionReason":"ALL_COMPLETED"}
            8 0s InvocationCompleted, from 0s
            9 0s ExecutionSucceeded, payload ["fa","fb"]
            """)
    }

    @Test func `9-13: items have names of their own`() async throws {
        let function = DurableFunction("batch") { (numbers: [Int], context: DurableContext) in
            try await context.map("named-items", numbers, maxConcurrency: 1, itemName: { item, _ in "item-\(item)" }) {
                number, _ in number * 10
            }.results
        }
        try await expectHistory(
            of: function, input: [1, 2],
            """
            1 0s ExecutionStarted, payload [1,2]
            2 0s ContextStarted 1 Map 'named-items'
            3 0s ContextStarted 1-1 MapIteration 'item-1' in 1
            4 0s ContextSucceeded 1-1 MapIteration 'item-1' in 1, payload 10
            5 0s ContextStarted 1-2 MapIteration 'item-2' in 1
            6 0s ContextSucceeded 1-2 MapIteration 'item-2' in 1, payload 20
            7 0s ContextSucceeded 1 Map 'named-items', payload {"all":[\
            {"index":0,"name":"item-1","result":10,"status":"SUCCEEDED"},\
            {"index":1,"name":"item-2","result":20,"status":"SUCCEEDED"}],"completionReason":"ALL_COMPLETED"}
            8 0s InvocationCompleted, from 0s
            9 0s ExecutionSucceeded, payload [10,20]
            """)
    }
}
