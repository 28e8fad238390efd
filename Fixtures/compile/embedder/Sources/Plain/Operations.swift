import Indelible

/// Every operation, as a handler without ceremony writes it.
struct Trip: Codable {
    var place: String
}

struct NoRoom: RecordableError {
    var place: String
}

func book(_ trip: Trip, idempotencyKey: String) async throws -> String { trip.place + idempotencyKey }
func cancel(_ booking: String) async throws {}

// A helper that takes the context is called from handlers, children, branches and sagas alike.
func confirm(_ context: DurableContext, _ booking: String) async throws -> Bool {
    try await context.waitForCallback("confirm \(booking)", timeout: .days(1)) { id, step in
        step.logger.info("asked", metadata: ["callback": "\(id)"])
    }
}

let quote = PlainFunction("quote") { (trip: Trip) in trip.place.count }
let ping = PlainFunction("ping") { try await cancel("") }
let rating = PlainFunction("rating", options: FunctionOptions(version: 2)) { 5 }

let travel = DurableFunction("travel", options: FunctionOptions(version: 1, onMismatch: .fail)) {
    (trips: [Trip], context: DurableContext) in
    let price = try await context.invoke(quote, input: trips[0], name: "quote", tenantID: "acme", timeout: .minutes(5))
    try await context.invoke(ping)
    try await context.invoke(FunctionReference<Void, Void>("elsewhere"))
    let stars =
        try await context.invoke(rating)
        + context.invoke(FunctionReference<Trip, Int>("stars", version: 3), input: trips[0])

    let isReady = try await context.waitForCondition(
        "ready", from: 0, poll: .until({ $0 > 3 }, maxAttempts: 10, jitter: .half)
    ) { state, step in state + step.attempt }

    let slow = try await context.step("slow", timeout: .minutes(1), retry: .none.retrying(only: StepTimeoutError.self))
    {
        step in step.isCancellationRequested ? "early" : step.idempotencyKey
    }
    try await context.step("slow, for nothing", timeout: .minutes(1)) { _ in try await cancel(slow) }

    let attempted = try await context.withRetry("again", retry: .linear()) { attempt, context in
        try await confirm(context, "\(attempt)") ? attempt : 0
    }
    try await context.withRetry(isRecorded: false) { _, context in try await context.wait(for: .hours(1)) }

    let passed = try await context.runInVirtualContext("together") { group -> @Sendable (Int) -> Int in
        let isConfirmed = try await confirm(group, "group")
        return { number in isConfirmed ? number + 1 : number }
    }
    try await context.runInVirtualContext { group in try await group.wait(for: .seconds(1)) }

    if try await context.patched("with a saga") {
        var booked = 0
        let basket = Basket()
        let bookings = try await context.saga(retry: .critical) { saga in
            var bookings: [String] = []
            for trip in trips {
                let booking = try await saga.step("book \(trip.place)") { step in
                    try await book(trip, idempotencyKey: step.idempotencyKey)
                } compensation: { booking, _ in
                    try await cancel(booking)
                }
                bookings.append(booking)
                booked += 1
                basket.items.append(booking)
                guard try await confirm(context, booking) else { throw NoRoom(place: trip.place) }
            }
            try await saga.step("pay") { _ in
            } compensation: { _ in
                try await cancel("payment")
            }
            saga.compensate("report") { step in step.logger.info("undone after \(step.attempt)") }
            return bookings
        }
        guard bookings.count == booked else { throw FatalError("booked \(basket.items.count)") }
    }

    let both = try await context.parallel("both") {
        DurableBranch("one") { branch in try await confirm(branch, "one") }
        DurableBranch("two") { branch in
            try await branch.saga { saga in
                try await saga.step { _ in
                    true
                } compensation: { _, _ in
                }
            }
        }
    }.results
    let places = try await context.map("places", trips) { trip, branch in
        try await branch.runInVirtualContext { inner in try await confirm(inner, trip.place) }
    }.results

    do {
        try await context.wait(for: .seconds(Int.random(in: 1...3, using: &context.random)))
    } catch let cancelled as ExecutionCancelledError {
        context.logger.info("\(cancelled.reason ?? "") at \(context.now), \(context.uuid())")
        throw cancelled
    } catch let error as InvokeError {
        guard let cause = error.cause.decoded(as: NoRoom.self) else { throw error }
        return [cause.place]
    }
    return places.map {
        "\($0) \(both) \(price) \(stars) \(isReady) \(attempted) \(passed(1)) \(context.tenantID ?? "")"
    }
}
