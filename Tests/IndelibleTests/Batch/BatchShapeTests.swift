import Indelible
import IndelibleTesting
import Testing

/// The forms that `map` and `parallel` come in.
@Suite(.bothWays) struct BatchShapeTests {
    private static func run<Output: Codable & Sendable & SendableMetatype>(
        _ body: @escaping @Sendable (DurableContext) async throws -> Output
    ) async throws -> (result: Output, history: [HistoryEvent]) {
        let function = DurableFunction("shape") { (context: DurableContext) in
            let output = try await body(context)
            // Once more from the record, where handlers are not kept.
            try await context.wait("end", for: .seconds(1))
            return output
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        let result = try await execution.result()
        return (result, try await execution.history())
    }

    @Test func `branches of different types give a tuple, in the order of the branches`() async throws {
        struct Quote: Codable, Equatable {
            var price: Double
        }
        let (texts, history) = try await Self.run { context in
            let (name, count, quote, nothing) = try await context.parallel(
                "mixed",
                DurableBranch("name") { context in
                    try await context.wait(for: .seconds(2))
                    return "north"
                },
                DurableBranch { context in try await context.step { _ in 3 } },
                DurableBranch("quote") { _ in Quote(price: 9.5) },
                DurableBranch { _ in Int?.none })
            return ["\(name)", "\(count)", "\(quote.price)", "\(nothing == nil)"]
        }
        #expect(texts == ["north", "3", "9.5", "true"])
        let names = history.filter { $0.type == "ContextStarted" }.map(\.operation?.name)
        #expect(Set(names) == ["mixed", "name", "parallel-branch-1", "quote", "parallel-branch-3"])
        let payloads = history.filter { $0.operation?.kind == "ParallelBranch" && $0.type == "ContextSucceeded" }
        #expect(Set(payloads.map(\.text)) == [#""north""#, "3", #"{"price":9.5}"#, "null"])
    }

    @Test func `a tuple's bytes that are no text are base64 in the batch's record`() async throws {
        let options = FunctionOptions(serdes: BytesSerdes())
        let function = DurableFunction("bytes", options: options) { (context: DurableContext) in
            let (bytes, text) = try await context.parallel(
                "both", DurableBranch { _ in [0xFF, 0xFE] as [UInt8] }, DurableBranch { _ in "text" })
            try await context.wait(for: .seconds(1))
            return "\(bytes) \(text)"
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        #expect(try await execution.result() == "[255, 254] text")
        let batch = try #require(
            try await execution.history().first { $0.type == "ContextSucceeded" && $0.operation?.name == "both" })
        let payload = try #require(batch.text)
        #expect(payload.contains(#"{"base64":"//4="}"#) && payload.contains(#"{"text":"text"}"#), "\(payload)")
    }

    @Test func `a tuple's values are read at the places that they were written at`() async throws {
        struct Bound: Serdes {
            func encode<Value: Encodable>(_ value: Value, for place: SerdesPlace) throws -> [UInt8]? {
                try JSONSerdes().encode("\(place.operationID ?? "-") \(value)", for: place)
            }
            func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8]?, for place: SerdesPlace) throws
                -> Value
            {
                let text = try JSONSerdes().decode(String.self, from: bytes, for: place)
                let prefix = "\(place.operationID ?? "-") "
                guard text.hasPrefix(prefix), let value = String(text.dropFirst(prefix.count)) as? Value else {
                    throw SerdesError(.decodingFailed, message: "'\(text)' is not from \(prefix)")
                }
                return value
            }
        }
        let function = DurableFunction("bound", options: FunctionOptions(serdes: Bound())) {
            (context: DurableContext) in
            try await context.wait(for: .seconds(1))
            let (one, two) = try await context.parallel(DurableBranch { _ in "a" }, DurableBranch { _ in "b" })
            return one + two
        }
        let test = try await TestEngine(functions: [function])
        #expect(try await test.engine.start(function).result() == "ab")
    }

    @Test func `a tuple's first branch that failed is thrown`() async throws {
        let (text, _) = try await Self.run { context in
            do {
                let (one, two) = try await context.parallel(
                    maxConcurrency: 1, DurableBranch { _ in 1 },
                    DurableBranch("bad") { _ -> String in throw Flaky() })
                return "\(one) \(two)"
            } catch let error as ChildContextError {
                return "\(error)"
            }
        }
        #expect(text == "child context 'bad' failed: Flaky: try again")
    }

    @Test(arguments: [true, false])
    func `branches are built by conditions and loops`(hasExtra: Bool) async throws {
        let (results, history) = try await Self.run { context in
            try await context.parallel("built", maxConcurrency: 1) {
                DurableBranch("fixed") { _ in "fixed" }
                if hasExtra { DurableBranch("extra") { _ in "extra" } }
                for index in 0..<2 { DurableBranch("loop-\(index)") { _ in "loop \(index)" } }
                if hasExtra {
                    DurableBranch("either") { _ in "first" }
                } else {
                    DurableBranch("either") { _ in "second" }
                }
                [DurableBranch("array") { _ in "array" }]
            }.results
        }
        let extra = hasExtra ? ["extra"] : []
        #expect(results == ["fixed"] + extra + ["loop 0", "loop 1", hasExtra ? "first" : "second", "array"])
        let names = history.filter { $0.type == "ContextStarted" }.compactMap(\.operation?.name)
        #expect(names == ["built", "fixed"] + extra + ["loop-0", "loop-1", "either", "array"])
    }

    @Test func `bodies without a result are recorded as null, and counted`() async throws {
        let (counts, history) = try await Self.run { context in
            let mapped = try await context.map("mapped", [1, 2], maxConcurrency: 1) { item, context in
                try await context.step { _ in _ = item }
            }
            let bare = try await context.map([1], maxConcurrency: 1) { _, context in try await context.step { _ in } }
            let parallel = try await context.parallel("parallel", maxConcurrency: 1) {
                DurableBranch { context in try await context.step { _ in } }
                DurableBranch { _ in }
            }
            return [mapped.results.count, bare.successCount, parallel.results.count]
        }
        #expect(counts == [2, 1, 2])
        let items = history.filter { $0.type == "ContextSucceeded" && $0.operation?.parentPath != nil }
        #expect(items.allSatisfy { $0.payload == nil || $0.text == "null" })
        #expect(items.count == 5)
    }

    @Test func `results that are null are results, on every run`() async throws {
        let (results, history) = try await Self.run { context in
            try await context.map([0, 1, 2], maxConcurrency: 1) { item, _ in item == 1 ? nil : item }.results
        }
        #expect(results == [0, nil, 2])
        let batch = history.first { $0.type == "ContextSucceeded" && $0.operation?.path == "1" }
        #expect(batch?.text?.contains(#"{"index":1,"name":"map-item-1","result":null,"status":"SUCCEEDED"}"#) == true)
    }

    @Test func `empty and missing names are the default ones, and equal`() async throws {
        let (_, history) = try await Self.run { context in
            let batch = try await context.map("", [1, 2], maxConcurrency: 1, itemName: { $0 == 1 ? "" : "two-\($1)" }) {
                item, _ in item
            }
            _ = try await context.parallel(nil, maxConcurrency: 1, DurableBranch("") { _ in 1 })
            return batch.results
        }
        let names = history.filter { $0.type == "ContextStarted" }.map(\.operation?.name)
        #expect(names == [nil, "map-item-0", "two-1", nil, "parallel-branch-0"])
    }

    static let refused: [(what: String, body: @Sendable (DurableContext) async throws -> Void)] = [
        ("concurrency 0", { _ = try await $0.map([1], maxConcurrency: 0) { item, _ in item } }),
        ("concurrency -1", { _ = try await $0.map([Int](), maxConcurrency: -1) { item, _ in item } }),
        ("cannot need 3", { _ = try await $0.map([1, 2], completion: .successful(3)) { item, _ in item } }),
        ("cannot need 0", { _ = try await $0.map([1, 2], completion: .successful(0)) { item, _ in item } }),
        ("tolerate -1", { _ = try await $0.map([1], completion: .tolerating(failures: -1)) { item, _ in item } }),
        ("tolerate 101.0", { _ = try await $0.map([1], completion: .tolerating(percentage: 101)) { item, _ in item } }),
        ("is not 1 to 256", { _ = try await $0.map([1], itemName: { _, _ in "tab\t" }) { item, _ in item } }),
        ("is not 1 to 256", { _ = try await $0.map(String(repeating: "n", count: 257), [1]) { item, _ in item } }),
        ("is not 1 to 256", { _ = try await $0.parallel { DurableBranch("é") { _ in 1 } } }),
        ("concurrency 0", { _ = try await $0.parallel(maxConcurrency: 0) { DurableBranch { _ in } } }),
        ("concurrency 0", { _ = try await $0.parallel(maxConcurrency: 0, DurableBranch { _ in 1 }) }),
    ]

    @Test(arguments: 0..<refused.count)
    func `a batch that cannot be is refused before anything is recorded, and takes no number`(index: Int) async throws {
        let (what, body) = Self.refused[index]
        let function = DurableFunction("refused") { (context: DurableContext) in
            do {
                try await body(context)
                return "accepted"
            } catch let error as ContextError {
                return try await context.step { _ in "\(error)" }
            }
        }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        let message = try await execution.result()
        #expect(message.contains(what))
        #expect(try await execution.outline().description == "a.sS a.sOK INV X")
        #expect(try await execution.history().contains { $0.operation?.path == "1" })
    }

    @Test func `a map in a parallel in a map, flat and nested, numbers each operation by its place`() async throws {
        let (sums, history) = try await Self.run { context in
            try await context.map("outer", [1, 2], maxConcurrency: 1) { outer, context in
                try await context.parallel("middle", maxConcurrency: 1, nesting: .flat) {
                    for factor in [10, 100] {
                        DurableBranch { context in
                            try await context.map("inner", [outer, outer + 1], maxConcurrency: 1) { inner, context in
                                try await context.step { _ in inner * factor }
                            }.results.reduce(0, +)
                        }
                    }
                }.results
            }.results
        }
        #expect(sums == [[30, 300], [50, 500]])
        let steps = history.filter { $0.type == "StepSucceeded" }.compactMap(\.operation)
        #expect(
            steps.map(\.path) == [
                "1-1-1-1-1-1-1", "1-1-1-1-1-2-1", "1-1-1-2-1-1-1", "1-1-1-2-1-2-1", "1-2-1-1-1-1-1", "1-2-1-1-1-2-1",
                "1-2-1-2-1-1-1", "1-2-1-2-1-2-1",
            ])
        let inner = history.first { $0.operation?.path == "1-1-1-1-1" }
        // The flat branch has no record: what is in it hangs on the parallel.
        #expect(inner?.operation?.parentPath == "1-1-1")
        #expect(history.allSatisfy { $0.operation?.path != "1-1-1-1" })
        expectNothingAfterItsContext(history)
    }

    @Test func `the batch's serdes is the items' unless they have their own, and the function's where there is none`()
        async throws
    {
        let (results, history) = try await Self.run { context in
            let own = try await context.map("own", ["a"], maxConcurrency: 1, itemSerdes: PrefixingSerdes()) { item, _ in
                item
            }
            let both = try await context.map("both", ["b"], maxConcurrency: 1, serdes: WrappingSerdes()) { item, _ in
                item
            }
            let flat = try await context.map(
                "flat", ["c"], maxConcurrency: 1, nesting: .flat, itemSerdes: PrefixingSerdes()
            ) { item, _ in item }
            return own.results + both.results + flat.results
        }
        #expect(results == ["a", "b", "c"])
        let ends = history.filter { $0.type == "ContextSucceeded" }.compactMap(\.text)
        #expect(
            ends == [
                "wrapped:a",
                #"{"all":[{"index":0,"name":"map-item-0","result":"a","status":"SUCCEEDED"}],"completionReason":"ALL_COMPLETED"}"#,
                #"{"wrapped":"b"}"#,
                #"{"wrapped":{"all":[{"index":0,"name":"map-item-0","result":"b","status":"SUCCEEDED"}],"#
                    + #""completionReason":"ALL_COMPLETED"}}"#,
                #"{"all":[{"index":0,"name":"map-item-0","result":"c","status":"SUCCEEDED"}],"completionReason":"ALL_COMPLETED"}"#,
            ])
    }
}
