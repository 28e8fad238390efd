import Indelible

extension CrashRun.Outcome {
    /// What came out different from the undisturbed run, one line each.
    func differences(from undisturbed: CrashRun.Outcome) -> [String] {
        let parted = zip(executions, undisturbed.executions).map { $0.partedSteps(from: $1) }
        let wentAnotherWay = parted.contains { $0 != nil }
        let rules = EffectRules(
            undisturbed: undisturbed.effects, interruptedAttempts: interruptedAttempts, wentAnotherWay: wentAnotherWay,
            laterSteps: parted.reduce(into: []) { $0.formUnion($1 ?? []) })
        var differences = rules.violations(in: effects)
        guard !wentAnotherWay else {
            let (status, expected) = (executions[0].status, undisturbed.executions[0].status)
            if status != expected, status != .succeeded, status != .failed {
                differences.append("it ended as \(status), and undisturbed as \(expected)")
            }
            return differences
        }
        if executions.map(\.path) != undisturbed.executions.map(\.path) {
            differences.append(
                "it invoked the executions \(paths), and undisturbed \(undisturbed.paths)")
        }
        if executionCount != undisturbed.executionCount {
            differences.append("there are \(executionCount) executions, and undisturbed \(undisturbed.executionCount)")
        }
        for (now, then) in zip(executions, undisturbed.executions) where now.path == then.path {
            let place = now.path.isEmpty ? "" : "in the execution invoked at \(now.path): "
            differences += now.differences(from: then).map { place + $0 }
        }
        return differences
    }

    private var paths: [String] { executions.dropFirst().map(\.path) }
}

extension CrashRun.Execution {
    /// The steps that began after one that runs at most once had been interrupted for good: with that step's outcome,
    /// everything after it may be different. Nil where every interrupted step came to the same outcome after all.
    fileprivate func partedSteps(from undisturbed: CrashRun.Execution) -> Set<EffectRules.Step>? {
        let (outcomes, expected) = (stepOutcomes, undisturbed.stepOutcomes)
        let parted = interruptedSteps.filter { outcomes[$0] != expected[$0] }
        guard !parted.isEmpty else { return nil }
        let place = history.firstIndex { event in
            event.operation.map { parted.contains($0.path) } == true && event.error != nil
        }
        guard let place else { return [] }
        let before = Set(history[...place].compactMap { $0.operation?.path })
        let after = Set(history[place...].compactMap { $0.operation?.path }).subtracting(before)
        return Set(after.map { EffectRules.Step(function: function, path: $0) })
    }

    fileprivate func differences(from undisturbed: CrashRun.Execution) -> [String] {
        var differences: [String] = []
        if status != undisturbed.status {
            differences.append("it ended as \(status), and undisturbed as \(undisturbed.status)")
        }
        if result != undisturbed.result {
            let (now, then) = (ComparedEvent.text(result), ComparedEvent.text(undisturbed.result))
            differences.append("its result is \(now), and undisturbed \(then)")
        }
        if error != undisturbed.error {
            let (now, then) = (error.map { "\($0)" } ?? "none", undisturbed.error.map { "\($0)" } ?? "none")
            differences.append("its error is \(now), and undisturbed \(then)")
        }
        // An attempt that was interrupted is one that there is not undisturbed.
        let passed = interruptedSteps
        let (now, then) = (events(without: passed), undisturbed.events(without: passed))
        if undisturbed.isSequential {
            if let line = Self.difference(now, then) { differences.append("its history has \(line)") }
        } else {
            let (now, then) = (Self.byOperation(now), Self.byOperation(then))
            for path in Set(now.keys).union(then.keys).sorted() {
                guard let line = Self.difference(now[path] ?? [], then[path] ?? []) else { continue }
                differences.append("the history of operation \(path) has \(line)")
            }
        }
        return differences
    }

    /// Steps that run at most once and were interrupted.
    private var interruptedSteps: Set<String> {
        Set(history.filter { $0.error?.type == "\(StepInterruptedError.self)" }.compactMap { $0.operation?.path })
    }

    private struct StepOutcome: Equatable {
        var payload: [UInt8]?
        var error: RecordedError?
    }

    /// What each step came to at last; nothing for one that has not.
    private var stepOutcomes: [String: StepOutcome] {
        var outcomes: [String: StepOutcome] = [:]
        for event in history where event.type == "StepSucceeded" || event.type == "StepFailed" {
            guard let path = event.operation?.path, event.nextAttemptDelay == nil else { continue }
            outcomes[path] = StepOutcome(payload: event.payload, error: event.error)
        }
        return outcomes
    }

    private func events(without paths: Set<String>) -> [ComparedEvent] {
        history.compactMap { ComparedEvent($0, isInvoked: !path.isEmpty) }.filter { event in
            event.operation.map { !paths.contains($0.path) } ?? true
        }
    }

    /// Whether one thing happened after the other: then the order of events is the handler's own. A handler that is late,
    /// since it was interrupted, may lose a race with a timeout that it has won before.
    private var isSequential: Bool {
        !history.contains { event in
            if event.type.hasSuffix("TimedOut") { return true }
            guard let kind = event.operation?.kind else { return false }
            return kind.hasPrefix("Parallel") || kind.hasPrefix("Map")
        }
    }

    private static func byOperation(_ events: [ComparedEvent]) -> [String: [ComparedEvent]] {
        Dictionary(grouping: events) { $0.operation?.path ?? "" }
    }

    /// The first event that is not the same.
    private static func difference(_ now: [ComparedEvent], _ then: [ComparedEvent]) -> String? {
        guard now != then else { return nil }
        let index = zip(now, then).enumerated().first { $1.0 != $1.1 }?.offset ?? min(now.count, then.count)
        func text(_ events: [ComparedEvent]) -> String { index < events.count ? "\(events[index])" : "nothing" }
        return "\(text(now)) as event \(index + 1), and undisturbed \(text(then))"
    }
}
