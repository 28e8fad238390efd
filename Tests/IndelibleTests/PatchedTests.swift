import Indelible
import IndelibleTesting
import Testing

@Suite(.bothWays) struct PatchedTests {
    typealias Handler = @Sendable (DurableContext) async throws -> [String]

    /// Starts an execution under the old code, lets it rest where it waits, and ends it under the new one, through a crash and
    /// a wait of its own at the end.
    static func run(
        _ old: @escaping Handler, then new: @escaping Handler, elapsed: Duration = .zero
    ) async throws -> (result: [String], history: [HistoryEvent]) {
        func function(_ handler: @escaping Handler) -> DurableFunction<Void, [String]> {
            DurableFunction("evolve") { (context: DurableContext) in
                let result = try await handler(context)
                try await context.wait("at the end", for: .hours(1))
                return result
            }
        }
        let test = try await TestEngine(functions: [function(old)])
        let started = try await test.engine.start(function(old), name: "one")
        await test.advance(by: elapsed)
        try await test.engine.register(function(new))
        await test.advance(by: .minutes(59))
        try await test.crash(functions: [function(new)])
        let execution = try #require(try await test.engine.execution(id: started.id, of: function(new)))
        let result = try await execution.result(timeout: .days(2))
        return (result, try await execution.history())
    }

    /// Two steps around a wait; a third one between the wait and the second where the code has the patch.
    static func steps(patch: Bool, place: String = "before") -> Handler {
        { context in
            var steps: [String] = []
            func screen(_ here: String) async throws {
                if patch, place == here, try await context.patched("screening") {
                    steps.append(try await context.step("screen") { _ in "screen" })
                }
            }
            try await screen("first")
            steps.append(try await context.step("reserve") { _ in "reserve" })
            try await screen("past")
            try await context.wait("pause", for: .minutes(30))
            try await screen("frontier")
            steps.append(try await context.step("charge") { _ in "charge" })
            try await screen("after")
            return steps
        }
    }

    @Test(arguments: ["first", "past", "frontier", "after"])
    func `an execution that begins under the new code takes it, wherever it stands`(place: String) async throws {
        let code = Self.steps(patch: true, place: place)
        let (result, history) = try await Self.run(code, then: code)
        #expect(result.contains("screen"))
        #expect(history.count { $0.operation?.kind == "Patch" && $0.type == "StepStarted" } == 1)
    }

    @Test(arguments: [("first", false), ("past", false), ("frontier", true), ("after", true)])
    func `one that has gone past the place goes on as it began, one that comes there takes the new code`(
        place: String, isTaken: Bool
    ) async throws {
        let (result, history) = try await Self.run(
            Self.steps(patch: false), then: Self.steps(patch: true, place: place))
        let expected = isTaken ? ["reserve", place == "frontier" ? "screen" : "charge"] : ["reserve", "charge"]
        #expect(Array(result.prefix(2)) == expected)
        #expect(result.contains("screen") == isTaken)
        #expect(history.contains { $0.operation?.kind == "Patch" } == isTaken)
    }

    @Test func `its record moves no other operation, and may go again`() async throws {
        let (_, history) = try await Self.run(
            Self.steps(patch: true, place: "past"), then: Self.steps(patch: true, place: "past"))
        let places = history.filter { $0.type.hasSuffix("Started") }.compactMap(\.operation)
        #expect(places.filter { $0.kind != "Patch" }.map(\.path) == ["1", "2", "3", "4", "5"])
        let patch = try #require(places.first { $0.kind == "Patch" })
        #expect(patch.name == "screening")
        #expect(patch.path.hasPrefix("p"))
        #expect(patch.parentPath == nil)

        // Without the call, and with the new code for good.
        let always: Handler = { context in
            let steps = [
                try await context.step("reserve") { _ in "reserve" },
                try await context.step("screen") { _ in "screen" },
            ]
            try await context.wait("pause", for: .minutes(30))
            return steps + [try await context.step("charge") { _ in "charge" }]
        }
        let (result, _) = try await Self.run(Self.steps(patch: true, place: "past"), then: always)
        #expect(result == ["reserve", "screen", "charge"])
    }

    @Test func `in a loop the answer of the first time stays`() async throws {
        func loop(patch: Bool) -> Handler {
            { context in
                var steps: [String] = []
                for round in 1...4 {
                    let isNew = patch ? try await context.patched("new") : false
                    steps.append(try await context.step("round \(round)") { _ in isNew ? "new" : "old" })
                    try await context.wait(for: .minutes(20))
                }
                return steps
            }
        }
        let (old, history) = try await Self.run(loop(patch: false), then: loop(patch: true), elapsed: .minutes(25))
        #expect(old == ["old", "old", "old", "old"])
        #expect(!history.contains { $0.operation?.kind == "Patch" })
        let (new, once) = try await Self.run(loop(patch: true), then: loop(patch: true), elapsed: .minutes(25))
        #expect(new == ["new", "new", "new", "new"])
        #expect(once.count { $0.operation?.kind == "Patch" && $0.type == "StepSucceeded" } == 1)
    }

    @Test func `each context has answers of its own`() async throws {
        func code(patch: Bool) -> Handler {
            { context in
                let outer = patch ? try await context.patched("new") : false
                let first = try await context.runInChildContext("first") { child in
                    let isNew = patch ? try await child.patched("new") : false
                    try await child.wait(for: .minutes(30))
                    return "\(isNew)"
                }
                let second = try await context.runInVirtualContext { child in
                    let isNew = patch ? try await child.patched("new") : false
                    try await child.step { _ in }
                    return "\(isNew)"
                }
                return ["\(outer)", first, second, "\(patch ? try await context.patched("new") : false)"]
            }
        }
        let (result, history) = try await Self.run(code(patch: false), then: code(patch: true))
        // The outer context and the first child were past it, the second had not begun.
        #expect(result == ["false", "false", "true", "false"])
        let patches = history.compactMap(\.operation).filter { $0.kind == "Patch" }
        #expect(patches.allSatisfy { $0.path.hasPrefix("2-p") && $0.parentPath == nil })
        #expect(patches.count == 2)
        let (all, _) = try await Self.run(code(patch: true), then: code(patch: true))
        #expect(all == ["true", "true", "true", "true"])
    }

    @Test func `in a context without a record, an execution that is past it stays so`() async throws {
        func code(patch: Bool) -> Handler {
            { context in
                var steps = try await context.runInVirtualContext { child in
                    let first = try await child.step("first") { _ in "first" }
                    let isNew = patch ? try await child.patched("new") : false
                    return isNew ? [first, try await child.step("new") { _ in "new" }] : [first]
                }
                if patch, try await context.patched("after") { steps.append("after") }
                try await context.wait(for: .minutes(30))
                if patch, try await context.patched("end") { steps.append("end") }
                return steps
            }
        }
        #expect(try await Self.run(code(patch: false), then: code(patch: true)).result == ["first", "end"])
        let all = ["first", "new", "after", "end"]
        #expect(try await Self.run(code(patch: true), then: code(patch: true)).result == all)
    }

    @Test func `in the body of a context whose result was too large, an execution that is past it stays so`()
        async throws
    {
        func code(patch: Bool) -> Handler {
            { context in
                let bytes = try await context.runInChildContext("large", serdes: .bytes) { child in
                    try await child.step { _ in }
                    let isNew = patch ? try await child.patched("new") : false
                    return [UInt8](repeating: isNew ? 1 : 0, count: 300_000)
                }
                try await context.wait(for: .minutes(30))
                return ["\(bytes[0])"]
            }
        }
        let (result, history) = try await Self.run(code(patch: false), then: code(patch: true))
        #expect(result == ["0"])
        #expect(!history.contains { $0.operation?.kind == "Patch" })
    }

    @Test func `after an operation that failed it is asked for the first time all the same`() async throws {
        let code: Handler = { context in
            var steps: [String] = []
            do {
                let _: Int = try await context.waitForCallback("answer", timeout: .minutes(30)) { _, _ in }
            } catch is CallbackError {
                if try await context.patched("fallback") { steps.append(try await context.step { _ in "fallback" }) }
            }
            return steps
        }
        let old: Handler = { context in
            do {
                let _: Int = try await context.waitForCallback("answer", timeout: .minutes(30)) { _, _ in }
            } catch is CallbackError {}
            return []
        }
        #expect(try await Self.run(code, then: code).result == ["fallback"])
        #expect(try await Self.run(old, then: code).result == ["fallback"])
    }

    @Test func `a name that cannot be recorded is refused`() async throws {
        for id in ["", "tab\t", String(repeating: "x", count: 257)] {
            let function = DurableFunction("bad") { (context: DurableContext) in try await context.patched(id) }
            let test = try await TestEngine(functions: [function])
            let execution = try await test.engine.start(function)
            #expect(try await failure(of: execution).cause.type == "ContextError")
            #expect(try await execution.history().allSatisfy { $0.operation == nil })
        }
    }
}
