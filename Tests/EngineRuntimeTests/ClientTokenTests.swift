import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization
import Testing

@testable import EngineRuntime

/// A checkpoint whose reply was lost may be made again. SPEC.md, "Checkpoints".
@Suite(.timeLimit(.minutes(10))) struct ClientTokenTests {
    private let rig = Rig()

    /// Runs `body` as the one invocation of an execution, and gives the history.
    private func invoke(
        _ body: @escaping @Sendable (Invocation, EngineRuntime) async throws -> Void
    ) async throws -> [EventKind] {
        let function = FunctionRegistration(name: "work") { invocation in
            do { try await body(invocation, invocation.runtime) } catch { Issue.record(error) }
            return .succeeded(result: nil)
        }
        let runtime = try await rig.open([function])
        let number = try await runtime.start(function: "work", input: nil).id.number
        _ = try await runtime.end(of: number)
        let kinds = try await runtime.kinds(number)
        try await runtime.close(grace: .zero)
        return kinds
    }

    static func step(_ id: String) -> [OperationUpdate] { [OperationUpdate(.step(id), .start)] }

    static func expectRefused(_ body: () async throws -> CheckpointReply) async {
        let error = await #expect(throws: RuntimeError.self) { try await body() }
        #expect(error?.refusal == .invalidCheckpointToken)
    }

    static func expectEqual(_ one: CheckpointReply, _ other: CheckpointReply) {
        #expect(one.token == other.token)
        #expect(one.isRevoked == other.isRevoked)
        #expect(one.operations == other.operations)
    }

    @Test func `the same call gets the same reply, and changes nothing`() async throws {
        let kinds = try await invoke { invocation, runtime in
            let first = try await runtime.checkpoint(invocation.token, Self.step("1"), clientToken: "a")
            for forced in [true, false, true] {
                let again = try await runtime.checkpoint(
                    invocation.token, Self.step("1"), clientToken: "a", forced: forced)
                Self.expectEqual(first, again)
            }
            #expect(first.operations.map(\.status) == [.started])
            // And the invocation goes on from it.
            _ = try await runtime.checkpoint(try #require(first.token), Self.step("2"))
        }
        #expect(kinds.filter { $0 == .stepStarted }.count == 2)
    }

    @Test func `another token of either kind makes it another call`() async throws {
        let kinds = try await invoke { invocation, runtime in
            let first = try await runtime.checkpoint(invocation.token, Self.step("1"), clientToken: "a")
            await Self.expectRefused {
                try await runtime.checkpoint(invocation.token, Self.step("1"), clientToken: "b")
            }
            await Self.expectRefused { try await runtime.checkpoint(invocation.token, Self.step("1")) }
            let next = try #require(first.token)
            let second = try await runtime.checkpoint(next, Self.step("2"), clientToken: "a")
            #expect(second.operations.map(\.identity.id.rawValue) == ["2"])
            await Self.expectRefused {
                try await runtime.checkpoint(invocation.token, Self.step("1"), clientToken: "a")
            }
            Self.expectEqual(second, try await runtime.checkpoint(next, Self.step("2"), clientToken: "a"))
        }
        #expect(kinds.filter { $0 == .stepStarted }.count == 2)
    }

    @Test func `another checkpoint that is accepted is the end of it, and one that is refused is not`() async throws {
        _ = try await invoke { invocation, runtime in
            let first = try await runtime.checkpoint(invocation.token, Self.step("1"), clientToken: "a")
            let next = try #require(first.token)
            let refusal = await #expect(throws: RuntimeError.self) {
                try await runtime.checkpoint(next, Self.step("1"), clientToken: "b")
            }
            #expect(refusal?.refusal?.message == "Invalid current STEP state to start.")
            Self.expectEqual(first, try await runtime.checkpoint(invocation.token, [], clientToken: "a"))
            _ = try await runtime.checkpoint(next, [])
            await Self.expectRefused {
                try await runtime.checkpoint(invocation.token, Self.step("1"), clientToken: "a")
            }
        }
    }

    @Test func `it is good for fifteen minutes`() async throws {
        _ = try await invoke { [rig] invocation, runtime in
            let first = try await runtime.checkpoint(invocation.token, Self.step("1"), clientToken: "a")
            rig.clock.advance(by: 15 * 60_000)
            Self.expectEqual(first, try await runtime.checkpoint(invocation.token, Self.step("1"), clientToken: "a"))
            rig.clock.advance(by: 1)
            await Self.expectRefused {
                try await runtime.checkpoint(invocation.token, Self.step("1"), clientToken: "a")
            }
        }
    }

    @Test func `what changed in between is not in the reply, and not lost`() async throws {
        _ = try await invoke { invocation, runtime in
            let create = [OperationUpdate(.callback("1"), .start)]
            let first = try await runtime.checkpoint(invocation.token, create, clientToken: "a")
            guard case .callback(let id)? = first.operations.first?.details else { return }
            try await runtime.complete(id, .succeed([7]))
            Self.expectEqual(first, try await runtime.checkpoint(invocation.token, create, clientToken: "a"))
            let next = try await runtime.checkpoint(try #require(first.token), [])
            #expect(next.operations.map(\.status) == [.succeeded])
        }
    }

    @Test func `a checkpoint that ended its execution may be made again, as one that paused it`() async throws {
        let kinds = try await invoke { invocation, runtime in
            let result = OperationUpdate(
                OperationIdentity(id: OperationID("end"), type: .execution), .succeed, payload: [9])
            let first = try await runtime.checkpoint(invocation.token, [result], clientToken: "a")
            #expect(first.token == nil)
            #expect(!first.isRevoked)
            Self.expectEqual(first, try await runtime.checkpoint(invocation.token, [result], clientToken: "a"))
            await Self.expectRefused { try await runtime.checkpoint(invocation.token, [result]) }
        }
        #expect(kinds.filter { $0 == .executionSucceeded }.count == 1)

        let rig = Rig()
        let function = FunctionRegistration(name: "work") { invocation in
            guard invocation.number == 1 else { return .succeeded(result: nil) }
            do {
                try await invocation.runtime.pause(invocation.execution, PauseRequest())
                let first = try await invocation.runtime.checkpoint(invocation.token, [], clientToken: "a")
                #expect(first.isRevoked)
                Self.expectEqual(first, try await invocation.runtime.checkpoint(invocation.token, [], clientToken: "a"))
                try await invocation.runtime.resume(invocation.execution)
            } catch { Issue.record(error) }
            return nil
        }
        let runtime = try await rig.open([function])
        let number = try await runtime.start(function: "work", input: nil).id.number
        #expect(try await runtime.end(of: number).status == .succeeded)
        try await runtime.close(grace: .zero)
    }

    @Test func `an invocation knows nothing of the calls of the one before`() async throws {
        let spent = Mutex<CheckpointToken?>(nil)
        let function = FunctionRegistration(name: "work") { invocation in
            if let token = spent.withLock({ $0 }) {
                await Self.expectRefused { try await invocation.runtime.checkpoint(token, [], clientToken: "a") }
                return .succeeded(result: nil)
            }
            spent.withLock { $0 = invocation.token }
            _ = try? await invocation.runtime.checkpoint(invocation.token, [], clientToken: "a")
            return .pending
        }
        let runtime = try await rig.open([function])
        let number = try await runtime.start(function: "work", input: nil).id.number
        #expect(try await runtime.end(of: number).status == .succeeded)
        #expect(runtime.core.withLock { $0.lastCheckpoints.isEmpty })
        try await runtime.close(grace: .zero)
    }

    @Test(arguments: ["", "a b", "é", "a\n", String(repeating: "a", count: 65)])
    func `a client token outside the pattern is refused, whatever else the call says`(text: String) async throws {
        let kinds = try await invoke { invocation, runtime in
            for token in [invocation.token, nil] {
                var forged = invocation.token
                forged.sequence = 9
                let error = await #expect(throws: RuntimeError.self) {
                    try await runtime.checkpoint(token ?? forged, Self.step("1"), clientToken: text)
                }
                #expect(
                    error?.refusal
                        == EngineError(
                            .invalidParameterValue, "Invalid ClientToken: 1 to 64 printable ASCII characters."))
            }
            let longest = String(repeating: "!", count: 63) + "~"
            _ = try await runtime.checkpoint(invocation.token, [], clientToken: longest)
        }
        #expect(!kinds.contains(.stepStarted))
    }
}
