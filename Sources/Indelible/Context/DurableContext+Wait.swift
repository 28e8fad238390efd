import ExecutionModel

extension DurableContext {
    /// Records the end of the wait and lets the execution rest until then. On replay after that, returns at once.
    ///
    /// While it waits the execution holds no thread, and no task but that of a parked handler. The wait goes on over
    /// restarts; it never ends early and may end late by as long as no process had the log open.
    ///
    /// - Parameters:
    ///   - name: As a step's.
    ///   - duration: Above zero; recorded in milliseconds, rounded up.
    /// - Throws: ``ReplayError``; ``ContextError`` before anything is recorded; ``ExecutionCancelledError``, and the wait
    ///   is taken back.
    /// - SeeAlso: AWS Lambda's `CheckpointDurableExecution`, operation type `WAIT`.
    public nonisolated(nonsending) func wait(_ name: String? = nil, for duration: Duration) async throws {
        guard duration > .zero else {
            throw ContextError(code: .invalidDuration, message: "a wait of \(duration): it must be above zero")
        }
        try await operation(.wait, "Wait", name) { identity in
            if try !run.isRecorded(identity) {
                try begin(identity)
                let options = OperationUpdate.Options.wait(duration: Milliseconds(duration))
                try await run.require(
                    OperationUpdate(identity, .start, options: options), forced: true, on: strand)
            }
            // The engine completes what is due within a checkpoint, so a short wait may be over already.
            _ = try await settled(identity)
        }
    }
}
