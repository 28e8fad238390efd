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

    /// A version 4 UUID: the same on every replay, and another one with each call, in each context and each execution. It is
    /// no secret. In the body of a step it is that attempt's, and draws nothing from what follows the step.
    public func uuid() -> UUID {
        UUID(execution: run.execution.id, prefix: path.prefix, number: random.next())
    }
}

extension UUID {
    /// - Parameters:
    ///   - prefix: That of the context's operation ids.
    ///   - number: Never the same twice in a context.
    //
    // A hash of 128 bits under the execution's key: the generator's own numbers have 64.
    init(execution: ExecutionID, prefix: String, number: UInt64) {
        let digest = SipHash128(of: "uuid/\(prefix)/\(number)".utf8, key: execution.check).digest
        var bytes = [digest.high, digest.low].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> ($0 * 8)) }
        }
        bytes[6] = bytes[6] & 0x0F | 0x40
        bytes[8] = bytes[8] & 0x3F | 0x80
        self = bytes.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }
}

/// A generator whose numbers follow from an execution's id and the place of a context in it: SplitMix64, seeded by SipHash.
public struct DurableRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(execution: ExecutionID, context: OperationID?) {
        state = SipHash128(of: "random/\(context?.rawValue ?? "")".utf8, key: execution.check).digest.high
    }

    /// A generator for what runs inside the operation of that number: its numbers are others, and it takes none of this
    /// one's.
    func inside(_ operation: Int) -> DurableRandom {
        var inner = self
        inner.state ^= 0xD1B5_4A32_D192_ED03 &* UInt64(truncatingIfNeeded: operation)
        return inner
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
