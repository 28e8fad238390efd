/// The path of an operation in its execution: the counter of each enclosing context, from the root: `1-4-2`.
///
/// 1 to 64 characters of `[a-zA-Z0-9-_]`. A path longer than that is replaced by a hash of itself.
package struct OperationID: Hashable, Sendable, CustomStringConvertible {
    package var rawValue: String

    package init(_ rawValue: String) {
        self.rawValue = rawValue
    }

    package var description: String { rawValue }
}

/// The place of an operation among its execution's operations, in the order of their first event, from 0.
///
/// Only an operation's first event carries its ``OperationID``; later ones carry this.
package struct OperationOrdinal: Comparable, Hashable, Sendable {
    package var rawValue: UInt32

    package init(_ rawValue: UInt32) {
        self.rawValue = rawValue
    }

    package static func < (left: OperationOrdinal, right: OperationOrdinal) -> Bool {
        left.rawValue < right.rawValue
    }
}
