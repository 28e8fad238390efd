import ExecutionModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What depends on time and chance, the same on every replay.
extension DurableContext {
    /// The time, as far as the execution knows: when the last operation that this context has seen came to its end, or the
    /// execution's start. The same on every replay, and never earlier than an earlier answer.
    ///
    /// Nothing is recorded. It stands still between durable calls; where the moment itself matters, read a clock in a step.
    public var now: Date { Date(lastTime) }

    /// A version 4 UUID from ``random``: the same on every replay, and another one with each call. It is no secret.
    public func uuid() -> UUID {
        var bytes = [random.next(), random.next()].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
        }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        return bytes.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }
}

/// A generator whose numbers follow from an execution's id and the place of a context in it: SplitMix64, seeded by SipHash.
public struct DurableRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(execution: ExecutionID, context: OperationID?) {
        state = SipHash128(of: "random/\(context?.rawValue ?? "")".utf8, key: execution.check).digest.high
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
