/// The number of a record in the log: dense from 1, in the order of appending, never reused once durable.
package struct LSN: Comparable, Hashable, Sendable {
    package var rawValue: UInt64

    package init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    package static let first = LSN(1)

    package static func < (left: LSN, right: LSN) -> Bool {
        left.rawValue < right.rawValue
    }

    package func advanced(by count: Int) -> LSN {
        LSN(rawValue + UInt64(count))
    }
}
