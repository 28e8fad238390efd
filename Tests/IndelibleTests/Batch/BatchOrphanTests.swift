import Indelible
import IndelibleTesting
import Synchronization
import Testing

/// Items that still run when their batch is over: they are cut off from the record.
@Suite(.bothWays) struct BatchOrphanTests {
    /// Who waits here is let go by ``open()`` alone, not by a cancellation.
    final class Latch: Sendable {
        private let state = Mutex((isOpen: false, waiters: [CheckedContinuation<Void, Never>]()))

        func pass() async {
            await withCheckedContinuation { continuation in
                let isOpen = state.withLock { state in
                    if !state.isOpen { state.waiters.append(continuation) }
                    return state.isOpen
                }
                if isOpen { continuation.resume() }
            }
        }

        func open() {
            let waiters = state.withLock { state in
                defer { state = (true, []) }
                return state.waiters
            }
            for waiter in waiters { waiter.resume() }
        }
    }

    private static func statuses(_ batch: BatchResult<some Any>) -> [String] { batch.items.map(\.status.rawValue) }

    @Test(arguments: [BatchNesting.nested, .flat])
    func `the first success ends a race, and what waits then never comes to anything`(nesting: BatchNesting)
        async throws
    {
        let function = DurableFunction("race") { (context: DurableContext) in
            let batch = try await context.map([1, 3, 2], completion: .firstSuccessful, nesting: nesting) {
                seconds, context in
                try await context.wait("\(seconds)", for: .seconds(seconds))
                return try await context.step("won") { _ in seconds }
            }
            try await context.wait("after", for: .minutes(1))
            return Self.statuses(batch) + ["\(batch.results)", batch.completionReason.rawValue]
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == ["SUCCEEDED", "STARTED", "STARTED", "[1]", "MIN_SUCCESSFUL_REACHED"])
        let history = try await execution.history()
        expectNothingAfterItsContext(history)
        #expect(history.count { $0.type == "StepSucceeded" } == 1)
    }

    @Test(arguments: [BatchNesting.nested, .flat])
    func `a body that ends after its batch records nothing, whatever it comes to`(nesting: BatchNesting) async throws {
        for fails in [false, true] {
            let (hold, loserEnded) = (Latch(), Latch())
            let arrival = Gate()
            let wasCancelled = Calls()
            let function = DurableFunction("late") { (context: DurableContext) in
                let batch = try await context.parallel("race", completion: .firstSuccessful, nesting: nesting) {
                    DurableBranch("loser") { context in
                        defer { loserEnded.open() }
                        do {
                            return try await context.step("held", retry: .fixed(delay: .seconds(1))) { _ in
                                arrival.open()
                                await hold.pass()
                                if Task.isCancelled { wasCancelled.note("yes") }
                                if fails { throw Flaky() }
                                return 1
                            }
                        } catch {
                            wasCancelled.note("suspending: \(context.isSuspending)")
                            // It is cut off for good.
                            return try await context.step("too late") { _ in 2 }
                        }
                    }
                    DurableBranch("winner") { _ in
                        await arrival.pass()
                        return 3
                    }
                }
                hold.open()
                await loserEnded.pass()
                try await context.step("after") { _ in }
                return Self.statuses(batch)
            }
            let test = try await TestEngine(functions: [function])
            let execution = try await test.engine.start(function)
            #expect(try await execution.result() == ["STARTED", "SUCCEEDED"])
            #expect(wasCancelled.all == ["yes", "suspending: true"])
            let history = try await execution.history()
            expectNothingAfterItsContext(history)
            let ended = history.filter { $0.type == "StepSucceeded" || $0.type == "StepFailed" }
            #expect(ended.map(\.operation?.name) == ["after"])
            #expect(history.allSatisfy { $0.operation?.name != "too late" })
        }
    }

    @Test func `batches inside an abandoned branch are abandoned with it`() async throws {
        let (hold, ended) = (Latch(), Calls())
        let arrivals = Mutex(0)
        let allThere = Gate()
        let function = DurableFunction("nested") { (context: DurableContext) in
            let batch = try await context.parallel("outer", completion: .firstSuccessful) {
                DurableBranch("loser") { context in
                    try await context.map("inner", [0, 1, 2]) { item, context in
                        defer { ended.note("item \(item)") }
                        if item == 2 { try await context.wait("for ever", for: .days(1)) }
                        try await context.step("held") { _ in
                            if arrivals.withLock({ count in
                                count += 1
                                return count == 2
                            }) {
                                allThere.open()
                            }
                            await hold.pass()
                        }
                    }.successCount
                }
                DurableBranch("winner") { _ in
                    await allThere.pass()
                    return 7
                }
            }
            hold.open()
            while ended.all.count < 3 { await Task.yield() }
            try await context.step("after") { _ in }
            return batch.results
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == [7])
        let history = try await execution.history()
        expectNothingAfterItsContext(history)
        #expect(history.filter { $0.type == "StepSucceeded" }.map(\.operation?.name) == ["after"])
    }

    @Test func `a handler that returns does not wait for what it has abandoned`() async throws {
        let (hold, loserEnded) = (Latch(), Latch())
        let arrival = Gate()
        let function = DurableFunction("return") { (context: DurableContext) in
            try await context.parallel(completion: .firstSuccessful) {
                DurableBranch { context in
                    defer { loserEnded.open() }
                    return try await context.step("held") { _ in
                        arrival.open()
                        await hold.pass()
                        return 1
                    }
                }
                DurableBranch { _ in
                    await arrival.pass()
                    return 2
                }
            }.results
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == [2])
        hold.open()
        await loserEnded.pass()
        await test.settle()
        #expect(try await execution.history().allSatisfy { $0.type != "StepSucceeded" })
        #expect(try await execution.status == .succeeded)
    }

    @Test func `an abandoned branch that swallows its end in a loop is parked alone`() async throws {
        let log = LogRecorder()
        let arrival = Gate()
        let function = DurableFunction("swallow") { (context: DurableContext) in
            let batch = try await context.parallel(completion: .firstSuccessful) {
                DurableBranch("greedy") { context in
                    while true {
                        do {
                            try await context.step { _ in arrival.open() }
                            try await context.wait(for: .days(1))
                            return 1
                        } catch {}
                    }
                }
                DurableBranch("winner") { _ in
                    await arrival.pass()
                    return 2
                }
            }
            while log.messages.allSatisfy({ !$0.text.contains("parked") }) { await Task.yield() }
            return try await context.step("after") { _ in batch.results }
        }
        let test = try await TestEngine(functions: [function], options: log.options)
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == [2])
        expectNothingAfterItsContext(try await execution.history())
    }

    /// Whoever wins, the record and the result agree: over many races, some find a loser's checkpoint on its way.
    @Test(arguments: [BatchNesting.nested, .flat])
    func `an item that the history shows ended has ended in the result, and no other`(nesting: BatchNesting)
        async throws
    {
        let function = DurableFunction("races") { (round: Int, context: DurableContext) in
            let batch = try await context.map(
                "race", Array(0..<8), completion: .successful(2), nesting: nesting
            ) { item, context in
                for step in 0..<((item + round) % 3) { _ = try await context.step("\(step)") { _ in step } }
                if item == 5 { throw Flaky() }
                return item
            }
            try await context.step("after") { _ in }
            return batch
        }
        let test = try await TestEngine(functions: [function])
        for round in 0..<60 {
            let execution = try await test.engine.start(function, input: round)
            let batch = try await execution.result()
            let history = try await execution.history()
            expectNothingAfterItsContext(history)
            #expect(batch.successCount >= 2)
            guard nesting == .nested else { continue }
            for item in batch.items {
                let end = history.first { event in
                    event.operation?.name == item.name && event.operation?.kind == "MapIteration"
                        && event.type != "ContextStarted"
                }
                let status: BatchItemStatus =
                    switch end?.type {
                    case "ContextSucceeded": .succeeded
                    case "ContextFailed": .failed
                    default: .started
                    }
                #expect(item.status == status, "round \(round), item \(item.index)")
            }
        }
    }

    @Test func `a timer of an abandoned branch wakes nobody once its batch is closed`() async throws {
        let calls = Calls()
        let function = DurableFunction("quiet") { (context: DurableContext) in
            calls.note("handler")
            _ = try await context.parallel(completion: .firstSuccessful) {
                DurableBranch { context in
                    try await context.wait(for: .hours(1))
                    return 1
                }
                DurableBranch { context in
                    try await context.wait(for: .seconds(1))
                    return 2
                }
            }
            try await context.wait("long", for: .hours(2))
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        try await execution.result()
        // At the start, after the winner's wait, and after the handler's own.
        #expect(calls.all.count == (handlersAreParked ? 1 : 3))
        #expect(try await execution.history().count { $0.type == "InvocationCompleted" } == 3)
    }
}
