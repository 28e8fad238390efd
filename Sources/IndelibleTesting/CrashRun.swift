import ExecutionModel
import Foundation
import Indelible

/// What every run of a `crashEverywhere` begins with.
struct CrashWorld: Sendable {
    let seed: UInt64
    let startTime: Date
    let answers: [CallbackAnswer]
    var cancelledDuring: String?
    var parkedHandlersMax = 64
    let functions: @Sendable (Effects) -> [any EngineFunction]
    let start: @Sendable (DurableEngine, Effects) async throws -> String
}

/// One run of the function to its end, interrupted at chosen points.
struct CrashRun {
    static let executionName = "crash-everywhere"

    private let world: CrashWorld
    private let interruptions: [(point: Int, kind: CrashInterruption)]
    private let probe: CrashProbe

    /// - Parameter interruptions: By the count of points before each, in order.
    init(_ world: CrashWorld, interruptions: [(point: Int, kind: CrashInterruption)]) {
        self.world = world
        self.interruptions = interruptions
        probe = CrashProbe(targets: interruptions.map(\.point))
    }

    struct Outcome {
        var points: [CrashPoint]
        /// The function's own first, then those that it has invoked, by their paths: branches begin theirs in any order.
        var executions: [Execution]
        /// How many executions the engine knows at the end.
        var executionCount: Int
        var effects: [Effects.Effect]
        /// How often each attempt was under way when an interruption came.
        var interruptedAttempts: [ProbedAttempt: Int]
    }

    struct Execution {
        /// The invokes that lead to it, from the function's own execution on.
        var path: String
        var function: String
        var status: Indelible.ExecutionStatus
        var result: [UInt8]?
        var error: RecordedError?
        var history: [HistoryEvent]
    }

    /// - Throws: ``CrashTargetMissed`` when the run came to its end before its interruptions.
    func run() async throws -> Outcome {
        let effects = Effects()
        let options = EngineOptions(segmentSizes: [32 << 10], parkedHandlersMax: world.parkedHandlersMax)
        let test = try await TestEngine(
            functions: world.functions(effects), seed: world.seed, startTime: world.startTime, options: options,
            probe: probe)
        let id = try await world.start(test.engine, effects)
        let outside = CrashOutside(
            test: test, execution: id, answers: world.answers, cancelledDuring: world.cancelledDuring)
        // Somebody acts from outside, until the handler comes to its point.
        async let ended: Void = outside.act(probe)
        var missed: CrashTargetMissed?
        for (point, kind) in interruptions {
            guard let reached = await probe.reached() else {
                missed = CrashTargetMissed(target: point, pointCount: probe.points.count)
                break
            }
            try await interrupt(kind, test, at: reached)
        }
        try await ended
        if let missed { throw missed }
        let executions = try await executions(of: test.engine, from: id).sorted { $0.path < $1.path }
        let executionCount = try await test.engine.executions().count
        try await test.engine.close(grace: .zero)
        return Outcome(
            points: probe.points, executions: executions, executionCount: executionCount, effects: effects.effects,
            interruptedAttempts: probe.interruptedAttempts)
    }

    private func interrupt(_ kind: CrashInterruption, _ test: TestEngine, at reached: CrashProbe.Reached) async throws {
        // Where branches race, there may be no invocation at a point at which there was one before.
        if kind == .timeout, let place = reached.place {
            probe.interrupt(place)
            // What is held goes on when it is cancelled, and not before.
            return try await test.timeOutInvocation(of: place.execution)
        }
        probe.interrupt(nil)
        switch kind {
        case .powerCut, .kill:
            await test.written()
            let lost = test.lose(keeping: kind == .kill ? .everyWrite : .whatASyncKept)
            await probe.runLostBody(reached)
            await lost.close()
        case .shutdown, .timeout:
            try await test.engine.close(grace: .zero)
        }
        // Before there is another engine, whose handlers come to points that count.
        probe.release()
        try await test.open()
    }

    /// An execution and all that it has invoked, in the order of their histories.
    private func executions(of engine: DurableEngine, from id: String) async throws -> [Execution] {
        let all = Dictionary(uniqueKeysWithValues: try await engine.executions().map { ($0.id, $0) })
        var found: [Execution] = []
        var next: [(id: String, path: String)] = [(id, "")]
        while let (id, path) = next.popLast() {
            guard let description = all[id] else { continue }
            let history = try await engine.history(of: id)
            found.append(
                Execution(
                    path: path, function: description.function, status: description.status,
                    result: description.result, error: description.error, history: history))
            for event in history.reversed() {
                guard let child = event.invokedExecution, let operation = event.operation else { continue }
                next.append((child, "\(path)/\(operation.path)"))
            }
        }
        return found
    }
}

extension HistoryEvent {
    /// The id of the execution that a chained invoke has started.
    fileprivate var invokedExecution: String? {
        invokedExecutionARN?.split(separator: "/").last.map(String.init)
    }
}

/// A run that came to its end before it came to the point at which it was to be interrupted.
struct CrashTargetMissed: Error, CustomStringConvertible {
    var target: Int
    var pointCount: Int

    var description: String {
        "it came to \(pointCount) points and never to number \(target + 1): what it does depends on more than its seed"
    }
}
