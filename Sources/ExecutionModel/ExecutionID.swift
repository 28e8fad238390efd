/// The number of an execution: the LSN of its start event. Dense ids need no allocator that recovery must restore.
package struct ExecutionNumber: Comparable, Hashable, Sendable {
    package var rawValue: UInt64

    package init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    package static func < (left: ExecutionNumber, right: ExecutionNumber) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// Names one execution for ever: its number, which finds it, and 128 random bits, which tell it from the execution of
/// the same number in another log.
///
/// As text, `<number>-<32 hexadecimal digits>`: the last segment of the execution's ARN.
package struct ExecutionID: Hashable, Sendable {
    package var number: ExecutionNumber
    package var random: RandomBits

    package init(number: ExecutionNumber, random: RandomBits) {
        self.number = number
        self.random = random
    }
}

/// 128 random bits, drawn when an execution starts.
package struct RandomBits: Hashable, Sendable {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}
