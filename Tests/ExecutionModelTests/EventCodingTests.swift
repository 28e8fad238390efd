import Foundation
import Testing

@testable import ExecutionModel

@Suite struct EventCodingTests {
    static let vectorNumbers = 1...EventVectors.all.count
    static let fixture = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/events/1/vectors.txt")

    static func body(of event: Event) -> [UInt8] {
        var bytes: [UInt8] = []
        event.encodeBody(into: &bytes)
        return bytes
    }

    static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// A line a vector: number, kind, body (`-` when empty), name. `INDELIBLE_WRITE_FIXTURES=1` writes the file anew, as is
    /// right for a new vector and never for a changed one.
    @Test func `every vector has the bytes of its fixture`() throws {
        let lines = EventVectors.all.enumerated().map { index, vector in
            let kind = Self.hexadecimal([vector.event.kind])
            return "\(index + 1)\t\(kind)\t\(Self.hexadecimal(Self.body(of: vector.event)))\t\(vector.name)\n"
        }
        if ProcessInfo.processInfo.environment["INDELIBLE_WRITE_FIXTURES"] == "1" {
            try Data(lines.joined().utf8).write(to: Self.fixture)
        }
        let recorded = try String(decoding: Data(contentsOf: Self.fixture), as: UTF8.self)
        #expect(recorded.split(separator: "\n").map { $0 + "\n" } == lines)
    }

    @Test func `there is a vector for every kind of event`() {
        #expect(Set(EventVectors.all.map(\.event.eventKind)) == Set(EventKind.allCases))
    }

    @Test(arguments: vectorNumbers)
    func `an event decodes to itself`(vector: Int) throws {
        let event = EventVectors.all[vector - 1].event
        #expect(try Event(kind: event.kind, decodingBody: Self.body(of: event)) == event)
    }

    /// Vectors written out by hand, so that a fault that encoder and decoder share is found.
    @Test(
        arguments: [
            (.stepReady(EventVectors.existing), [0x02]),
            (.waitSucceeded(.existing(OperationOrdinal(300))), [0xAD, 0x02]),
            (
                .stepStarted(EventVectors.first),
                [0, 3, 0x31, 0x2D, 0x32, 1, 1, 7, 0x63, 0x68, 0x61, 0x72, 0x67, 0x65]
            ),
            (
                .stepFailed(
                    EventVectors.existing, error: ErrorObject(type: "E"), nextAttemptDelay: Milliseconds(127)),
                [2, 0x80, 1, 0b101, 1, 0x45]
            ),
            (.executionSucceeded(result: .inline([9])), [2, 9]),
            (.executionSucceeded(result: nil), [0]),
        ] as [(Event, [UInt8])])
    func `an event has the bytes that the specification gives`(event: Event, bytes: [UInt8]) {
        #expect(Self.body(of: event) == bytes)
    }

    @Test(arguments: vectorNumbers)
    func `a body cut at any byte is truncated`(vector: Int) {
        let event = EventVectors.all[vector - 1].event
        let bytes = Self.body(of: event)
        for length in 0..<bytes.count {
            let error = #expect(throws: EventDecodingError.self) {
                try Event(kind: event.kind, decodingBody: Array(bytes.prefix(length)))
            }
            guard case .truncated = error else {
                Issue.record("cut at \(length): \(String(describing: error))")
                continue
            }
        }
    }

    @Test(arguments: vectorNumbers)
    func `a byte too many is refused`(vector: Int) {
        let event = EventVectors.all[vector - 1].event
        let bytes = Self.body(of: event)
        #expect(throws: EventDecodingError.trailingBytes(offset: bytes.count, count: 1)) {
            try Event(kind: event.kind, decodingBody: bytes + [0])
        }
    }

    /// One encoding for every event: whatever decodes encodes to the bytes it came from.
    @Test(arguments: vectorNumbers)
    func `a flipped bit is refused or is another event's only encoding`(vector: Int) {
        let event = EventVectors.all[vector - 1].event
        let bytes = Self.body(of: event)
        for bit in 0..<8 * bytes.count {
            var flipped = bytes
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            Self.expectRefusedOrCanonical(event.kind, flipped)
        }
    }

    @Test(arguments: EventKind.allCases)
    func `random bytes never crash the decoder`(kind: EventKind) {
        var random = SplitMix64(state: 0xE7E2_7000 + UInt64(kind.rawValue))
        for _ in 0..<2_000 {
            // Small values reach deep into a body; large ones are lengths past its end.
            let bytes = (0..<Int.random(in: 0...24, using: &random)).map { _ in
                Bool.random(using: &random)
                    ? UInt8.random(in: 0...6, using: &random) : .random(in: 0...255, using: &random)
            }
            Self.expectRefusedOrCanonical(kind.rawValue, bytes)
        }
    }

    static func expectRefusedOrCanonical(_ kind: UInt8, _ bytes: [UInt8]) {
        do {
            let event = try Event(kind: kind, decodingBody: bytes)
            #expect(Self.body(of: event) == bytes)
        } catch {
            #expect(!error.description.isEmpty)
        }
    }

    @Test func `an unknown kind is named`() {
        let known = Set(EventKind.allCases.map(\.rawValue))
        for kind in UInt8.min...UInt8.max where !known.contains(kind) {
            #expect(throws: EventDecodingError.unknownKind(kind)) { try Event(kind: kind, decodingBody: [0]) }
        }
    }

    /// Each form of a start says what no shorter one can.
    @Test(
        arguments: [
            (.executionStarted, .forever), (.executionStartedExtended, RetentionPolicy(Milliseconds(0))),
            (.executionStartedExtended, RetentionPolicy(Milliseconds(9))),
            (
                .executionStartedWithPolicy,
                RetentionPolicy(
                    succeeded: .history(Milliseconds(9), thenSummary: nil),
                    otherwise: .history(Milliseconds(9), thenSummary: nil))
            ),
            (
                .executionStartedWithPolicy,
                RetentionPolicy(
                    succeeded: .history(Milliseconds(9), thenSummary: Milliseconds(0)), otherwise: .forever)
            ),
        ] as [(EventKind, RetentionPolicy)])
    func `a start has the first form that can say its retention`(kind: EventKind, retention: RetentionPolicy) throws {
        let event = Event.executionStarted(
            ExecutionStart(secret: EventVectors.secret, function: "f", name: "n", input: nil, retention: retention))
        #expect(event.eventKind == kind)
        #expect(try Event(kind: event.kind, decodingBody: Self.body(of: event)) == event)
    }

    /// The last form, of policies that the one before could say: for ever, and ten days.
    @Test(arguments: [[0, 0], [10, 1, 10, 1]] as [[UInt8]])
    func `a policy that a delay can say is refused`(policy: [UInt8]) {
        let start = [UInt8](repeating: 7, count: 16) + [1, 0x66, 1, 0x31, 1, 0x6E, 0, 0]
        for tail in [[0, 0, 0, 0], [0, 0, 1, 0]] as [[UInt8]] {
            #expect(throws: EventDecodingError.invalid(field: .retention, offset: 24)) {
                try Event(kind: EventKind.executionStartedWithPolicy.rawValue, decodingBody: start + policy + tail)
            }
        }
    }

    @Test(
        arguments: [
            // A length of 2^63, and one of 11 bytes.
            (
                .executionSucceeded, [0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
                .truncated(field: .payload, offset: 0)
            ),
            (
                .executionSucceeded, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02],
                .invalid(field: .payload, offset: 0)
            ),
            // A number that ends in a group of zeros.
            (.stepReady, [0x81, 0x00], .invalid(field: .operation, offset: 0)),
            // An ordinal of 2^32.
            (.stepReady, [0x81, 0x80, 0x80, 0x80, 0x10], .invalid(field: .operation, offset: 0)),
            // A wait of 2^63 ms.
            (
                .waitStarted, [1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
                .invalid(field: .duration, offset: 1)
            ),
            // No UTF-8.
            (.executionFailed, [0b11, 1, 0xFF], .invalid(field: .error, offset: 1)),
            // Parts of an error that is absent; a part that is not known; a stack trace without a line.
            (.executionFailed, [0b10], .invalid(field: .error, offset: 0)),
            (.executionFailed, [0b10_0001], .invalid(field: .error, offset: 0)),
            (.executionFailed, [0b1_0001, 0], .invalid(field: .error, offset: 1)),
            // An error where one must be.
            (.executionStopped, [0], .invalid(field: .error, offset: 0)),
            // A well-known sub type that is spelt out, and a code that is none.
            (.stepStarted, [0, 1, 0x31, 0, 255, 4, 0x53, 0x74, 0x65, 0x70, 0], .invalid(field: .subType, offset: 4)),
            (.stepStarted, [0, 1, 0x31, 0, 100, 0], .invalid(field: .subType, offset: 4)),
            // A flag of 2, an end of an invocation that is none, a type that is none.
            (.contextSucceeded, [1, 2, 0], .invalid(field: .flags, offset: 1)),
            (.invocationCompleted, [7], .invalid(field: .invocationEnd, offset: 0)),
            (.executionHeld, [9], .invalid(field: .operationType, offset: 0)),
            (.executionHeld, [0, 0], .invalid(field: .operationType, offset: 1)),
            // A start that says no more than the first form could.
            (
                .executionStartedExtended,
                [UInt8](repeating: 7, count: 16) + [1, 0x66, 1, 0x31, 1, 0x6E, 0, 0, 0, 0, 0, 0, 0],
                .invalid(field: .flags, offset: 24)
            ),
            // What was resolved to none of the three, and what is kept to nothing that is known.
            (.chainedInvokeStarted, [1, 1, 0x66, 0, 0, 3], .invalid(field: .target, offset: 5)),
            (.retentionTrimmed, [1], .invalid(field: .retention, offset: 0)),
            // An end that would be the start, and one beyond every sequence.
            (.historyTrimmed, [1], .invalid(field: .eventID, offset: 0)),
            (.historyTrimmed, [0x80, 0x80, 0x80, 0x80, 0x10], .invalid(field: .eventID, offset: 0)),
        ] as [(EventKind, [UInt8], EventDecodingError)])
    func `a damaged field is named by its own error`(kind: EventKind, bytes: [UInt8], error: EventDecodingError) {
        #expect(throws: error) { try Event(kind: kind.rawValue, decodingBody: bytes) }
    }
}

/// A generator with a seed, so that a failure can be had again.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
