import ExecutionModel
import Foundation
import Indelible
import IndelibleObservability
import IndelibleTesting
import Synchronization
import Testing
import Tracing

@Suite(.bothWays) struct TracingPluginTests {
    struct Flaky: Error, CustomStringConvertible {
        var description: String { "try again" }
    }

    /// A tracer, an engine that is traced by it, and the engine's time for its spans.
    struct Rig {
        let tracer: RecordingTracer
        let test: TestEngine
        let origin: Date

        init(
            _ functions: [any EngineFunction], choosesIDs: Bool = true, sampledShare: Double = 1
        ) async throws {
            let tracer = RecordingTracer(choosesIDs: choosesIDs)
            let clock = EngineTime()
            let plugin = TracingPlugin(tracer: tracer, sampledShare: sampledShare) { clock.nanoseconds }
            test = try await TestEngine(
                functions: functions, options: EngineOptions(segmentSizes: [256 << 10], plugins: [plugin]))
            clock.attach(test)
            origin = test.now
            self.tracer = tracer
        }
    }

    /// The hash that ids are made of.
    static func hash(_ text: String) -> String {
        "\(SipHash128(of: text.utf8, key: RandomBits(high: 0, low: 0)).digest)"
    }

    static func id(_ text: String) -> String { String(hash(text).prefix(16)) }

    /// Steps, a retry, waits, a child, a batch, an invoke, a condition, a failure that is caught.
    static let child = DurableFunction("child") { (number: Int, context: DurableContext) in
        try await context.wait("inside", for: .seconds(2))
        return number * 2
    }
    static let everything = DurableFunction("everything") { (context: DurableContext) in
        try await context.step("charge", retry: .fixed(delay: .seconds(1))) { step in
            if step.attempt == 1 { throw Flaky() }
        }
        try await context.runInChildContext("outer") { context in
            try await context.wait("settle", for: .seconds(3))
            try await context.step { _ in }
        }
        _ = try await context.map("batch", [1, 2], maxConcurrency: 1) { item, context in
            if item == 1 { try await context.wait("pause", for: .seconds(1)) }
            try await context.step("item") { _ in }
        }
        _ = try await context.waitForCondition("poll", from: 0, poll: .until({ $0 == 2 }, every: .seconds(1))) {
            state, _ in state + 1
        }
        do { try await context.step("doomed", retry: .none) { _ in throw Flaky() } } catch is StepError {}
        return try await context.invoke(child, input: 21, name: "call")
    }

    @Test func `an execution is one tree, whatever it waits for`() async throws {
        let rig = try await Rig([Self.everything, Self.child])
        let execution = try await rig.test.engine.start(Self.everything, name: "one")
        #expect(try await execution.result() == 42)
        // The child's ended before.
        let root = try #require(rig.tracer.finished.last { $0.name == "Workflow" }?.parentID)
        let tree = SpanTree(rig.tracer.finished, below: root, from: rig.origin)
        #expect(tree.orphans == [])
        #expect(rig.tracer.openCount == 0)
        #expect(
            tree.lines == [
                "Workflow 0.0–8.0 SUCCEEDED ok",
                "  Invocation 0.0–0.0 PENDING ok",
                "  charge 0.0–1.0 SUCCEEDED ok",
                "    charge attempt 1 0.0–0.0 FAILED error(try again)",
                "    charge attempt 2 1.0–1.0 SUCCEEDED ok",
                "  Invocation 1.0–1.0 PENDING ok",
                "  outer 1.0–4.0 SUCCEEDED ok",
                "    outer attempt 1 1.0–1.0 INCOMPLETE",
                "    settle 1.0–4.0 SUCCEEDED ok",
                "    Step 4.0–4.0 SUCCEEDED ok",
                "      Step attempt 1 4.0–4.0 SUCCEEDED ok",
                "    outer attempt 1 4.0–4.0 SUCCEEDED ok",
                "  Invocation 4.0–4.0 PENDING ok",
                "  batch 4.0–5.0 SUCCEEDED ok",
                "    map-item-0 4.0–5.0 SUCCEEDED ok",
                "      map-item-0 attempt 1 4.0–4.0 INCOMPLETE",
                "      pause 4.0–5.0 SUCCEEDED ok",
                "      item 5.0–5.0 SUCCEEDED ok",
                "        item attempt 1 5.0–5.0 SUCCEEDED ok",
                "      map-item-0 attempt 1 5.0–5.0 SUCCEEDED ok",
                "    map-item-1 5.0–5.0 SUCCEEDED ok",
                "      item 5.0–5.0 SUCCEEDED ok",
                "        item attempt 1 5.0–5.0 SUCCEEDED ok",
                "      map-item-1 attempt 1 5.0–5.0 SUCCEEDED ok",
                "  Invocation 5.0–5.0 PENDING ok",
                "  poll 5.0–6.0 SUCCEEDED ok",
                "    poll attempt 1 5.0–5.0 SUCCEEDED ok",
                "    poll attempt 2 6.0–6.0 SUCCEEDED ok",
                "  Invocation 6.0–6.0 PENDING ok",
                "  call 6.0–8.0 SUCCEEDED ok",
                "    Workflow 6.0–8.0 SUCCEEDED ok",
                "      Invocation 6.0–6.0 PENDING ok",
                "      inside 6.0–8.0 SUCCEEDED ok",
                "      Invocation 8.0–8.0 SUCCEEDED ok",
                "  doomed 6.0–6.0 FAILED error(try again)",
                "    doomed attempt 1 6.0–6.0 FAILED error(try again)",
                "  Invocation 8.0–8.0 SUCCEEDED ok",
            ])
    }

    @Test func `spans say what they are about`() async throws {
        let function = DurableFunction("pay") { (context: DurableContext) in
            try await context.runInChildContext("outer") { context in
                try await context.step("charge", retry: .none) { _ in throw Flaky() }
            }
        }
        let rig = try await Rig([function])
        let execution = try await rig.test.engine.start(function)
        await #expect(throws: ExecutionError.self) { try await execution.result() }
        let spans = rig.tracer.finished
        let arn = try #require(spans.last?.attributes["durable.execution.arn"])
        #expect(arn.hasSuffix(execution.id))
        func attributes(_ name: String) -> [String: String]? {
            spans.first { $0.name == name }?.attributes.filter { $0.key != "durable.execution.arn" }
        }
        #expect(spans.allSatisfy { $0.attributes["durable.execution.arn"] == arn })
        #expect(attributes("Workflow") == ["durable.execution.status": "FAILED"])
        #expect(
            attributes("Invocation") == ["durable.invocation.first": "true", "durable.invocation.status": "FAILED"])
        #expect(
            attributes("charge") == [
                "durable.operation.id": "1-1", "durable.operation.type": "STEP", "durable.operation.subtype": "Step",
                "durable.operation.name": "charge", "durable.operation.status": "FAILED",
            ])
        #expect(
            attributes("charge attempt 1") == [
                "durable.operation.id": "1-1", "durable.operation.type": "STEP", "durable.operation.subtype": "Step",
                "durable.operation.name": "charge", "durable.attempt.number": "1", "durable.attempt.outcome": "FAILED",
            ])
        #expect(spans.first { $0.name == "charge" }?.errors == ["Flaky: try again"])
        #expect(spans.first { $0.name == "Workflow" }?.errors == ["ChildContextError: try again"])
        // Operations are linked to the invocation that saw their end.
        let invocation = try #require(spans.first { $0.name == "Invocation" })
        #expect(spans.filter { ["outer", "charge"].contains($0.name) }.allSatisfy { $0.links == [invocation.id] })
    }

    @Test func `ids follow from the execution, in every process and after a crash`() async throws {
        let function = DurableFunction("pay") { (context: DurableContext) in
            try await context.runInChildContext("outer") { context in
                try await context.step("before") { _ in }
                try await context.wait("pause", for: .hours(1))
                try await context.step("after") { _ in }
            }
        }
        let rig = try await Rig([function])
        let execution = try await rig.test.engine.start(function, name: "one")
        await rig.test.settle()
        try await rig.test.crash()
        try await rig.test.engine.execution(named: "one", of: function)?.result()
        let spans = rig.tracer.finished
        let arn = try #require(spans.last?.attributes["durable.execution.arn"])
        let seconds = String(Int(rig.origin.timeIntervalSince1970), radix: 16)
        #expect(seconds.count == 8)
        #expect(Set(spans.map(\.traceID)) == [seconds + Self.hash(arn).prefix(24)])
        let expected = [
            "Workflow": Self.id("workflow:\(arn)"), "outer": Self.id("\(arn):1"), "before": Self.id("\(arn):1-1"),
            "pause": Self.id("\(arn):1-2"), "after": Self.id("\(arn):1-3"),
        ]
        // The crash may have taken the end of the first invocation, whose spans are then made again: the same ones.
        for (name, id) in expected {
            #expect(Set(spans.filter { $0.name == name }.map(\.id)) == [id], "\(name)")
        }
        #expect(spans.count { $0.name == "Workflow" } == 1)
        let root = Self.id("execution-root:\(arn)")
        #expect(spans.first { $0.name == "Workflow" }?.parentID == root)
        #expect(SpanTree(spans, below: root, from: rig.origin).orphans == [])
        #expect(arn.hasSuffix(execution.id))
    }

    @Test func `a tracer that cannot choose ids puts everything into the one trace, under the same parents`()
        async throws
    {
        let rig = try await Rig([Self.everything, Self.child], choosesIDs: false)
        let chosen = try await Rig([Self.everything, Self.child])
        for rig in [rig, chosen] {
            #expect(try await rig.test.engine.start(Self.everything, name: "one").result() == 42)
        }
        #expect(Set(rig.tracer.finished.map(\.traceID)).count == 1)
        func parents(_ rig: Rig) -> [String] {
            rig.tracer.finished.map { "\($0.name) \($0.traceID) \($0.parentID ?? "")" }.sorted()
        }
        #expect(parents(rig) == parents(chosen))
    }

    @Test func `an execution that is started in a trace goes on with it, and passes it on`() async throws {
        let rig = try await Rig([Self.everything, Self.child])
        let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
        let execution = try await rig.test.engine.start(Self.everything, traceHeader: header)
        _ = try await execution.result()
        let spans = rig.tracer.finished
        #expect(Set(spans.map(\.traceID)) == ["4bf92f3577b34da6a3ce929d0e0e4736"])
        #expect(spans.allSatisfy { !$0.isSampled })
        #expect(SpanTree(spans, below: "00f067aa0ba902b7", from: rig.origin).orphans == [])
        #expect(spans.filter { $0.name == "Workflow" && $0.parentID == "00f067aa0ba902b7" }.count == 1)
    }

    @Test func `spans of user code hang on the attempt that they are in, on any tracer`() async throws {
        for choosesIDs in [true, false] {
            let slot = Mutex<RecordingTracer?>(nil)
            let function = DurableFunction("pay") { (context: DurableContext) in
                guard let tracer = slot.withLock({ $0 }) else { return }
                try await context.step("charge", retry: .fixed(delay: .seconds(1))) { step in
                    try await tracer.withSpan("http \(step.attempt)") { _ in
                        await tracer.withSpan("inner \(step.attempt)") { _ in await Task.yield() }
                        if step.attempt == 1 { throw Flaky() }
                    }
                }
                try await context.runInChildContext("outer") { context in
                    tracer.withSpan("in child") { _ in }
                    try await context.step("other") { _ in tracer.withSpan("in step") { _ in } }
                }
                // Between operations nothing is current.
                #expect(ServiceContext.current == nil)
            }
            let rig = try await Rig([function], choosesIDs: choosesIDs)
            slot.withLock { $0 = rig.tracer }
            try await rig.test.engine.start(function).result()
            let spans = rig.tracer.finished
            func parent(_ name: String) -> String? {
                let id = spans.first { $0.name == name }?.parentID
                return spans.first { $0.id == id }?.name
            }
            let expected = [
                "http 1": "charge attempt 1", "inner 1": "http 1", "http 2": "charge attempt 2", "inner 2": "http 2",
                "in child": "outer attempt 1", "in step": "other attempt 1",
            ]
            for (name, parentName) in expected { #expect(parent(name) == parentName, "\(name)") }
            #expect(Set(spans.map(\.traceID)).count == 1)
        }
    }

    @Test(arguments: [(0.0, 0), (1.0, 40)])
    func `a share of the executions is sampled`(share: Double, expected: Int) async throws {
        let function = DurableFunction("pay") { (context: DurableContext) in
            try await context.wait(for: .seconds(1))
        }
        let rig = try await Rig([function], sampledShare: share)
        for _ in 0..<40 { try await rig.test.engine.start(function).result() }
        let traces = Dictionary(grouping: rig.tracer.finished, by: \.traceID)
        #expect(traces.count == 40)
        #expect(traces.values.count { $0.allSatisfy(\.isSampled) } == expected)
        // All invocations of one agree.
        #expect(traces.values.allSatisfy { Set($0.map(\.isSampled)).count == 1 })
    }

    @Test func `half of the executions are some, and not all`() async throws {
        let function = DurableFunction("pay") { (context: DurableContext) in
            try await context.wait(for: .seconds(1))
        }
        let rig = try await Rig([function], sampledShare: 0.5)
        for _ in 0..<40 { try await rig.test.engine.start(function).result() }
        let traces = Dictionary(grouping: rig.tracer.finished, by: \.traceID)
        #expect((5...35).contains(traces.values.count { $0.allSatisfy(\.isSampled) }))
        #expect(traces.values.allSatisfy { Set($0.map(\.isSampled)).count == 1 })
    }

    @Test func `what runs on every replay has one span of its own, and one for each run`() async throws {
        let function = DurableFunction("large") { (context: DurableContext) in
            _ = try await context.runInChildContext("large", serdes: .bytes) { _ in
                [UInt8](repeating: 1, count: 300 << 10)
            }
            try await context.runInVirtualContext("virtual") { context in try await context.step("in") { _ in } }
            try await context.wait(for: .seconds(1))
        }
        let rig = try await Rig([function])
        try await rig.test.engine.start(function).result()
        let names = rig.tracer.finished.map(\.name)
        let runs = handlersAreParked ? 1 : 2
        #expect(names.count { $0 == "large" } == 1)
        #expect(names.count { $0 == "large attempt 1" } == runs)
        #expect(names.count { $0 == "virtual" } == 0)
        #expect(names.count { $0 == "virtual attempt 1" } == runs)
        #expect(names.count { $0 == "in" } == 1)
    }
}
