import Foundation
import Indelible
import IndelibleTesting
import Testing

/// What an execution is recorded with, by what its handler lets through.
@Suite(.bothWays) struct ErrorTaxonomyTests {
    struct Localized: LocalizedError {
        var errorDescription: String? { "in the user's words" }
    }
    enum Shop: Error {
        case closed(until: Int)
    }
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var type: String
        var message: String
        var data: String?
        var handler: @Sendable (DurableContext) async throws -> Void
        /// What happens from outside.
        var meanwhile: @Sendable (TestEngine, String) async throws -> Void = { _, _ in }
    }

    static let json = #"{"code":51}"#

    static let declining = DurableFunction("declining") { (_: DurableContext) in throw Declined(code: 51) }
    static let slow = DurableFunction("slow") { (context: DurableContext) in try await context.wait(for: .days(1)) }

    static let cases: [Case] = own + ofOperations + fromOutside

    /// What no operation has failed with.
    static let own: [Case] = [
        Case(testDescription: "an error", type: "Flaky", message: "try again") { _ in throw Flaky() },
        Case(testDescription: "an enum's", type: "Shop", message: "closed(until: 9)") { _ in throw Shop.closed(until: 9)
        },
        Case(testDescription: "a localized error", type: "Localized", message: "in the user's words") { _ in
            throw Localized()
        },
        Case(testDescription: "a recordable error", type: "Declined", message: "declined with 51", data: json) { _ in
            throw Declined(code: 51)
        },
        Case(testDescription: "an error as recorded", type: "Own", message: "words", data: "data") { _ in
            throw RecordedError(type: "Own", message: "words", data: "data")
        },
        Case(testDescription: "fatal", type: "FatalError", message: "broken") { _ in
            throw FatalError("broken")
        },
        Case(testDescription: "fatal in a child's step", type: "FatalError", message: "broken") {
            context in
            try await context.runInChildContext { child in try await child.step { _ in throw FatalError("broken") } }
        },
        Case(
            testDescription: "a value without a form", type: "SerdesError",
            message: "cannot encode the result of child context limit of type Double: "
        ) { context in _ = try await context.runInChildContext("limit") { _ in Double.nan } },
        Case(
            testDescription: "a bad call", type: "ContextError", message: "a wait of 0.0 seconds: it must be above zero"
        ) {
            context in try await context.wait(for: .zero)
        },
        Case(testDescription: "a cancellation of its own", type: "CancellationError", message: "CancellationError()") {
            _ in
            throw CancellationError()
        },
    ]

    /// What an operation has failed with, by what the handler did in it.
    static let ofOperations: [Case] = [
        Case(testDescription: "a step's", type: "StepError", message: "declined with 51", data: json) { context in
            try await context.step(retry: .none) { _ in throw Declined(code: 51) }
        },
        Case(testDescription: "a condition's", type: "WaitForConditionError", message: "declined with 51", data: json) {
            context in
            _ = try await context.waitForCondition(from: 0, poll: .until({ _ in true }, every: .seconds(1))) { _, _ in
                throw Declined(code: 51)
            }
        },
        Case(testDescription: "a child's", type: "ChildContextError", message: "declined with 51", data: json) {
            context in
            try await context.runInChildContext { _ in throw Declined(code: 51) }
        },
        Case(testDescription: "a child's step's", type: "ChildContextError", message: "declined with 51", data: json) {
            context in
            try await context.runInChildContext { child in
                try await child.step(retry: .none) { _ in throw Declined(code: 51) }
            }
        },
        Case(testDescription: "a callback's timeout", type: "CallbackError", message: "Callback timed out") { context in
            let _: Int = try await context.waitForCallback(timeout: .seconds(1)) { _, _ in }
        },
        Case(testDescription: "a submitter's", type: "CallbackError", message: "declined with 51", data: json) {
            context in
            let _: Int = try await context.waitForCallback(retry: .none) { _, _ in throw Declined(code: 51) }
        },
        Case(testDescription: "a saga's", type: "SagaError", message: "declined with 51", data: json) { context in
            try await context.saga(retry: .none) { saga in
                saga.compensate { _ in throw Flaky() }
                throw Declined(code: 51)
            }
        },
        Case(testDescription: "an invoked function's", type: "InvokeError", message: "declined with 51", data: json) {
            context in try await context.invoke(declining)
        },
        Case(
            testDescription: "an invoke's timeout", type: "InvokeError",
            message: "CHAINED_INVOKE timed out after 90 seconds."
        ) { context in try await context.invoke(slow, timeout: .seconds(90)) },
        Case(
            testDescription: "a batch's that a rule has failed", type: "BatchError",
            message: "the batch is CUSTOM_COMPLETION_FAILED: 1 items succeeded, 0 failed"
        ) { context in
            let rule = BatchCompletion.custom { $0.successCount == 1 ? .fail : .goOn }
            try await context.map([1, 2], maxConcurrency: 1, completion: rule) { item, _ in item }.throwIfError()
        },
        Case(
            testDescription: "a batch's item's", type: "ChildContextError", message: "declined with 51", data: json
        ) { context in try await context.map([1]) { _, _ in throw Declined(code: 51) }.throwIfError() },
    ]

    /// What an operation has failed with, by what happened to it.
    static let fromOutside: [Case] = [
        Case(testDescription: "a callback's", type: "CallbackError", message: "declined with 51", data: json) {
            context in
            let _: Int = try await context.waitForCallback("answer") { _, _ in }
        } meanwhile: { test, id in
            try await test.fail(callback: "answer", of: id, with: Declined(code: 51))
        },
        Case(
            testDescription: "a callback's heartbeat's", type: "CallbackError",
            message: "Callback timed out on heartbeat"
        ) { context in
            _ = try await context.createCallback("answer", of: Int.self, heartbeatTimeout: .hours(1)).result()
        } meanwhile: { test, id in
            try await test.timeOut(callback: "answer", of: id)
        },
        Case(
            testDescription: "an invoked function's that was stopped", type: "InvokeError", message: "stolen",
            data: "card"
        ) { context in
            try await context.invoke(slow, name: "call")
        } meanwhile: { test, id in
            let error = RecordedError(type: "Fraud", message: "stolen", data: "card")
            try await test.stop(invoke: "call", of: id, error: error)
        },
        Case(
            testDescription: "a step's timeout", type: "StepError",
            message: "the attempt took longer than 60.0 seconds"
        ) { context in
            try await context.step(timeout: .minutes(1), retry: .none) { _ in await Gate().pass() }
        } meanwhile: { test, id in
            while try await test.engine.executions().contains(where: { $0.id == id && $0.status == .running }) {
                await test.advance(by: .minutes(1), waitsForHandlers: false)
                await Task.yield()
            }
        },
        Case(
            testDescription: "a step's interruption", type: "StepError",
            message: "the process ended while the step ran: whether its effects happened is not known"
        ) { context in
            try await context.step("once", retry: .none, semantics: .atMostOncePerRetry) { _ in await Gate().pass() }
        } meanwhile: { test, id in
            while try await !test.engine.history(of: id).contains(.started("once")) { await Task.yield() }
            try await test.crash()
        },
    ]

    @Test(arguments: cases)
    func `what leaves a handler is recorded by its type, and a failed operation keeps message and data`(
        thrown: Case
    ) async throws {
        let function = DurableFunction("fail") { (context: DurableContext) in try await thrown.handler(context) }
        let test = try await TestEngine(functions: [function, Self.declining, Self.slow])
        let id = try await test.engine.start(function).id
        try await thrown.meanwhile(test, id)
        let execution = try #require(try await test.engine.execution(id: id, of: function))
        let error = try await failure(of: execution)
        #expect(error.status == .failed)
        #expect(error.cause.type == thrown.type)
        #expect(error.cause.message.hasPrefix(thrown.message))
        #expect(error.cause.data == thrown.data)
        #expect(error.cause.stackTrace == [])
        let history = try await execution.history()
        // Recorded with the invocation too, and read again after a restart.
        #expect(history.last?.error == error.cause)
        #expect(history.last { $0.type == "InvocationCompleted" }?.error == error.cause)
        try await test.crash()
        let after = try #require(try await test.engine.execution(id: execution.id, of: function))
        #expect(try await failure(of: after) == error)
    }

    @Test func `a handler that its history does not fit fails by that, where its function says so`() async throws {
        let old = DurableFunction("fail") { (context: DurableContext) in
            try await context.step("old") { _ in }
            try await context.wait(for: .hours(1))
        }
        let new = DurableFunction("fail", options: FunctionOptions(onMismatch: .fail)) { (context: DurableContext) in
            try await context.step("new") { _ in }
        }
        let test = try await TestEngine(functions: [old])
        let id = try await test.engine.start(old).id
        await test.settle()
        try await test.restart(functions: [new])
        let execution = try #require(try await test.engine.execution(id: id, of: new))
        let error = try await failure(of: execution)
        #expect(error.status == .failed)
        #expect(error.cause.type == "ReplayError")
        #expect(
            error.message.hasPrefix("the history holds Step 'old' at 1, the handler asked for Step 'new' at 1; "))
        #expect(error.cause.data == nil)
        let history = try await execution.history()
        #expect(history.last?.error == error.cause)
        #expect(history.last { $0.type == "InvocationCompleted" }?.error == error.cause)
        #expect(history.allSatisfy { $0.operation == nil || $0.error == nil })
        try await test.crash()
        let after = try #require(try await test.engine.execution(id: id, of: new))
        #expect(try await failure(of: after) == error)
    }

    @Test
    func `an error's data passes a step, a context, an invoke and a parent's record, and is had back on a replay`()
        async throws
    {
        let seen = Calls()
        let child = DurableFunction("child") { (context: DurableContext) in
            try await context.runInChildContext("inside") { inside in
                try await inside.step("work", retry: .none) { _ in throw Declined(code: 51) }
            }
        }
        let parent = DurableFunction("parent") { (context: DurableContext) in
            do {
                try await context.invoke(child, name: "call")
            } catch let error as InvokeError {
                let code = RecordedError(type: "Declined", message: "", data: error.cause.data)
                    .decoded(as: Declined.self)?.code
                seen.note("\(error.cause) \(code ?? 0)")
                try await context.wait("rest", for: .hours(1))
                throw error
            }
        }
        let test = try await TestEngine(functions: [parent, child])
        let id = try await test.engine.start(parent).id
        await test.settle()
        try await test.crash()
        let execution = try #require(try await test.engine.execution(id: id, of: parent))
        let error = try await failure(of: execution)
        #expect(error.cause == RecordedError(type: "InvokeError", message: "declined with 51", data: Self.json))
        // Before the crash and after it, from the record of the parent alone.
        #expect(Set(seen.all) == ["ChildContextError: declined with 51 51"])
        #expect(seen.all.count >= 2)
        let started = try #require(try await test.engine.executions(of: "child").first)
        #expect(
            try await test.engine.history(of: started.id).compactMap(\.error).map(\.data).allSatisfy { $0 == Self.json }
        )
        let failed = try #require(try await execution.history().events(of: .failed("call")).first)
        #expect(failed.error == RecordedError(type: "ChildContextError", message: "declined with 51", data: Self.json))
    }

    @Test func `each level records the type of what it has caught`() async throws {
        let function = DurableFunction("levels") { (context: DurableContext) in
            try await context.runInChildContext("outer") { outer in
                try await outer.runInChildContext("inner") { inner in
                    try await inner.step("work", retry: .none) { _ in throw Declined(code: 1) }
                }
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        _ = try await failure(of: execution)
        let errors = try await execution.history().filter { $0.operation != nil }.compactMap(\.error)
        #expect(errors.map(\.type) == ["Declined", "StepError", "ChildContextError"])
        #expect(Set(errors.map(\.message)) == ["declined with 1"])
        #expect(Set(errors.map(\.data)) == [#"{"code":1}"#])
    }

    @Test func `an error is had back from its record by its type alone`() throws {
        let recorded = RecordedError(type: "Declined", message: "declined with 51", data: Self.json)
        #expect(recorded.decoded(as: Declined.self) == Declined(code: 51))
        var other = recorded
        for change in [
            RecordedError(type: "Refused", message: "", data: Self.json),
            RecordedError(type: "Declined", message: "", data: nil),
            RecordedError(type: "Declined", message: "", data: #"{"number":51}"#),
            RecordedError(type: "Declined", message: "", data: "51"),
        ] {
            other = change
            #expect(other.decoded(as: Declined.self) == nil)
        }
    }
}
