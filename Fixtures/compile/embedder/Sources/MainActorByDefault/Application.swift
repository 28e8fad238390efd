import Indelible

// What a handler touches runs off the main actor, so it says so.
nonisolated struct Reminder: Codable {
    var text: String
    var days: Int
}

nonisolated func send(_ reminder: Reminder, _ context: DurableContext) async throws -> String {
    try await context.step("send") { step in "\(reminder.text) (\(step.attempt))" }
}

let remind = DurableFunction("remind") { (reminder: Reminder, context: DurableContext) in
    try await context.wait("until due", for: .days(reminder.days))
    let first = try await send(reminder, context)
    return try await context.runInChildContext { child in
        let second = try await send(reminder, child)
        return first + second
    }
}

let remindAll = DurableFunction("remind-all") { (reminders: [Reminder], context: DurableContext) in
    let sent = try await context.map("send", reminders) { reminder, context in try await send(reminder, context) }
    let (count, first) = try await context.parallel(
        "sum up", DurableBranch { context in try await context.step { _ in sent.results.count } },
        DurableBranch { _ in sent.results.first ?? "none" })
    return "\(count), \(first)"
}

/// On the main actor, as everything here is unless it says otherwise.
final class Application {
    var sent: [String] = []

    func run() async throws {
        let engine = try await DurableEngine.open(at: "reminders.log", functions: [remind, remindAll])
        let execution = try await engine.start(remind, input: Reminder(text: "rent", days: 30), name: "rent")
        sent.append(try await execution.result())
        try await engine.complete(callback: CallbackID("…"), with: Reminder(text: "paid", days: 0))
        try await engine.close()
    }
}
