/// The right to submit one checkpoint: each success consumes it and returns the next.
///
/// As text: base64, opaque to its holder. It names its invocation, so that what outlived an invocation cannot write. Its
/// check is one for the whole invocation, so that a checkpoint costs no hash: who holds one token of an invocation is
/// that invocation, and the sequence only keeps it from deciding on a state that it has not seen.
package struct CheckpointToken: Hashable, Sendable {
    package var execution: ExecutionNumber
    package var check: RandomBits
    /// The invocation it belongs to, counted from 1 in its execution.
    package var invocation: UInt32
    /// How many checkpoints this invocation has made.
    package var sequence: UInt32

    package init(execution: ExecutionNumber, invocation: UInt32, sequence: UInt32, check: RandomBits) {
        self.execution = execution
        self.check = check
        self.invocation = invocation
        self.sequence = sequence
    }

    /// What the tokens of an invocation carry and only the execution's ``ExecutionStart/secret`` gives.
    package static func check(invocation: UInt32, secret: RandomBits) -> RandomBits {
        SipHash128(of: "token", numbered: invocation, key: secret).digest
    }
}
