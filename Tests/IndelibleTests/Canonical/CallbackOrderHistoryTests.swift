import Indelible
import IndelibleTesting
import Testing

/// The histories of callbacks beside waits and other callbacks: AWS's conformance requirements 4-9 to 4-14 and 4-17 to 4-19.
@Suite(.bothWays) struct CallbackOrderHistoryTests {
    typealias Function = DurableFunction<String, String>

    /// Opens a callback, waits, and only then asks for its result.
    static func waitingFirst(_ ids: CallbackIDs, timeout: Duration? = nil, wait: Duration) -> Function {
        DurableFunction("ask") { (name: String, context: DurableContext) in
            let callback = try await context.createCallback(name, of: String.self, timeout: timeout)
            ids.note(callback.id)
            try await context.wait(for: wait)
            return try await callback.result()
        }
    }

    @Test func `4-9: a callback is completed while its handler waits`() async throws {
        let ids = CallbackIDs()
        try await expectHistory(
            of: Self.waitingFirst(ids, wait: .seconds(5)), input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s CallbackStarted 1 Callback 'question', callback 1
            3 0s WaitStarted 2 Wait, for 5s, until 5s
            4 0s InvocationCompleted, from 0s
            5 1s CallbackSucceeded 1 Callback 'question', payload "answer"
            6 1s InvocationCompleted, from 1s
            7 5s WaitSucceeded 2 Wait, for 5s
            8 5s InvocationCompleted, from 5s
            9 5s ExecutionSucceeded, payload "answer"
            """
        ) { test in
            await test.advance(by: .seconds(1))
            try await test.engine.complete(callback: ids[0], with: "answer")
        }
    }

    @Test func `4-10: a callback is failed while its handler waits`() async throws {
        let ids = CallbackIDs()
        try await expectHistory(
            of: Self.waitingFirst(ids, wait: .seconds(5)), input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s CallbackStarted 1 Callback 'question', callback 1
            3 0s WaitStarted 2 Wait, for 5s, until 5s
            4 0s InvocationCompleted, from 0s
            5 1s CallbackFailed 1 Callback 'question', error RejectedError: not approved
            6 1s InvocationCompleted, from 1s
            7 5s WaitSucceeded 2 Wait, for 5s
            8 5s InvocationCompleted, from 5s, error CallbackError: not approved
            9 5s ExecutionFailed, error CallbackError: not approved
            """
        ) { test in
            await test.advance(by: .seconds(1))
            try await test.engine.fail(callback: ids[0], with: CallbackHistoryTests.rejection)
        }
    }

    @Test func `4-11: a callback times out while its handler waits`() async throws {
        let ids = CallbackIDs()
        try await expectHistory(
            of: Self.waitingFirst(ids, timeout: .seconds(3), wait: .seconds(6)), input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s CallbackStarted 1 Callback 'question', callback 1, timeout 3s
            3 0s WaitStarted 2 Wait, for 6s, until 6s
            4 0s InvocationCompleted, from 0s
            5 3s CallbackTimedOut 1 Callback 'question', error Callback.Timeout: Callback timed out
            6 3s InvocationCompleted, from 3s
            7 6s WaitSucceeded 2 Wait, for 6s
            8 6s InvocationCompleted, from 6s, error CallbackError: Callback timed out
            9 6s ExecutionFailed, error CallbackError: Callback timed out
            """)
    }

    /// Waits for a callback, then for two seconds, and says how the callback came out.
    static func waitingAfterwards(_ ids: CallbackIDs, timeout: Duration? = nil) -> Function {
        DurableFunction("ask") { (name: String, context: DurableContext) in
            let callback = try await context.createCallback(name, of: String.self, timeout: timeout)
            ids.note(callback.id)
            var answer = ""
            do {
                answer = try await callback.result()
            } catch let error as CallbackError {
                answer = error.message
            }
            try await context.wait(for: .seconds(2))
            return answer
        }
    }

    @Test func `4-12: a wait after a callback that is completed`() async throws {
        let ids = CallbackIDs()
        try await expectHistory(
            of: Self.waitingAfterwards(ids), input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s CallbackStarted 1 Callback 'question', callback 1
            3 0s InvocationCompleted, from 0s
            4 1s CallbackSucceeded 1 Callback 'question', payload "answer"
            5 1s WaitStarted 2 Wait, for 2s, until 3s
            6 1s InvocationCompleted, from 1s
            7 3s WaitSucceeded 2 Wait, for 2s
            8 3s InvocationCompleted, from 3s
            9 3s ExecutionSucceeded, payload "answer"
            """
        ) { test in
            await test.advance(by: .seconds(1))
            try await test.engine.complete(callback: ids[0], with: "answer")
        }
    }

    @Test func `4-13: a wait after a callback that is failed`() async throws {
        let ids = CallbackIDs()
        try await expectHistory(
            of: Self.waitingAfterwards(ids), input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s CallbackStarted 1 Callback 'question', callback 1
            3 0s InvocationCompleted, from 0s
            4 1s CallbackFailed 1 Callback 'question', error RejectedError: not approved
            5 1s WaitStarted 2 Wait, for 2s, until 3s
            6 1s InvocationCompleted, from 1s
            7 3s WaitSucceeded 2 Wait, for 2s
            8 3s InvocationCompleted, from 3s
            9 3s ExecutionSucceeded, payload "not approved"
            """
        ) { test in
            await test.advance(by: .seconds(1))
            try await test.engine.fail(callback: ids[0], with: CallbackHistoryTests.rejection)
        }
    }

    @Test func `4-14: a wait after a callback that times out`() async throws {
        let ids = CallbackIDs()
        try await expectHistory(
            of: Self.waitingAfterwards(ids, timeout: .seconds(3)), input: "question", callbacks: ids,
            """
            1 0s ExecutionStarted, payload "question"
            2 0s CallbackStarted 1 Callback 'question', callback 1, timeout 3s
            3 0s InvocationCompleted, from 0s
            4 3s CallbackTimedOut 1 Callback 'question', error Callback.Timeout: Callback timed out
            5 3s WaitStarted 2 Wait, for 2s, until 5s
            6 3s InvocationCompleted, from 3s
            7 5s WaitSucceeded 2 Wait, for 2s
            8 5s InvocationCompleted, from 5s
            9 5s ExecutionSucceeded, payload "Callback timed out"
            """)
    }

    @Test func `4-17: two callbacks, one after the other`() async throws {
        let ids = CallbackIDs()
        let function = DurableFunction("ask") { (names: [String], context: DurableContext) in
            var answers: [String] = []
            for name in names {
                let callback = try await context.createCallback(name, of: String.self)
                ids.note(callback.id)
                answers.append(try await callback.result())
            }
            return answers
        }
        try await expectHistory(
            of: function, input: ["A", "B"], callbacks: ids,
            """
            1 0s ExecutionStarted, payload ["A","B"]
            2 0s CallbackStarted 1 Callback 'A', callback 1
            3 0s InvocationCompleted, from 0s
            4 1s CallbackSucceeded 1 Callback 'A', payload "one"
            5 1s CallbackStarted 2 Callback 'B', callback 2
            6 1s InvocationCompleted, from 1s
            7 2s CallbackSucceeded 2 Callback 'B', payload "two"
            8 2s InvocationCompleted, from 2s
            9 2s ExecutionSucceeded, payload ["one","two"]
            """
        ) { test in
            await test.advance(by: .seconds(1))
            try await test.engine.complete(callback: ids[0], with: "one")
            await test.advance(by: .seconds(1))
            try await test.engine.complete(callback: ids[1], with: "two")
        }
    }

    /// Which of the two callbacks the handler waits for first.
    enum Order: CaseIterable {
        case firstFirst, lastFirst
    }

    /// 4-18 waits in the order in which the callbacks are completed, 4-19 the other way round. The history is the same.
    @Test(arguments: zip(["4-18", "4-19"], Order.allCases))
    func `4-18, 4-19: two callbacks at the same time`(id: String, order: Order) async throws {
        let ids = CallbackIDs()
        let function = DurableFunction("ask") { (names: [String], context: DurableContext) in
            let a = try await context.createCallback(names[0], of: String.self)
            let b = try await context.createCallback(names[1], of: String.self)
            ids.note(a.id)
            ids.note(b.id)
            switch order {
            case .firstFirst: return [try await a.result(), try await b.result()]
            case .lastFirst:
                let last = try await b.result()
                return [try await a.result(), last]
            }
        }
        try await expectHistory(
            of: function, input: ["A", "B"], callbacks: ids,
            """
            1 0s ExecutionStarted, payload ["A","B"]
            2 0s CallbackStarted 1 Callback 'A', callback 1
            3 0s CallbackStarted 2 Callback 'B', callback 2
            4 0s InvocationCompleted, from 0s
            5 1s CallbackSucceeded 1 Callback 'A', payload "one"
            6 1s InvocationCompleted, from 1s
            7 4s CallbackSucceeded 2 Callback 'B', payload "two"
            8 4s InvocationCompleted, from 4s
            9 4s ExecutionSucceeded, payload ["one","two"]
            """
        ) { test in
            await test.advance(by: .seconds(1))
            try await test.engine.complete(callback: ids[0], with: "one")
            await test.advance(by: .seconds(3))
            try await test.engine.complete(callback: ids[1], with: "two")
        }
    }
}
