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
    }

    static let json = #"{"code":51}"#

    static let cases: [Case] = [
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

    @Test(arguments: cases)
    func `what leaves a handler is recorded by its type, and a failed operation keeps message and data`(
        thrown: Case
    ) async throws {
        let function = DurableFunction("fail") { (context: DurableContext) in try await thrown.handler(context) }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
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
