import ExecutionEngine
import ExecutionModel
import LogStorage
import Testing

@testable import EngineRuntime

/// An execution runs in the version of its function that its start names, and in no other. SPEC.md, "Invocations".
@Suite(.timeLimit(.minutes(10))) struct VersionTests {
    private let rig = Rig()

    /// Returns the name of its version.
    private func naming(_ version: String, isPlain: Bool = false) -> FunctionRegistration {
        FunctionRegistration(name: "pay", version: version, isPlain: isPlain) { [calls = rig.calls] invocation in
            calls.note(version)
            return .succeeded(result: Array("\(version) for \(invocation.start.version)".utf8))
        }
    }

    private func text(_ summary: ExecutionSummary) -> String? {
        guard case .inline(let bytes)? = summary.result else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `a start runs in the version that it names`() async throws {
        let runtime = try await rig.open([naming("1"), naming("2"), naming("$LATEST")])
        for version in ["1", "2", "$LATEST"] {
            let id = try await runtime.start(function: FunctionKey("pay", version: version), input: nil).id
            let summary = try await runtime.end(of: id.number)
            #expect(summary.version == version)
            #expect(text(summary) == "\(version) for \(version)")
        }
        try await runtime.close(grace: .zero)
    }

    @Test(arguments: ["3", "01", "live", ""])
    func `a start in a version that is not registered is refused and records nothing`(version: String) async throws {
        let runtime = try await rig.open([naming("1"), naming("$LATEST")])
        let key = FunctionKey("pay", version: version)
        let error = await #expect(throws: RuntimeError.self) { try await runtime.start(function: key, input: nil) }
        guard case .unknownFunction(key) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(runtime.known.isEmpty)
        try await runtime.close(grace: .zero)
    }

    @Test(arguments: [("1", ["2", "$LATEST", "01"]), ("$LATEST", ["1", "2"])])
    func `no other version runs it, and it says what it waits for`(version: String, others: [String]) async throws {
        let first = try await rig.open([
            FunctionRegistration(name: "pay", version: version) { [calls = rig.calls] _ in
                calls.note("invoked")
                await calls.wait("go")
                return nil
            }
        ])
        let number = try await first.start(function: FunctionKey("pay", version: version), input: nil).id.number
        await rig.calls.wait("invoked")
        let after = Rig(disk: rig.disk.crashed(seed: 9))
        let runtime = try await after.open(others.dropFirst().map { naming($0) })
        try await runtime.register(naming(others[0]))
        await runtime.quiet()
        #expect(try await runtime.summary(number).standing == .functionNotRegistered)
        #expect(runtime.load == (running: 0, waiting: 1))
        #expect(others.allSatisfy { rig.calls.count($0) == 0 })
        try await runtime.register(naming(version))
        #expect(text(try await runtime.end(of: number)) == "\(version) for \(version)")
        try await runtime.close(grace: .zero)
        rig.calls.note("go")
        try await first.close(grace: .seconds(5))
    }

    @Test func `a held execution is tried again by its own version alone`() async throws {
        let held = FunctionRegistration(name: "pay", version: "1") { [calls = rig.calls] _ in
            calls.note("1")
            return .held(Divergence(recorded: .step("1", "old"), attempted: .step("1", "new")))
        }
        let runtime = try await rig.open([held, naming("2")])
        let number = try await runtime.start(function: FunctionKey("pay", version: "1"), input: nil).id.number
        func isHeld(_ runtime: EngineRuntime) async throws -> Bool {
            if case .held = try await runtime.summary(number).standing { true } else { false }
        }
        await runtime.quiet()
        #expect(try await isHeld(runtime))
        for other in ["2", "$LATEST"] { try await runtime.register(naming(other)) }
        await runtime.quiet()
        #expect(rig.calls.count("1") == 1)
        try await runtime.register(held)
        await runtime.quiet()
        #expect(rig.calls.count("1") == 2, "once for the registration")
        #expect(try await isHeld(runtime))
        try await runtime.close(grace: .zero)

        let reopened = try await rig.open([naming("2"), naming("$LATEST")])
        await reopened.quiet()
        #expect(try await isHeld(reopened))
        try await reopened.register(naming("1"))
        #expect(text(try await reopened.end(of: number)) == "1 for 1")
        try await reopened.close(grace: .zero)
    }

    @Test func `a chained invoke runs in the newest version there is, or the one that it names`() async throws {
        for (target, version) in [
            ("pay", "10"), ("pay:9", "9"), ("000000000000:function:pay:10", "10"),
        ] {
            let rig = Rig()
            let runtime = try await rig.open([.caller("shop", of: target), naming("9"), naming("10")])
            let number = try await runtime.start(function: "shop", input: nil).id.number
            #expect(text(try await runtime.end(of: number)) == "\(version) for \(version)")
            try await runtime.register(naming("$LATEST"))
            let next = try await runtime.start(function: "shop", input: nil).id.number
            let newest = target == "pay" ? "$LATEST" : version
            #expect(text(try await runtime.end(of: next)) == "\(newest) for \(newest)")
            try await runtime.close(grace: .zero)
        }
    }

    @Test func `each version has a limit of its own, and names are the function's`() async throws {
        var first = FunctionRegistration.patient("pay", rig.calls)
        first.key = FunctionKey("pay", version: "1")
        first.concurrencyLimit = 1
        let runtime = try await rig.open([first, naming("2")])
        let one = FunctionKey("pay", version: "1")
        let ids = [
            try await runtime.start(function: one, name: "a", input: [1]).id,
            try await runtime.start(function: one, name: "b", input: [1]).id,
        ]
        await rig.calls.wait("pay invoked")
        let other = try await runtime.start(function: FunctionKey("pay", version: "2"), name: "c", input: [1]).id
        #expect(try await runtime.end(of: other.number).status == .succeeded)
        #expect(try await runtime.summary(ids[1].number).standing == .queued)
        let same = try await runtime.start(function: FunctionKey("pay", version: "2"), name: "a", input: [1])
        #expect(same.id == ids[0], "the same name and input is the same execution")
        #expect(!same.isNew)
        rig.calls.note("pay go")
        for id in ids { _ = try await runtime.end(of: id.number) }
        try await runtime.close(grace: .zero)
    }
}
