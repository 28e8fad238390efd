import Indelible

// Every operation from a module that is on the main actor unless it says otherwise.
nonisolated struct NoRoom: RecordableError {
    var place: String
}

nonisolated func cancel(_ booking: String) async throws {}

nonisolated func confirm(_ context: DurableContext, _ booking: String) async throws -> Bool {
    try await context.waitForCallback("confirm \(booking)") { id, _ in _ = id }
}

let rating = PlainFunction("rating") { (place: String) in place.count }

let travel = DurableFunction("travel") { (places: [String], context: DurableContext) in
    var stars = try await context.invoke(rating, input: places[0], name: "rating")
    stars += try await context.waitForCondition(from: 0, poll: .until({ $0 > 3 }, every: .seconds(1))) { state, step in
        state + step.attempt
    }
    stars += try await context.step("slow", timeout: .minutes(1)) { step in step.attempt }
    stars += try await context.withRetry("again") { attempt, context in try await confirm(context, "\(attempt)") ? 1 : 0
    }
    stars += try await context.runInVirtualContext { group in try await confirm(group, "group") ? 1 : 0 }
    guard try await context.patched("with a saga") else { return [stars] }
    var booked = 0
    let bookings = try await context.saga { saga in
        for place in places {
            try await saga.step("book \(place)") { _ in
            } compensation: { _ in
                try await cancel(place)
            }
            booked += 1
            guard try await confirm(context, place) else { throw NoRoom(place: place) }
        }
        return booked
    }
    let confirmed = try await context.map("places", places) { place, branch in try await confirm(branch, place) }
        .results
    return [stars, bookings, confirmed.count]
}
