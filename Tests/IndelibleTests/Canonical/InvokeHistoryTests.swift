import Indelible
import IndelibleTesting
import Testing

/// The histories of one chained invoke: AWS's conformance requirements 5-1 to 5-8.
@Suite(.bothWays) struct InvokeHistoryTests {
    /// Returns what it is given, after a second: its caller is suspended by then, as AWS's histories have it.
    static func echo<Value: Codable & Sendable & SendableMetatype>(
        _ type: Value.Type = Value.self
    ) -> DurableFunction<Value, Value> {
        DurableFunction("echo") { (value: Value, context: DurableContext) in
            try await context.wait(for: .seconds(1))
            return value
        }
    }

    struct TargetError: Error, CustomStringConvertible {
        var description: String { "the target failed" }
    }

    /// Fails, after a second.
    static let failing = DurableFunction("failing") { (context: DurableContext) in
        try await context.wait(for: .seconds(1))
        throw TargetError()
    }

    @Test func `5-1: an invoke succeeds`() async throws {
        let echo = Self.echo(String.self)
        let function = DurableFunction("call") { (text: String, context: DurableContext) in
            try await context.invoke(echo, input: text)
        }
        try await expectHistory(
            of: function, input: "in1", beside: [echo],
            """
            1 0s ExecutionStarted, payload "in1"
            2 0s ChainedInvokeStarted 1 ChainedInvoke, function echo:$LATEST, version $LATEST, child 1, payload "in1"
            3 0s InvocationCompleted, from 0s
            4 1s ChainedInvokeSucceeded 1 ChainedInvoke, payload "in1"
            5 1s InvocationCompleted, from 1s
            6 1s ExecutionSucceeded, payload "in1"
            """)
    }

    @Test func `5-2: an invoke has a name`() async throws {
        let echo = Self.echo(String.self)
        let function = DurableFunction("call") { (input: [String: String], context: DurableContext) in
            try await context.invoke(echo, input: input["payload"] ?? "", name: input["name"])
        }
        try await expectHistory(
            of: function, input: ["name": "name1", "payload": "in1"], beside: [echo],
            """
            1 0s ExecutionStarted, payload {"name":"name1","payload":"in1"}
            2 0s ChainedInvokeStarted 1 ChainedInvoke 'name1', \
            function echo:$LATEST, version $LATEST, child 1, payload "in1"
            3 0s InvocationCompleted, from 0s
            4 1s ChainedInvokeSucceeded 1 ChainedInvoke 'name1', payload "in1"
            5 1s InvocationCompleted, from 1s
            6 1s ExecutionSucceeded, payload "in1"
            """)
    }

    struct Nested: Codable {
        struct Inner: Codable {
            var key: String
            var items: [Int]
        }
        var nested: Inner
        var source: String
    }

    @Test func `5-3: an invoke returns an object`() async throws {
        let echo = Self.echo(Nested.self)
        let function = DurableFunction("call") { (input: Nested, context: DurableContext) in
            try await context.invoke(echo, input: input)
        }
        try await expectHistory(
            of: function, input: Nested(nested: Nested.Inner(key: "value", items: [1, 2, 3]), source: "test"),
            beside: [echo],
            """
            1 0s ExecutionStarted, payload {"nested":{"items":[1,2,3],"key":"value"},"source":"test"}
            2 0s ChainedInvokeStarted 1 ChainedInvoke, function echo:$LATEST, version $LATEST, child 1, \
            payload {"nested":{"items":[1,2,3],"key":"value"},"source":"test"}
            3 0s InvocationCompleted, from 0s
            4 1s ChainedInvokeSucceeded 1 ChainedInvoke, \
            payload {"nested":{"items":[1,2,3],"key":"value"},"source":"test"}
            5 1s InvocationCompleted, from 1s
            6 1s ExecutionSucceeded, payload {"nested":{"items":[1,2,3],"key":"value"},"source":"test"}
            """)
    }

    @Test func `5-4: an invoke passes null and returns it`() async throws {
        let echo = Self.echo(String?.self)
        let function = DurableFunction("call") { (context: DurableContext) in
            try await context.invoke(echo, input: nil)
        }
        try await expectHistory(
            of: function, beside: [echo],
            """
            1 0s ExecutionStarted, payload none
            2 0s ChainedInvokeStarted 1 ChainedInvoke, function echo:$LATEST, version $LATEST, child 1, payload null
            3 0s InvocationCompleted, from 0s
            4 1s ChainedInvokeSucceeded 1 ChainedInvoke, payload null
            5 1s InvocationCompleted, from 1s
            6 1s ExecutionSucceeded, payload null
            """)
    }

    @Test func `5-5: an invoke fails and with it the execution`() async throws {
        let function = DurableFunction("call") { (context: DurableContext) in
            try await context.invoke(Self.failing)
        }
        try await expectHistory(
            of: function, beside: [Self.failing],
            """
            1 0s ExecutionStarted, payload none
            2 0s ChainedInvokeStarted 1 ChainedInvoke, \
            function failing:$LATEST, version $LATEST, child 1, payload none
            3 0s InvocationCompleted, from 0s
            4 1s ChainedInvokeFailed 1 ChainedInvoke, error TargetError: the target failed
            5 1s InvocationCompleted, from 1s, error InvokeError: the target failed
            6 1s ExecutionFailed, error InvokeError: the target failed
            """)
    }

    @Test func `5-6: a handler catches the error of an invoke`() async throws {
        let function = DurableFunction("call") { (context: DurableContext) in
            do {
                try await context.invoke(Self.failing)
                return "result"
            } catch is InvokeError {
                return "fallback"
            }
        }
        try await expectHistory(
            of: function, beside: [Self.failing],
            """
            1 0s ExecutionStarted, payload none
            2 0s ChainedInvokeStarted 1 ChainedInvoke, \
            function failing:$LATEST, version $LATEST, child 1, payload none
            3 0s InvocationCompleted, from 0s
            4 1s ChainedInvokeFailed 1 ChainedInvoke, error TargetError: the target failed
            5 1s InvocationCompleted, from 1s
            6 1s ExecutionSucceeded, payload "fallback"
            """)
    }

    @Test func `5-7: an invoke passes and returns as much as it may`() async throws {
        let echo = Self.echo(String.self)
        let function = DurableFunction("call") { (context: DurableContext) in
            // 1 MiB with its quotes.
            try await context.invoke(echo, input: String(repeating: "x", count: (1 << 20) - 2)).utf8.count
        }
        try await expectHistory(
            of: function, beside: [echo], options: EngineOptions(segmentSizes: [256 << 10], limits: .aws),
            """
            1 0s ExecutionStarted, payload none
            2 0s ChainedInvokeStarted 1 ChainedInvoke, function echo:$LATEST, version $LATEST, child 1, \
            payload of 1048576 bytes "xxxxxxx...
            3 0s InvocationCompleted, from 0s
            4 1s ChainedInvokeSucceeded 1 ChainedInvoke, payload of 1048576 bytes "xxxxxxx...
            5 1s InvocationCompleted, from 1s
            6 1s ExecutionSucceeded, payload 1048574
            """)
    }

    @Test func `5-8: an invoke names a tenant`() async throws {
        let tenants = Calls()
        let echo = DurableFunction("echo") { (text: String, context: DurableContext) in
            try await context.wait(for: .seconds(1))
            tenants.note(context.tenantID ?? "none")
            return text
        }
        let function = DurableFunction("call") { (input: [String: String], context: DurableContext) in
            try await context.invoke(echo, input: input["payload"] ?? "", tenantID: input["tenantId"])
        }
        try await expectHistory(
            of: function, input: ["tenantId": "tenant1", "payload": "in1"], beside: [echo],
            """
            1 0s ExecutionStarted, payload {"payload":"in1","tenantId":"tenant1"}
            2 0s ChainedInvokeStarted 1 ChainedInvoke, \
            function echo:$LATEST, version $LATEST, child 1, tenant tenant1, payload "in1"
            3 0s InvocationCompleted, from 0s
            4 1s ChainedInvokeSucceeded 1 ChainedInvoke, payload "in1"
            5 1s InvocationCompleted, from 1s
            6 1s ExecutionSucceeded, payload "in1"
            """)
        #expect(tenants.all == ["tenant1"])
    }
}
