/// The right to submit one checkpoint: each success consumes it and returns the next.
///
/// As text: base64, opaque to its holder. It names its invocation, so that what outlived an invocation cannot write.
package struct CheckpointToken: Hashable, Sendable {
    package var execution: ExecutionID
    /// The invocation it belongs to, counted from 1 in its execution.
    package var invocation: UInt32
    /// How many checkpoints this invocation has made.
    package var sequence: UInt32

    package init(execution: ExecutionID, invocation: UInt32, sequence: UInt32) {
        self.execution = execution
        self.invocation = invocation
        self.sequence = sequence
    }
}
