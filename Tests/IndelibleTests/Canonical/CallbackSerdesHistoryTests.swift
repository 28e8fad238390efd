import Foundation
import Indelible
import IndelibleTesting
import Testing

/// The histories of callbacks that a serdes of their own reads: AWS's conformance requirements 4-15 and 4-16.
@Suite(.bothWays) struct CallbackSerdesHistoryTests {
    struct Message: Codable {
        var id: String
        var message: String
        /// Seconds since 1970.
        var timestamp: Int
    }

    /// Reads the time of a ``Message`` from a text.
    struct MessageSerdes: Serdes {
        private struct Sent: Decodable {
            var id: String
            var message: String
            var timestamp: Date
        }

        func encode<Value: Encodable>(_ value: Value, for place: SerdesPlace) throws -> [UInt8]? {
            throw SerdesError(.encodingFailed, message: "messages are only read")
        }

        func decode<Value: Decodable>(
            _ type: Value.Type, from bytes: [UInt8]?, for place: SerdesPlace
        ) throws -> Value {
            let sent = try JSONSerdes().decode(Sent.self, from: bytes, for: place)
            let message = Message(
                id: sent.id, message: sent.message, timestamp: Int(sent.timestamp.timeIntervalSince1970))
            return try #require(message as? Value)
        }
    }

    @Test func `4-15: a callback's serdes reads a time, and the history keeps the bytes that were sent`() async throws {
        let ids = CallbackIDs()
        let function = DurableFunction("ask") { (name: String, context: DurableContext) in
            let callback = try await context.createCallback(name, of: Message.self, serdes: MessageSerdes())
            ids.note(callback.id)
            return ["received": try await callback.result()]
        }
        let sent = #"{"id": "one", "message": "hello", "timestamp": "2026-01-01T00:00:00.000Z"}"#
        try await expectHistory(
            of: function, input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s CallbackStarted 1 Callback 'question', callback 1
            3 0s InvocationCompleted, from 0s
            4 1s CallbackSucceeded 1 Callback 'question', \
            payload {"id": "one", "message": "hello", "timestamp": "2026-01-01T00:00:00.000Z"}
            5 1s InvocationCompleted, from 1s
            6 1s ExecutionSucceeded, payload {"received":{"id":"one","message":"hello","timestamp":1767225600}}
            """
        ) { test in
            await test.advance(by: .seconds(1))
            try await test.engine.complete(callback: ids[0], with: sent, serdes: .bytes)
        }
    }

    @Test func `4-16: a callback is completed with a number`() async throws {
        let ids = CallbackIDs()
        let function = DurableFunction("ask") { (name: String, context: DurableContext) in
            let callback = try await context.createCallback(name, of: Int.self, serdes: .json)
            ids.note(callback.id)
            let count = try await callback.result()
            return ["count": count, "doubled": 2 * count]
        }
        try await expectHistory(
            of: function, input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s CallbackStarted 1 Callback 'question', callback 1
            3 0s InvocationCompleted, from 0s
            4 1s CallbackSucceeded 1 Callback 'question', payload 42
            5 1s InvocationCompleted, from 1s
            6 1s ExecutionSucceeded, payload {"count":42,"doubled":84}
            """
        ) { test in
            await test.advance(by: .seconds(1))
            try await test.engine.complete(callback: ids[0], with: 42)
        }
    }
}
