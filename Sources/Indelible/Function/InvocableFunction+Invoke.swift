import ExecutionModel
import Logging

extension InvocableFunction {
    /// Runs the handler once over what the history holds, and says what it came to.
    ///
    /// Cancelling the task that calls this takes the invocation back: the handler's task is cancelled, and no error that
    /// it then throws counts. The answer comes when the handler has ended, or is parked.
    package func invoke(_ input: HandlerInput) async -> HandlerOutcome {
        let invocation = HandlerInvocation(input, serdes: options.serdes)
        let outcome = await invocation.run { await runHandler(in: invocation) }
        guard case .diverged(let divergence) = outcome else { return outcome }
        let mismatch = ReplayError(divergence)
        input.logger.error("\(mismatch.message)", metadata: ["execution": "\(input.name)"])
        switch options.onMismatch {
        case .hold: return outcome
        case .fail: return .failed(RecordedError(mismatch).object)
        }
    }

    private func runHandler(in invocation: HandlerInvocation) async -> HandlerOutcome {
        let rows = invocation.input.operations
        guard case .execution(let payload, _) = rows.first?.details else {
            preconditionFailure("the first row of an invocation is its execution's")
        }
        let context = DurableContext(invocation, in: nil, isReplaying: rows.count > 1)
        defer { context.close() }
        do {
            return .succeeded(result: try await handle(payload?.inlineBytes, context))
        } catch {
            return .failed(RecordedError(error).object)
        }
    }
}
