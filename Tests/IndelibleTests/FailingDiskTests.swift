import Foundation
import Indelible
import IndelibleTesting
import LogStorage
import Testing

@Suite(.bothWays) struct FailingDiskTests {
    static let double = DurableFunction("double") { (number: Int, context: DurableContext) in
        try await context.wait(for: .hours(1))
        return try await context.step { _ in number * 2 }
    }

    @Test func `an engine whose log fails stops, says why, and can be opened again`() async throws {
        let test = try await TestEngine(functions: [Self.double])
        let engine = test.engine
        let execution = try await engine.start(Self.double, input: 4, name: "four")
        await test.settle()
        test.disk.fail(nth: 1, of: .sync, code: EIO)
        let started = await #expect(throws: DurableEngineError.self) { try await engine.start(Self.double, input: 5) }
        #expect(started?.code == .logFailed)
        let stopped = await #expect(throws: DurableEngineError.self) { try await engine.run() }
        #expect(stopped?.code == .logFailed)
        #expect(engine.health.code == .failed)
        #expect(engine.health.error?.message.contains("open the log again") == true)
        let waited = await #expect(throws: DurableEngineError.self) { try await execution.result() }
        #expect(waited?.code == .logFailed)

        test.disk.stopFailing()
        try await test.crash()
        let reopened = try #require(try await test.engine.execution(named: "four", of: Self.double))
        #expect(try await reopened.result() == 8)
    }

    @Test func `a full disk refuses new work, and what runs goes on`() async throws {
        let test = try await TestEngine(functions: [Self.double])
        let execution = try await test.engine.start(Self.double, input: 4)
        await test.settle()
        test.disk.capacity = test.disk.usedByteCount
        var refusal: DurableEngineError?
        for number in 0..<100_000 where refusal == nil {
            do {
                _ = try await test.engine.start(Self.double, input: number)
            } catch let error as DurableEngineError {
                refusal = error
            }
        }
        #expect(refusal?.code == .noRoom)
        #expect(test.engine.health.code == .running)
        #expect(try await execution.result() == 8)
    }
}
