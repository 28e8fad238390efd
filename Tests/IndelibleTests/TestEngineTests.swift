import Foundation
import Indelible
import IndelibleTesting
import Testing

@Suite(.bothWays) struct TestEngineTests {
    static let wait = DurableFunction("wait") { (seconds: [Int], context: DurableContext) in
        for second in seconds { try await context.wait(for: .seconds(second)) }
    }

    @Test func `time stops at each timer that a handler has armed, however far the next one is`() async throws {
        let test = try await TestEngine(functions: [Self.wait])
        let begin = test.now
        _ = try await test.engine.start(Self.wait, input: [86_400])
        // Many, since it takes a handler that is quick: one that has armed its timer before the clock has looked.
        try await test.engine.start(Self.wait, input: Array(repeating: 1, count: 500)).result()
        #expect(test.now.timeIntervalSince(begin) == 500)
    }

    @Test func `time stops when somebody has waited for long enough`() async throws {
        let test = try await TestEngine(functions: [Self.wait])
        let begin = test.now
        let execution = try await test.engine.start(Self.wait, input: [3_600])
        let error = await #expect(throws: DurableEngineError.self) {
            try await execution.result(timeout: .seconds(5))
        }
        #expect(error?.code == .timedOut)
        #expect(test.now.timeIntervalSince(begin) == 5)
        try await execution.result()
        #expect(test.now.timeIntervalSince(begin) == 3_600)
    }
}
