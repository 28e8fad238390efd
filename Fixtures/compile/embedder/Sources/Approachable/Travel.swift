import Indelible

// With `NonisolatedNonsendingByDefault`, as new projects have it: helpers run where their callers do.
nonisolated func confirm(_ context: DurableContext, _ booking: String) async throws -> Bool {
    try await context.waitForCallback("confirm \(booking)") { id, _ in _ = id }
}

nonisolated func book(_ context: DurableContext, _ places: [String]) async throws -> Int {
    var booked = 0
    return try await context.saga { saga in
        for place in places {
            try await saga.step("book \(place)") { _ in
            } compensation: { _ in
            }
            booked += 1
            guard try await confirm(context, place) else { throw CancellationError() }
        }
        return booked
    }
}

nonisolated func wait(_ context: DurableContext) async throws -> Int {
    let condition = try await context.waitForCondition(from: 0, poll: .until({ $0 > 3 }, every: .seconds(1))) {
        state, _ in state + 1
    }
    let slow = try await context.step(timeout: .minutes(1)) { _ in 1 }
    let retried = try await context.withRetry { _, context in try await book(context, ["again"]) }
    let together = try await context.runInVirtualContext { group in try await book(group, ["together"]) }
    return condition + slow + retried + together
}

let travel = DurableFunction("travel") { (places: [String], context: DurableContext) in
    let booked = try await book(context, places)
    let waited = try await context.runInChildContext { child in try await wait(child) }
    let mapped = try await context.map("places", places) { place, branch in try await book(branch, [place]) }
    return mapped.results.reduce(booked + waited, +)
}
