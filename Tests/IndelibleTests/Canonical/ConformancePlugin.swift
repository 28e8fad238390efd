import Indelible

/// Notes what it is told of invocations, and of steps and their attempts.
struct ConformancePlugin: DurablePlugin {
    struct Failure: Error {}

    var name = "CONFPLUGIN"
    let notes: Calls
    /// Whether it throws whenever it has noted something.
    var isFaulty = false

    func observer(of invocation: ObservedInvocation) -> any DurableObserver { Observer(plugin: self) }

    private func note(_ hook: String) throws {
        notes.note("\(name) \(hook)")
        if isFaulty { throw Failure() }
    }

    private struct Observer: DurableObserver {
        let plugin: ConformancePlugin

        func invocationStarted(_ invocation: ObservedInvocation) throws {
            try plugin.note("invocation-start, first: \(invocation.isFirst)")
        }

        func invocationEnded(
            _ invocation: ObservedInvocation, as outcome: ObservedInvocation.Outcome, error: RecordedError?
        ) throws {
            try plugin.note("invocation-end, \(outcome)")
        }

        func operationStarted(_ operation: ObservedOperation) throws {
            if operation.type == "STEP" { try plugin.note("operation-start of \(operation.id)") }
        }

        func operationEnded(_ operation: ObservedOperation) throws {
            if operation.type == "STEP" { try plugin.note("operation-end of \(operation.id), \(operation.status)") }
        }

        func bodyStarted(_ body: ObservedBody) throws {
            guard body.operation.type == "STEP" else { return }
            try plugin.note("attempt-start \(body.attempt) of \(body.operation.id)")
        }

        func bodyEnded(_ body: ObservedBody, as outcome: ObservedBody.Outcome, error: RecordedError?) throws {
            guard body.operation.type == "STEP" else { return }
            try plugin.note("attempt-end \(body.attempt) of \(body.operation.id), \(outcome)")
        }
    }
}
