import Foundation
import Indelible
import IndelibleTesting
import Testing

/// Time and chance of a handler: `now`, `random` and `uuid()`.
@Suite(.bothWays) struct DeterministicTests {
    static func look(_ context: DurableContext) -> String {
        let number = Int.random(in: 0..<1_000_000, using: &context.random)
        return "\(context.now.timeIntervalSince1970) \(number) \(context.uuid())"
    }

    /// Notes what a handler sees between its operations, run after run.
    static func function(_ calls: Calls) -> DurableFunction<Void, [String]> {
        DurableFunction("seen") { (context: DurableContext) in
            var seen: [String] = []
            seen.append(Self.look(context))
            try await context.step("one") { _ in }
            seen.append(Self.look(context))
            try await context.wait(for: .hours(1))
            seen.append(Self.look(context))
            do {
                try await context.step(retry: .fixed(maxAttempts: 2, delay: .minutes(5))) { _ in throw Flaky() }
            } catch is StepError {}
            seen.append(Self.look(context))
            seen += try await context.runInChildContext { child in
                let first = Self.look(child)
                try await child.wait(for: .minutes(10))
                return [first, Self.look(child)]
            }
            seen += try await context.runInVirtualContext { child in
                let first = Self.look(child)
                try await child.wait(for: .minutes(10))
                return [first, Self.look(child)]
            }
            seen.append(Self.look(context))
            let callback = try await context.createCallback(of: Int.self, timeout: .minutes(1))
            seen.append(Self.look(context))
            do { _ = try await callback.result() } catch is CallbackError {}
            seen.append(Self.look(context))
            _ = try await context.waitForCondition(from: 0, poll: .until({ $0 == 3 }, every: .minutes(1))) { state, _ in
                state + 1
            }
            seen.append(Self.look(context))
            calls.note(seen.joined(separator: ", "))
            try await context.wait(for: .seconds(1))
            return seen
        }
    }

    @Test func `they are the same on every run, whatever has interrupted it`() async throws {
        let calls = Calls()
        let function = Self.function(calls)
        let test = try await TestEngine(functions: [function])
        let started = try await test.engine.start(function)
        var rounds = 0
        while try await test.engine.executions(status: .running).isEmpty == false {
            await test.advance(by: .minutes(4))
            rounds += 1
            if rounds % 3 == 0 { try await test.crash() }
            if rounds % 3 == 1 { try await test.restart() }
        }
        let execution = try #require(try await test.engine.execution(id: started.id, of: function))
        let result = try await execution.result()
        #expect(Set(calls.all) == [result.joined(separator: ", ")])
    }

    @Test func `time stands still between operations and moves with each of them, never back`() async throws {
        let function = Self.function(Calls())
        let test = try await TestEngine(functions: [function])
        let result = try await test.engine.start(function).result()
        let begin = 1_764_547_200.0
        let times = result.compactMap { $0.split(separator: " ").first }.compactMap { Double($0) }.map {
            ($0 - begin) / 60
        }
        // Start, step, wait, failed step; child before and after its wait; virtual context the same; after it, callback
        // made, callback timed out, condition met.
        #expect(times == [0, 0, 60, 65, 65, 75, 75, 85, 85, 85, 86, 88])
    }

    @Test func `chance differs by execution, by context and by call`() async throws {
        let function = DurableFunction("chance") { (context: DurableContext) in
            var numbers = [context.random.next(), context.random.next()]
            numbers += try await context.runInChildContext { child in [child.random.next(), child.random.next()] }
            numbers += try await context.runInVirtualContext { child in [child.random.next()] }
            numbers += try await context.map("all", [1, 2, 3]) { _, branch in branch.random.next() }.results
            numbers += [UInt64(context.uuid().hashValue.magnitude), UInt64(context.uuid().hashValue.magnitude)]
            return numbers
        }
        var all: [UInt64] = []
        for seed in [1, 2] as [UInt64] {
            let test = try await TestEngine(functions: [function], seed: seed)
            for _ in 0..<2 { all += try await test.engine.start(function).result() }
        }
        #expect(all.count == 4 * 10)
        #expect(Set(all).count == all.count)
    }

    @Test func `identifiers are UUIDs of version 4`() async throws {
        let function = DurableFunction("uuid") { (context: DurableContext) in (0..<200).map { _ in context.uuid() } }
        let test = try await TestEngine(functions: [function])
        let ids = try await test.engine.start(function).result()
        #expect(Set(ids).count == 200)
        for id in ids {
            #expect(id.uuid.6 >> 4 == 4)
            #expect(id.uuid.8 >> 6 == 2)
        }
    }

    @Test func `numbers are spread evenly`() async throws {
        let function = DurableFunction("even") { (context: DurableContext) in
            var counts = [Int](repeating: 0, count: 10)
            for _ in 0..<10_000 { counts[Int.random(in: 0..<10, using: &context.random)] += 1 }
            return counts
        }
        let test = try await TestEngine(functions: [function])
        let counts = try await test.engine.start(function).result()
        #expect(counts.allSatisfy { (850...1_150).contains($0) }, "\(counts)")
    }

    @Test func `what a body draws moves nothing that comes after it`() async throws {
        let drawn = Calls()
        let function = DurableFunction("draw") { (context: DurableContext) in
            try await context.step { _ in
                drawn.note("\(context.uuid())")
                drawn.note("\(context.random.next())")
            }
            try await context.wait(for: .seconds(1))
            return [context.uuid().uuidString, "\(context.random.next())"]
        }
        let test = try await TestEngine(functions: [function])
        let result = try await test.engine.start(function).result()
        #expect(Set(drawn.all + result).count == 4)
        let other = DurableFunction("draw") { (context: DurableContext) in
            try await context.step { _ in }
            try await context.wait(for: .seconds(1))
            return [context.uuid().uuidString, "\(context.random.next())"]
        }
        // The same seed, the same execution; and a body that draws nothing.
        let same = try await TestEngine(functions: [other])
        #expect(try await same.engine.start(other).result() == result)
    }
}
