import Foundation
import Indelible
import IndelibleTesting
import Synchronization
import Testing

/// A serdes that cannot do its work now ends the invocation, and nothing else.
@Suite(.bothWays) struct UnavailableSerdesTests {
    /// Says that it is unavailable as often as it is told, in one direction; then it is JSON.
    final class Moody: Serdes {
        let isEncoding: Bool
        let label: String
        private let refusalsLeft: Mutex<Int>

        init(_ refusals: Int, isEncoding: Bool, _ label: String = "the vault is closed") {
            self.isEncoding = isEncoding
            self.label = label
            refusalsLeft = Mutex(refusals)
        }

        private func check(_ isEncoding: Bool) throws {
            guard isEncoding == self.isEncoding else { return }
            let refuses = refusalsLeft.withLock { left in
                left -= 1
                return left >= 0
            }
            if refuses { throw SerdesError(.unavailable, message: label) }
        }

        func encode<Value: Encodable>(_ value: Value, for place: SerdesPlace) throws -> [UInt8]? {
            try check(true)
            return try JSONSerdes().encode(value, for: place)
        }

        func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]?, for place: SerdesPlace) throws -> Value
        {
            try check(false)
            return try JSONSerdes().decode(type, from: bytes, for: place)
        }
    }

    typealias Body = @Sendable (DurableContext, any Serdes) async throws -> String

    static let operations: [(String, Body)] = [
        ("step", { try await $0.step(retry: .none, serdes: $1) { _ in "x" } }),
        ("child", { try await $0.runInChildContext(serdes: $1) { try await $0.step { _ in "x" } } }),
        ("map", { try await $0.map(nil, ["x"], itemSerdes: $1) { item, _ in item }.throwIfError().results[0] }),
        ("whole map", { try await $0.map(nil, ["x"], serdes: $1) { item, _ in item }.throwIfError().results[0] }),
        ("flat map", { try await $0.map(nil, ["x"], nesting: .flat, itemSerdes: $1) { item, _ in item }.results[0] }),
        (
            "condition",
            { try await $0.waitForCondition(from: "", poll: .until { $0 == "x" }, serdes: $1) { _, _ in "x" } }
        ),
        ("retried", { try await $0.withRetry(serdes: $1) { _, context in try await context.step { _ in "x" } } }),
        (
            "nested",
            { context, serdes in
                try await context.runInChildContext { inner in
                    try await inner.map(nil, ["x"]) { item, item2 in try await item2.step(serdes: serdes) { _ in item }
                    }.results[0]
                }
            }
        ),
    ]

    @Test(arguments: 0..<operations.count, [true, false])
    func `the invocation is tried again until it can`(index: Int, isEncoding: Bool) async throws {
        let (name, body) = Self.operations[index]
        let serdes = Moody(2, isEncoding: isEncoding)
        let function = DurableFunction("vault") { (context: DurableContext) in
            // Whoever catches it has no say.
            do { return try await body(context, serdes) } catch { return "caught" }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        let begin = test.now
        #expect(try await execution.result() == "x", "\(name)")
        // One second after the first failure, two after the second.
        #expect(test.now.timeIntervalSince(begin) == 3)
        let history = try await execution.history()
        #expect(history.allSatisfy { !$0.type.hasSuffix("Failed") })
        let errors = history.filter { $0.type == "InvocationCompleted" }.compactMap(\.error)
        #expect(errors.count == 2)
        #expect(errors.allSatisfy { $0.type == "SerdesError" && $0.message.hasSuffix("the vault is closed") })
    }

    @Test(arguments: [true, false])
    func `branches of different types wait for it too`(isEncoding: Bool) async throws {
        let serdes = Moody(2, isEncoding: isEncoding)
        let function = DurableFunction("vault", options: FunctionOptions(serdes: serdes)) { (context: DurableContext) in
            let (one, two) = try await context.parallel(
                maxConcurrency: 1, DurableBranch { _ in "x" }, DurableBranch { _ in 2 })
            return "\(one) \(two)"
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == "x 2")
        let history = try await execution.history()
        #expect(history.allSatisfy { !$0.type.hasSuffix("Failed") })
        #expect(history.count { $0.type == "InvocationCompleted" && $0.error?.type == "SerdesError" } == 2)
    }

    @Test func `a handler's input and result wait for it too`() async throws {
        for isEncoding in [true, false] {
            let serdes = Moody(0, isEncoding: isEncoding)
            let slow = Moody(1, isEncoding: isEncoding)
            let function = DurableFunction("vault", options: FunctionOptions(serdes: slow)) {
                (context: DurableContext) in
                try await context.step(serdes: serdes) { _ in "x" }
            }
            let test = try await TestEngine(functions: [function])
            let execution = try await test.engine.start(function)
            if isEncoding {
                #expect(try await execution.result() == "x")
                #expect(try await execution.history().count { $0.type == "InvocationCompleted" } == 2)
            } else {
                // Its reader is told, and may ask again.
                let error = await #expect(throws: SerdesError.self) { try await execution.result() }
                #expect(error?.code == .unavailable)
                #expect(try await execution.result() == "x")
            }
        }
    }
}
