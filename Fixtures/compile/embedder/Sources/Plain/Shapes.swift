import Indelible
import IndelibleTesting

/// Everything that has to compile without ceremony.
final class Basket {
    var items: [String] = []
}

// Helpers take the context, return it to nobody, and call each other.
func reserve(_ context: DurableContext, item: String) async throws -> Int {
    let basket = Basket()
    var attempts = 0
    // What is not Sendable may be captured and changed in a step's body.
    let count = try await context.step("reserve \(item)") { step in
        attempts += 1
        basket.items.append(item)
        return basket.items.count + attempts + step.attempt
    }
    return try await double(context, count)
}

func double(_ context: DurableContext, _ number: Int) async throws -> Int {
    try await context.step(retry: .fixed(delay: .seconds(1)).retrying(only: CancellationError.self)) { _ in number * 2 }
}

struct Checkout {
    let prefix: String

    func run(_ items: [String], _ context: DurableContext) async throws -> [Int] {
        var counts: [Int] = []
        for item in items { counts.append(try await reserve(context, item: prefix + item)) }
        return counts
    }
}

let checkout = DurableFunction("checkout", options: FunctionOptions(concurrencyLimit: 8)) {
    (items: [String], context: DurableContext) in
    let counts = try await Checkout(prefix: "item-").run(items, context)
    let sum = try await context.runInChildContext("sum") { child in
        try await child.wait(for: .minutes(1))
        let one = try await reserve(child, item: "extra")
        return counts.reduce(one, +)
    }
    let callback = try await context.createCallback(of: Int?.self, timeout: .days(1))
    try await context.step { _ in await desk.ask(for: Order(id: 1, amount: 1), callback: callback.id) }
    context.logger.info("sum")
    return try await callback.result() ?? sum
}

// Batches: of one type and of several, named and not, with results and without.
let batches = DurableFunction("batches") { (items: [String], context: DurableContext) in
    let counts = try await context.map("reserve all", items, maxConcurrency: 50, completion: .tolerating(percentage: 5))
    {
        item, context in try await reserve(context, item: item)
    }
    try await context.map(items) { item, context in try await context.step { _ in _ = item } }.throwIfError()
    let first = try await context.parallel("race", completion: .firstSuccessful) {
        DurableBranch("double") { context in try await double(context, 1) }
        for item in items { DurableBranch { context in try await reserve(context, item: item) } }
        if items.isEmpty { DurableBranch { _ in 0 } }
    }
    let (stock, name) = try await context.parallel(
        "checks", DurableBranch("stock") { context in try await double(context, 2) },
        DurableBranch("name") { context in try await context.step { _ in "north" } })
    _ = try await context.parallel(DurableBranch { _ in 1 }, DurableBranch { _ in "two" })
    return "\(name): \(try counts.throwIfError().results.reduce(stock, +) + (first.results.first ?? 0))"
}

// Functions without input, without result, without either, and of one expression.
let nothing = DurableFunction("nothing") { (context: DurableContext) in try await context.wait(for: .hours(1)) }
let input = DurableFunction("input") { (number: Int, context: DurableContext) in
    try await context.step { _ in _ = number }
}
let output = DurableFunction("output") { (context: DurableContext) in try await context.step { _ in 7 } }
let doubled = DurableFunction("doubled") { (number: Int, context: DurableContext) in
    try await double(context, number)
}

@MainActor
final class Screen {
    var state = "idle"

    // From an actor: the handle and the engine go anywhere.
    func show(_ engine: DurableEngine) async throws {
        let execution = try await engine.start(output)
        state = "\(try await execution.result(timeout: .seconds(5)))"
        try await engine.start(nothing).stop()
        for execution in try await engine.executions(status: .running) { state += execution.name }
    }
}

func test() async throws -> Int {
    let test = try await TestEngine(functions: [checkout, batches, nothing, input, output, doubled])
    let execution = try await test.engine.start(doubled, input: 4)
    try await test.crash()
    await test.advance(by: .days(30))
    return try await execution.result()
}
