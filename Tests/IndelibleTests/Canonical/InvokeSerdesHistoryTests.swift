import Indelible
import IndelibleTesting
import Testing

/// The histories of chained invokes with a serdes of their own: AWS's conformance requirements 5-15 and 5-16.
@Suite(.bothWays) struct InvokeSerdesHistoryTests {
    @Test func `5-15: an invoke's serdes writes what is passed`() async throws {
        /// Capitals out, JSON in.
        struct PayloadSerdes: Serdes {
            func encode<Value: Encodable>(_ value: Value, for place: SerdesPlace) throws -> [UInt8]? {
                let json = try JSONSerdes().encode(value, for: place) ?? []
                return Array(String(decoding: json, as: UTF8.self).uppercased().utf8)
            }

            func decode<Value: Decodable>(
                _ type: Value.Type, from bytes: [UInt8]?, for place: SerdesPlace
            ) throws -> Value {
                try JSONSerdes().decode(type, from: bytes, for: place)
            }
        }
        let target = FunctionReference<[String: String], [String: String]>("echo", serdes: PayloadSerdes())
        let function = DurableFunction("call") { (input: [String: String], context: DurableContext) in
            try await context.invoke(target, input: input)
        }
        try await expectHistory(
            of: function, input: ["data": "hello"], beside: [InvokeHistoryTests.echo([String: String].self)],
            """
            1 0s ExecutionStarted, payload {"data":"hello"}
            2 0s ChainedInvokeStarted 1 ChainedInvoke, \
            function echo, version $LATEST, child 1, payload {"DATA":"HELLO"}
            3 0s InvocationCompleted, from 0s
            4 1s ChainedInvokeSucceeded 1 ChainedInvoke, payload {"DATA":"HELLO"}
            5 1s InvocationCompleted, from 1s
            6 1s ExecutionSucceeded, payload {"DATA":"HELLO"}
            """)
    }

    @Test func `5-16: an invoke's serdes reads what is returned`() async throws {
        /// JSON out, the bare bytes in capitals in.
        struct ResultSerdes: Serdes {
            func encode<Value: Encodable>(_ value: Value, for place: SerdesPlace) throws -> [UInt8]? {
                try JSONSerdes().encode(value, for: place)
            }

            func decode<Value: Decodable>(
                _ type: Value.Type, from bytes: [UInt8]?, for place: SerdesPlace
            ) throws -> Value {
                let text = try BytesSerdes().decode(String.self, from: bytes, for: place)
                return try #require(text.uppercased() as? Value)
            }
        }
        let target = FunctionReference<String, String>("echo", serdes: ResultSerdes())
        let function = DurableFunction("call") { (text: String, context: DurableContext) in
            try await context.invoke(target, input: text)
        }
        try await expectHistory(
            of: function, input: "hello", beside: [InvokeHistoryTests.echo(String.self)],
            #"""
            1 0s ExecutionStarted, payload "hello"
            2 0s ChainedInvokeStarted 1 ChainedInvoke, function echo, version $LATEST, child 1, payload "hello"
            3 0s InvocationCompleted, from 0s
            4 1s ChainedInvokeSucceeded 1 ChainedInvoke, payload "hello"
            5 1s InvocationCompleted, from 1s
            6 1s ExecutionSucceeded, payload "\"HELLO\""
            """#)
    }
}
