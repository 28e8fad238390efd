import Foundation
import Indelible
import Testing

@testable import IndelibleTesting

/// What tests ask of a history: what it says yes to, and what it does not.
@Suite(.bothWays) struct HistoryAssertionsTests {
    /// A history with one of everything, whose steps are called after their places.
    static func history() async throws -> [HistoryEvent] {
        let child = DurableFunction("child") { (context: DurableContext) in try await context.wait(for: .days(1)) }
        let function = DurableFunction("all") { (context: DurableContext) in
            try await context.step("flaky", retry: .fixed(maxAttempts: 2, delay: .milliseconds(1_500))) { step in
                if step.attempt == 1 { throw Flaky() }
            }
            do { try await context.step("doomed", retry: .none) { _ in throw Flaky() } } catch is StepError {}
            _ = try await context.waitForCondition("poll", from: 0, poll: .until({ $0 == 2 }, every: .seconds(1))) {
                state, _ in state + 1
            }
            try await context.wait("rest", for: .seconds(1))
            do {
                let _: Int = try await context.waitForCallback("answer", timeout: .seconds(3)) { _, _ in }
            } catch is CallbackError {}
            do { try await context.invoke(child, name: "late", timeout: .seconds(5)) } catch is InvokeError {}
            do { try await context.invoke(child, name: "stopped") } catch is InvokeError {}
            try await context.runInChildContext("inside") { child in try await child.wait("flaky", for: .seconds(1)) }
        }
        let test = try await TestEngine(functions: [function, child])
        let execution = try await test.engine.start(function)
        while try await !execution.history().contains(.started("stopped")) { await test.advance(by: .seconds(1)) }
        try await test.stop(invoke: "stopped", of: execution.id)
        try await execution.result()
        return try await execution.history()
    }

    @Test func `a notation letters operations and tells attempts, delays and ends`() async throws {
        let history = try await Self.history()
        #expect(
            history.notation == """
                a.sS a.sF(1,+2) INV a.sS a.sOK(2) b.sS b.sF c.sS c.sOK(1,+1) INV c.sS c.sOK(2) d.wS INV d.wOK \
                e.cS f.kS g.sS g.sOK INV f.kTO e.cF h.iS INV h.iTO i.iS INV i.iSTOP j.cS k.wS INV k.wOK j.cOK INV X
                """)
        #expect([HistoryEvent]().notation == "")
    }

    @Test func `a mark matches its operation's name and its kind of event alone`() async throws {
        let history = try await Self.history()
        let counts: [(mark: HistoryMark, count: Int)] = [
            (.started("flaky"), 3), (.failed("flaky"), 1), (.succeeded("flaky"), 2), (.timedOut("flaky"), 0),
            (.stopped("flaky"), 0), (.cancelled("flaky"), 0), (.failed("doomed"), 1), (.succeeded("doomed"), 0),
            (.started("poll"), 2), (.succeeded("poll"), 2), (.succeeded("rest"), 1), (.timedOut("late"), 1),
            (.failed("late"), 0), (.stopped("late"), 0), (.stopped("stopped"), 1), (.timedOut("stopped"), 0),
            // The callback inside the wait for it has no name.
            (.failed("answer"), 1), (.timedOut("answer"), 0), (.started("nobody"), 0),
            (.event("CallbackTimedOut"), 1), (.event("InvocationCompleted"), 8), (.event("Invocation"), 0),
            (.event("StepFailed"), 2), (.event("Failed"), 0), (.event("ExecutionSucceeded"), 1),
        ]
        for (mark, count) in counts {
            #expect(history.count(of: mark) == count, "\(mark)")
            #expect(history.events(of: mark).count == count, "\(mark)")
            #expect(history.contains(mark) == (count > 0), "\(mark)")
        }
    }

    @Test func `events come in order, whole`() async throws {
        let history = try await Self.history()
        let flaky = history.events(of: .started("flaky"))
        #expect(flaky.map(\.type) == ["StepStarted", "StepStarted", "WaitStarted"])
        #expect(flaky.map(\.id) == flaky.map(\.id).sorted())
        #expect(flaky.allSatisfy { history.contains($0) })
        #expect(
            history.events(named: "flaky").map(\.type)
                == ["StepStarted", "StepFailed", "StepStarted", "StepSucceeded", "WaitStarted", "WaitSucceeded"])
        #expect(history.events(named: "nobody") == [])
    }

    @Test func `one thing is before another where any of the other follows the first of the one`() async throws {
        let history = try await Self.history()
        #expect(history.contains(.failed("flaky"), before: .succeeded("flaky")))
        #expect(!history.contains(.succeeded("rest"), before: .started("rest")))
        #expect(!history.contains(.succeeded("rest"), before: .failed("flaky")))
        #expect(history.contains(.timedOut("late"), before: .stopped("stopped")))
        #expect(!history.contains(.stopped("stopped"), before: .timedOut("late")))
        // The first start of it is before its failure, although the last one is not.
        #expect(history.contains(.started("flaky"), before: .failed("flaky")))
        // Itself does not follow itself; another one of its kind does.
        #expect(!history.contains(.failed("doomed"), before: .failed("doomed")))
        #expect(history.contains(.started("poll"), before: .started("poll")))
        #expect(!history.contains(.started("nobody"), before: .succeeded("rest")))
        #expect(!history.contains(.succeeded("rest"), before: .started("nobody")))
        // The last event has nothing after it.
        #expect(!history.contains(.event("ExecutionSucceeded"), before: .event("InvocationCompleted")))
        #expect(![HistoryEvent]().contains(.started("rest"), before: .succeeded("rest")))
    }

    @Test func `an operation is open from its first event to its last`() async throws {
        let history = try await Self.history()
        var opened: [String: [Int]] = [:]
        for count in 1...history.count {
            let prefix = Array(history.prefix(count))
            for name in ["flaky", "doomed", "poll", "rest", "answer", "late", "inside", "nobody"]
            where prefix.isOpen(name) {
                opened[name, default: []].append(count)
            }
        }
        func events(_ name: String) -> Range<Int> {
            let path = history.first { $0.operation?.name == name }?.operation?.path
            let ids = history.filter { $0.operation?.path == path }.map(\.id)
            return (ids.first ?? 0)..<(ids.last ?? 0)
        }
        for name in ["flaky", "doomed", "poll", "rest", "answer", "late", "inside"] {
            #expect(opened[name] == Array(events(name)), "\(name)")
        }
        #expect(opened["nobody"] == nil)
    }

    @Test func `a callback is open until it has ended, by its own name and that of the wait for it`() async throws {
        let history = try await Self.history()
        let started = try #require(history.firstIndex { $0.type == "CallbackStarted" })
        let ended = try #require(history.firstIndex { $0.type == "CallbackTimedOut" })
        for count in 1...history.count {
            let open = Array(history.prefix(count)).openCallbacks(named: "answer")
            #expect(open == (count > started && count <= ended ? [history[started]] : []), "\(count)")
        }
        #expect(Array(history.prefix(ended)).openCallbacks(named: "late").isEmpty)
    }
}
