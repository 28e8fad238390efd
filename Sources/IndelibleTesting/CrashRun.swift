import Foundation
import Indelible
import Synchronization

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

/// How a run is interrupted.
enum CrashInterruption: String, CaseIterable {
    case powerCut = "power cut"
    case kill = "process killed"
    case timeout = "invocation cancelled"
    case shutdown = "engine shut down"
}

/// One run of the function to its end, interrupted at chosen points.
struct CrashRun {
    static let executionName = "crash-everywhere"

    private let world: CrashWorld
    private let kinds: [CrashInterruption]
    private let probe: CrashProbe

    /// - Parameter interruptions: By the count of points before each, in order.
    init(_ world: CrashWorld, interruptions: [(point: Int, kind: CrashInterruption)]) {
        self.world = world
        kinds = interruptions.map(\.kind)
        probe = CrashProbe(targets: interruptions.map(\.point))
    }

    struct Outcome {
        var points: [HandlerPoint]
        var status: ExecutionStatus
        var result: [UInt8]?
        var error: RecordedError?
        var effects: [Effects.Effect]
        var history: [HistoryEvent]
    }

    func run() async throws -> Outcome {
        let effects = Effects()
        let options = EngineOptions(segmentSizes: [256 << 10], parkedHandlersMax: world.parkedHandlersMax)
        let test = try await TestEngine(
            functions: world.functions(effects), seed: world.seed, startTime: world.startTime, options: options,
            probe: probe)
        let id = try await world.start(test.engine, effects)
        let outside = CrashOutside(
            test: test, execution: id, answers: world.answers, cancelledDuring: world.cancelledDuring)
        // Somebody acts from outside, until the handler comes to its point.
        async let ended: Void = outside.act(probe)
        for kind in kinds {
            guard await probe.reached() else { break }
            try await interrupt(kind, test, id)
            probe.release()
        }
        try await ended
        let description = try await outside.description(test.engine)
        let outcome = Outcome(
            points: probe.points, status: description.status, result: description.result, error: description.error,
            effects: effects.effects, history: try await test.engine.history(of: id))
        try await test.engine.close(grace: .zero)
        return outcome
    }

    private func interrupt(_ kind: CrashInterruption, _ test: TestEngine, _ id: String) async throws {
        switch kind {
        case .powerCut: try await test.crash()
        case .kill: try await test.kill()
        case .timeout: try await test.timeOutInvocation(of: id)
        case .shutdown: try await test.restart(grace: .zero)
        }
    }
}

/// Waits for a handler at chosen points, one after the other, and holds it there.
final class CrashProbe: HandlerProbe {
    private let targets: [Int]
    private let state = Mutex(State())

    private struct State {
        var points: [HandlerPoint] = []
        /// How many targets are over.
        var passedCount = 0
        var hasEnded = false
        var hasReached = false
        var observer: CheckedContinuation<Bool, Never>?
        var held: CheckedContinuation<Void, Never>?
    }

    init(targets: [Int]) {
        self.targets = targets
    }

    var points: [HandlerPoint] { state.withLock { $0.points } }

    nonisolated(nonsending) func reach(_ point: HandlerPoint) async {
        let (target, observer): (Int?, CheckedContinuation<Bool, Never>?) = state.withLock { state in
            defer { state.points.append(point) }
            guard state.passedCount < targets.count, !state.hasReached,
                state.points.count >= targets[state.passedCount]
            else { return (nil, nil) }
            state.hasReached = true
            defer { state.observer = nil }
            return (state.passedCount, state.observer)
        }
        guard let target else { return }
        observer?.resume(returning: true)
        // In the middle of a step it is not held: its effects happen while the interruption does.
        if point == .insideStep { return }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isHeld = state.withLock { state in
                    let isHeld = state.passedCount == target && !Task.isCancelled
                    if isHeld { state.held = continuation }
                    return isHeld
                }
                if !isHeld { continuation.resume() }
            }
        } onCancel: {
            letGo()
        }
    }

    /// Whether the handler comes to its next target: waits for that, or for the end of everything.
    func reached() async -> Bool {
        await withCheckedContinuation { continuation in
            let answer: Bool? = state.withLock { state in
                if state.hasReached { return true }
                if state.hasEnded { return false }
                state.observer = continuation
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }

    /// The target is over: what is held there goes on, and the next target counts.
    func release() {
        state.withLock { state in
            state.passedCount += 1
            state.hasReached = false
        }
        letGo()
    }

    private func letGo() {
        let held = state.withLock { state in
            defer { state.held = nil }
            return state.held
        }
        held?.resume()
    }

    /// Nothing comes to its point any more.
    func end() {
        let observer = state.withLock { state in
            state.hasEnded = true
            defer { state.observer = nil }
            return state.observer
        }
        observer?.resume(returning: false)
    }
}
