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

/// Names one execution for ever: its number, which finds it, and a check, which tells it from the execution of the same
/// number in another log.
///
/// It is public, and gives nobody the right to anything: the check is derived from the execution's secret, and says
/// nothing of it. As text, `<number>-<32 hexadecimal digits>`: the last segment of the execution's ARN.
package struct ExecutionID: Hashable, Sendable {
    package var number: ExecutionNumber
    package var check: RandomBits

    package init(number: ExecutionNumber, check: RandomBits) {
        self.number = number
        self.check = check
    }

    /// The id of the execution that has this number and this ``ExecutionStart/secret``.
    package init(number: ExecutionNumber, secret: RandomBits) {
        self.init(number: number, check: SipHash128(of: "execution".utf8, key: secret).digest)
    }
}
