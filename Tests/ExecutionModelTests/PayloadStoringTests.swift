import Testing

@testable import ExecutionModel

/// Events whose payloads stay in the log, and the fields by which a snapshot names them.
@Suite struct PayloadStoringTests {
    @Test(arguments: EventCodingTests.vectorNumbers)
    func `an event with a longer payload names its record instead, and is the same in all else`(vector: Int) throws {
        let event = EventVectors.all[vector - 1].event
        guard case .inline(let bytes)? = event.payload else {
            #expect(event.storingPayloads(over: 0, lsn: 7) == event)
            return
        }
        #expect(event.storingPayloads(over: bytes.count, lsn: 7) == event)
        guard !bytes.isEmpty else { return }
        let stored = event.storingPayloads(over: bytes.count - 1, lsn: 7)
        #expect(stored.payload == .stored(lsn: 7, length: bytes.count))
        #expect(stored.eventKind == event.eventKind && stored.operation == event.operation)
        // Stored for good: the place of a payload is never taken for one.
        #expect(stored.storingPayloads(over: 0, lsn: 8) == stored)
        // With its payload put back it is the event that it was.
        let body = EventCodingTests.body(of: event)
        let decoded = try Event(kind: event.kind, decodingBody: body)
        #expect(decoded.storingPayloads(over: bytes.count - 1, lsn: 7) == stored)
    }

    @Test func `every kind of event that holds a payload has a vector with one`() {
        let kinds = EventVectors.all.filter { ($0.event.payload?.length ?? 0) > 0 }.map(\.event.eventKind)
        #expect(
            Set(kinds) == [
                .executionStarted, .executionStartedExtended, .executionSucceeded, .contextSucceeded, .stepSucceeded,
                .callbackSucceeded, .chainedInvokeStarted, .chainedInvokeSucceeded,
            ])
    }

    static func written(_ payload: Payload?) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(kept: payload)
        return bytes
    }

    static func read(_ bytes: [UInt8]) throws(EventDecodingError) -> Payload? {
        let span = bytes.span.bytes
        var offset = 0
        let payload = try span.keptPayload(at: &offset)
        #expect(offset == bytes.count)
        return payload
    }

    @Test(
        arguments: [
            (nil, [0]), (.inline([]), [1]), (.inline([9, 8]), [5, 9, 8]),
            (.stored(lsn: 1, length: 0), [2, 1]), (.stored(lsn: 300, length: 4_097), [0x84, 0x40, 0xAC, 0x02]),
            (
                .stored(lsn: .max, length: 16 << 20),
                [0x82, 0x80, 0x80, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]
            ),
        ] as [(Payload?, [UInt8])])
    func `a kept payload has the bytes that the specification gives`(payload: Payload?, bytes: [UInt8]) throws {
        #expect(Self.written(payload) == bytes)
        #expect(try Self.read(bytes) == payload)
        for length in 0..<bytes.count {
            #expect(throws: EventDecodingError.truncated(field: .payload, offset: 0), "\(length)") {
                do throws(EventDecodingError) { _ = try Self.read(Array(bytes.prefix(length))) } catch {
                    // The LSN is a number of its own, which has its own place.
                    guard case .truncated(field: .payload, _) = error else { throw error }
                    throw EventDecodingError.truncated(field: .payload, offset: 0)
                }
            }
        }
    }

    @Test(
        arguments: [
            // LSN 0, a byte more than a record holds, and a length of 2^63 - 1.
            [2, 0], [0x84, 0x80, 0x80, 0x10, 1],
            [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 1],
        ] as [[UInt8]])
    func `a stored payload that no record can hold is refused`(bytes: [UInt8]) {
        #expect(throws: EventDecodingError.invalid(field: .payload, offset: 0)) { try Self.read(bytes) }
    }

    @Test func `an inline length beyond the bytes is refused before anything is made of it`() {
        // 2^63 - 1, by the largest number there is.
        let bytes: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]
        #expect(throws: EventDecodingError.truncated(field: .payload, offset: 0)) { try Self.read(bytes) }
    }

    @Test(arguments: [0, 1, -1, 63, 64, -64, -65, .max, .min] as [Int64])
    func `a signed number and a time come back`(value: Int64) throws {
        var bytes: [UInt8] = []
        bytes.append(signed: value)
        #expect(bytes.count == 1 || value.magnitude > 63)
        let bases = [Timestamp(millisecondsSinceEpoch: 0), Timestamp(millisecondsSinceEpoch: .max)]
        for base in bases { bytes.append(time: Timestamp(millisecondsSinceEpoch: value), since: base) }
        let span = bytes.span.bytes
        var offset = 0
        #expect(try span.signed(.time, at: &offset) == value)
        for base in bases {
            #expect(try span.time(since: base, at: &offset) == Timestamp(millisecondsSinceEpoch: value))
        }
        #expect(offset == bytes.count)
    }
}
