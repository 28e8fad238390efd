import Indelible
import IndelibleTesting
import Testing

@Suite(.bothWays) struct TransformingSerdesTests {
    struct Card: Codable, Equatable {
        var number: String
    }
    struct Locked: Error, CustomStringConvertible {
        var description: String { "the key is locked" }
    }

    /// Not a cipher; enough to see where bytes go.
    static let masked: TransformingSerdes = .transforming { bytes, place in
        bytes.map { $0 ^ UInt8(truncatingIfNeeded: place.functionName.utf8.count + 0x55) }
    } decode: { bytes, place in
        bytes.map { $0 ^ UInt8(truncatingIfNeeded: place.functionName.utf8.count + 0x55) }
    }

    @Test func `the record holds the transformed bytes, and every run the value`() async throws {
        let seen = Calls()
        let function = DurableFunction("pay") { (context: DurableContext) in
            let card = try await context.step("card", serdes: Self.masked) { _ in Card(number: "4111") }
            seen.note(card.number)
            try await context.wait(for: .hours(1))
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        try await execution.result()
        #expect(seen.all == Array(repeating: "4111", count: runsWithOneSuspension))
        let event = try #require(try await execution.history().first { $0.type == "StepSucceeded" })
        let plain = Array(#"{"number":"4111"}"#.utf8)
        #expect(event.payload == plain.map { $0 ^ 0x58 })
    }

    @Test func `no bytes stay no bytes, both ways`() async throws {
        struct Silent: Serdes {
            func encode<Value: Encodable>(_ value: Value, for place: SerdesPlace) throws -> [UInt8]? { nil }
            func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]?, for place: SerdesPlace) throws
                -> Value
            {
                try JSONSerdes().decode(type, from: bytes, for: place)
            }
        }
        let serdes = TransformingSerdes(Silent()) { _, _ in
            throw Locked()
        } decode: { _, _ in
            throw Locked()
        }
        #expect(try await serdes.encode(7) == nil)
        #expect(try await serdes.decode(Int?.self, from: nil) == nil)
    }

    @Test func `one goes around another, and the outer one comes last`() async throws {
        let inner = TransformingSerdes { bytes, _ in
            bytes + [1]
        } decode: { bytes, _ in
            bytes.dropLast()
        }
        let outer = TransformingSerdes(inner) { bytes, _ in
            bytes + [2]
        } decode: { bytes, _ in
            bytes.dropLast()
        }
        let bytes = try await outer.encode("x")
        #expect(bytes == Array(#""x""#.utf8) + [1, 2])
        #expect(try await outer.decode(String.self, from: bytes) == "x")
    }

    @Test func `what a transformation throws fails the step, and is not tried again`() async throws {
        let calls = Calls()
        let function = DurableFunction("pay") { (context: DurableContext) in
            let serdes = TransformingSerdes { _, _ in
                throw Locked()
            } decode: { bytes, _ in
                bytes
            }
            return try await context.step("card", serdes: serdes) { _ in
                calls.note("body")
                return 1
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        let error = await #expect(throws: ExecutionError.self) { try await execution.result() }
        #expect(error?.message == "cannot encode the result of step 'card' (1) of type Int: the key is locked")
        #expect(calls.all == ["body"])
    }
}
