/// The key of an entry of the index: ordered by space, then `a`, then `b`. What they mean is the index's to say.
package struct TableKey: Comparable, Hashable, Sendable {
    package var space: UInt8
    package var a: UInt64
    package var b: UInt64

    package init(space: UInt8, _ a: UInt64, _ b: UInt64) {
        self.space = space
        self.a = a
        self.b = b
    }

    package static func < (left: TableKey, right: TableKey) -> Bool {
        if left.space != right.space { return left.space < right.space }
        if left.a != right.a { return left.a < right.a }
        return left.b < right.b
    }
}

extension TableKey: CustomStringConvertible {
    package var description: String { "(\(space), \(a), \(b))" }
}

/// What a run says of a key.
package enum TableEntry: Equatable, Sendable {
    /// At most ``TableFormat/valueByteCountMax`` bytes.
    case value([UInt8])
    /// The key has no value, whatever an older run says: a tombstone.
    case deleted
}
