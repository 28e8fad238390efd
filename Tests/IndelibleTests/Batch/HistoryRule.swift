import Indelible
import Testing

/// What no history may show: an operation of a handler after the end of a context around it.
///
/// Waits, callbacks and chained invokes of an abandoned branch still come to their end: that is the engine's doing.
func expectNothingAfterItsContext(_ history: [HistoryEvent]) {
    let handlers = [
        "ContextStarted", "ContextSucceeded", "ContextFailed", "StepStarted", "StepSucceeded", "StepFailed",
        "WaitStarted",
        "WaitCancelled", "CallbackStarted", "ChainedInvokeStarted",
    ]
    var closed: Set<String> = []
    for event in history {
        guard let operation = event.operation, handlers.contains(event.type) else { continue }
        var parts = operation.path.split(separator: "-")
        while parts.count > 1 {
            parts.removeLast()
            let context = parts.joined(separator: "-")
            #expect(!closed.contains(context), "\(event.type) of \(operation) after the end of \(context)")
        }
        if event.type == "ContextSucceeded" || event.type == "ContextFailed" { closed.insert(operation.path) }
    }
}
