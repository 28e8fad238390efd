import ExecutionModel
import Testing

@testable import ExecutionEngine

/// The histories that AWS's conformance suites 1, 2, 3, 4, 5 and 7 ask for, by the numbers of their requirements.
@Suite struct CanonicalHistoryTests {
    typealias Failure = ScriptedHandler.Failure
    typealias Crash = ScriptedHandler.Crash

    static let ok = CallbackCommand.succeed(Array("\"yes\"".utf8))
    static let no = CallbackCommand.fail(ErrorObject(message: "not approved", type: "RejectedError"))

    static func expect(
        _ history: String, answers: [(name: String, command: CallbackCommand)] = [], childEnds: [OperationStatus] = [],
        _ body: @escaping (ScriptedHandler) throws -> Void, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let handler = ScriptedHandler(answers: answers, childEnds: childEnds, body)
        #expect(try handler.run() == history, sourceLocation: sourceLocation)
    }

    static func fail(until attempt: Int) -> (Int) throws -> Void {
        { if $0 < attempt { throw Failure() } }
    }

    @Test func `1-1 to 1-10: steps`() throws {
        try Self.expect("a.sS a.sOK INV X") { try $0.step() }
        try Self.expect("a.sS a.sOK b.sS b.sOK INV X") {
            try $0.step()
            try $0.step()
        }
        try Self.expect("a.sS a.sOK b.wS INV b.wOK INV X") {
            try $0.step()
            try $0.wait()
        }
        try Self.expect("a.sS a.sF b.wS INV b.wOK INV X") { handler in
            #expect(throws: Failure.self) { try handler.step { _ in throw Failure() } }
            try handler.wait()
        }
    }

    @Test func `1-11 to 1-16, 1-19, 1-20: retries`() throws {
        try Self.expect("a.sS a.sF(1,+1) INV a.sS a.sOK(2) INV X") {
            try $0.step(delays: [1], body: Self.fail(until: 2))
        }
        try Self.expect(
            "a.sS a.sF(1,+1) INV a.sS a.sF(2,+1) INV a.sS a.sF(3,+1) INV a.sS a.sF(4) INV X(F)"
        ) { try $0.step(delays: [1, 1, 1], body: Self.fail(until: 9)) }
        try Self.expect("a.sS a.sF(1,+2) INV a.sS a.sF(2,+6) INV a.sS a.sOK(3) INV X") {
            try $0.step(delays: [2, 6], body: Self.fail(until: 3))
        }
        try Self.expect("a.sS a.sF INV X(F)") { try $0.step(body: Self.fail(until: 2)) }
        try Self.expect("a.sS a.sF b.sS b.sOK INV X") { handler in
            #expect(throws: Failure.self) { try handler.step { _ in throw Failure() } }
            try handler.step()
        }
    }

    @Test func `1-17, 1-18: a crash in a step that runs at most once`() throws {
        func crash(_ attempt: Int) throws {
            if attempt == 1 { throw Crash() }
        }
        try Self.expect("a.sS INV(Runtime.ExitError) a.sF INV X(F)") { try $0.step(atMostOnce: true, body: crash) }
        try Self.expect("a.sS INV(Runtime.ExitError) a.sF(1,+1) INV a.sS a.sOK(2) INV X") {
            try $0.step(delays: [1], atMostOnce: true, body: crash)
        }
    }

    @Test func `2-1 to 2-5: waits`() throws {
        try Self.expect("a.wS INV a.wOK INV X") { try $0.wait(seconds: 3_600) }
        try Self.expect("a.wS INV a.wOK b.wS INV b.wOK INV X") {
            try $0.wait()
            try $0.wait()
        }
    }

    @Test func `3-1 to 3-6, 3-14 to 3-16: contexts`() throws {
        try Self.expect("a.cS b.sS b.sOK a.cOK INV X") { try $0.context { try $0.step() } }
        try Self.expect("a.cS b.sS b.sOK c.sS c.sOK a.cOK INV X") {
            try $0.context {
                try $0.step()
                try $0.step()
            }
        }
        try Self.expect("a.cS b.sS b.sF a.cF INV X(F)") { try $0.context { try $0.step(body: Self.fail(until: 2)) } }
        try Self.expect("a.cS b.sS b.sF a.cF c.sS c.sOK INV X") { handler in
            #expect(throws: Failure.self) { try handler.context { try $0.step { _ in throw Failure() } } }
            try handler.step()
        }
        try Self.expect("a.cS b.sS b.sOK c.cS d.sS d.sOK c.cOK a.cOK INV X") {
            try $0.context {
                try $0.step()
                try $0.context { try $0.step() }
            }
        }
        try Self.expect("a.cS a.cF INV X(F)") { try $0.context { _ in throw Failure() } }
        try Self.expect("a.cS a.cOK INV X") { try $0.context { _ in } }
    }

    @Test func `3-7 to 3-13, 3-17, 3-18: contexts over several invocations`() throws {
        try Self.expect("a.cS b.sS b.sF(1,+1) INV b.sS b.sOK(2) a.cOK INV X") {
            try $0.context { try $0.step(delays: [1], body: Self.fail(until: 2)) }
        }
        try Self.expect("a.cS b.sS b.sF(1,+1) INV b.sS b.sF(2) a.cF INV X(F)") {
            try $0.context { try $0.step(delays: [1], body: Self.fail(until: 3)) }
        }
        try Self.expect("a.cS b.sS b.sOK a.cOK c.wS INV c.wOK INV X") {
            try $0.context { try $0.step() }
            try $0.wait()
        }
        try Self.expect("a.cS b.sS b.sOK c.wS INV c.wOK a.cOK INV X") {
            try $0.context {
                try $0.step()
                try $0.wait()
            }
        }
        try Self.expect("a.cS b.wS INV b.wOK a.cOK c.sS c.sOK INV X") {
            try $0.context { try $0.wait() }
            try $0.step()
        }
        try Self.expect("a.cS a.cOK b.wS INV b.wOK INV X") {
            try $0.context { _ in }
            try $0.wait()
        }
        try Self.expect("a.cS b.sS b.sOK c.wS INV c.wOK a.cOK d.sS d.sOK e.wS INV e.wOK INV X") {
            try $0.context {
                try $0.step()
                try $0.wait()
            }
            try $0.step()
            try $0.wait()
        }
        var crashes = 1
        try Self.expect("a.cS b.sS INV(Runtime.ExitError) b.sOK a.cOK INV X") {
            try $0.context {
                try $0.step { _ in
                    crashes -= 1
                    if crashes == 0 { throw Crash() }
                }
            }
        }
    }

    @Test func `4-1 to 4-6: callbacks`() throws {
        func callback(timeout: Int64? = nil, heartbeat: Int64? = nil) -> (ScriptedHandler) throws -> Void {
            { try $0.result(of: $0.createCallback("a", timeout: timeout, heartbeat: heartbeat)) }
        }
        try Self.expect("a.kS INV a.kOK INV X", answers: [("a", Self.ok)], callback())
        try Self.expect(
            "a.kS INV a.kOK INV X", answers: [("a", .heartbeat), ("a", .heartbeat), ("a", Self.ok)],
            callback(heartbeat: 5))
        try Self.expect("a.kS INV a.kTO INV X(F)", callback(timeout: 3))
        try Self.expect("a.kS INV a.kTO INV X(F)", callback(heartbeat: 5))
        try Self.expect("a.kS INV a.kF INV X(F)", answers: [("a", Self.no)], callback())
    }

    @Test func `4-7 to 4-11: callbacks beside other operations`() throws {
        for (answer, symbol) in [(Self.no, "kF"), (nil, "kTO")] as [(CallbackCommand?, String)] {
            try Self.expect("a.kS b.sS b.sOK INV a.\(symbol) INV X(F)", answers: answer.map { [("a", $0)] } ?? []) {
                let callback = try $0.createCallback("a", timeout: 3)
                try $0.step()
                try $0.result(of: callback)
            }
        }
        for (answer, symbol, end) in [(Self.ok, "kOK", "X"), (Self.no, "kF", "X(F)"), (nil, "kTO", "X(F)")]
            as [(CallbackCommand?, String, String)]
        {
            try Self.expect(
                "a.kS b.wS INV a.\(symbol) INV b.wOK INV \(end)", answers: answer.map { [("a", $0)] } ?? []
            ) {
                let callback = try $0.createCallback("a", timeout: 3)
                try $0.wait(seconds: 6)
                try $0.result(of: callback)
            }
        }
    }

    @Test func `4-12 to 4-19: callbacks one after another`() throws {
        for (answer, symbol) in [(Self.ok, "kOK"), (Self.no, "kF"), (nil, "kTO")] as [(CallbackCommand?, String)] {
            try Self.expect("a.kS INV a.\(symbol) b.wS INV b.wOK INV X", answers: answer.map { [("a", $0)] } ?? []) {
                // The handler catches what the callback failed with, and a suspension it must let through.
                do { try $0.result(of: $0.createCallback("a", timeout: 3)) } catch is Failure {}
                try $0.wait()
            }
        }
        try Self.expect("a.kS INV a.kOK b.kS INV b.kOK INV X", answers: [("a", Self.ok), ("b", Self.ok)]) {
            try $0.result(of: $0.createCallback("a"))
            try $0.result(of: $0.createCallback("b"))
        }
        try Self.expect("a.kS b.kS INV a.kOK INV b.kOK INV X", answers: [("a", Self.ok), ("b", Self.ok)]) {
            let (first, second) = (try $0.createCallback("a"), try $0.createCallback("b"))
            try $0.result(of: first)
            try $0.result(of: second)
        }
        try Self.expect("a.kS b.kS INV b.kOK INV a.kOK INV X", answers: [("b", Self.ok), ("a", Self.ok)]) {
            let (first, second) = (try $0.createCallback("a"), try $0.createCallback("b"))
            try $0.result(of: first)
            try $0.result(of: second)
        }
    }

    @Test func `5-1 to 5-16: chained invokes`() throws {
        try Self.expect("a.iS INV a.iOK INV X", childEnds: [.succeeded]) { try $0.chainedInvoke() }
        for (end, symbol) in [(.failed, "iF"), (.timedOut, "iTO"), (.stopped, "iSTOP")] as [(OperationStatus, String)] {
            try Self.expect("a.iS INV a.\(symbol) INV X", childEnds: [end]) {
                do { try $0.chainedInvoke() } catch is Failure {}
            }
            try Self.expect("a.iS INV a.\(symbol) b.wS INV b.wOK INV X", childEnds: [end]) {
                do { try $0.chainedInvoke() } catch is Failure {}
                try $0.wait()
            }
        }
        try Self.expect("a.iS INV a.iOK b.wS INV b.wOK INV X", childEnds: [.succeeded]) {
            try $0.chainedInvoke()
            try $0.wait()
        }
        try Self.expect("a.sS a.sOK b.iS INV b.iOK INV X", childEnds: [.succeeded]) {
            try $0.step()
            try $0.chainedInvoke()
        }
        try Self.expect("a.iS INV a.iOK b.sS b.sOK INV X", childEnds: [.succeeded]) {
            try $0.chainedInvoke()
            try $0.step()
        }
        try Self.expect("a.cS b.iS INV b.iOK a.cOK INV X", childEnds: [.succeeded]) {
            try $0.context { try $0.chainedInvoke() }
        }
        try Self.expect("a.iS INV a.iOK b.iS INV b.iOK INV X", childEnds: [.succeeded, .succeeded]) {
            try $0.chainedInvoke()
            try $0.chainedInvoke()
        }
    }

    @Test func `7-1 to 7-15: waiting for a callback`() throws {
        try Self.expect("a.cS b.kS c.sS c.sOK INV b.kOK a.cOK INV X", answers: [("a", Self.ok)]) {
            try $0.waitForCallback("a")
        }
        try Self.expect("a.cS b.kS c.sS c.sOK INV b.kF a.cF INV X(F)", answers: [("a", Self.no)]) {
            try $0.waitForCallback("a")
        }
        try Self.expect("a.cS b.kS c.sS c.sOK INV b.kTO a.cF INV X") {
            do { try $0.waitForCallback("a", heartbeat: 5) } catch is Failure {}
        }
        try Self.expect("a.cS b.kS c.sS c.sF(1,+1) INV c.sS c.sF(2) a.cF INV X(F)") {
            try $0.waitForCallback("a", delays: [1], submit: Self.fail(until: 3))
        }
        try Self.expect("a.cS b.cS c.kS d.sS d.sOK INV c.kOK b.cOK a.cOK INV X", answers: [("a", Self.ok)]) {
            try $0.context { try $0.waitForCallback("a") }
        }
        try Self.expect(
            "a.cS b.kS c.sS c.sOK INV b.kOK a.cOK d.cS e.kS f.sS f.sOK INV e.kOK d.cOK INV X",
            answers: [("a", Self.ok), ("b", Self.ok)]
        ) {
            try $0.waitForCallback("a")
            try $0.waitForCallback("b")
        }
        try Self.expect(
            "a.wS INV a.wOK b.sS b.sOK c.cS d.kS e.sS e.sOK INV d.kOK c.cOK INV X", answers: [("a", Self.ok)]
        ) {
            try $0.wait()
            try $0.step()
            try $0.waitForCallback("a")
        }
    }
}
