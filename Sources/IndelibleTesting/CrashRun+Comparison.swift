import Indelible

extension CrashRun.Outcome {
    /// What came out different from the undisturbed run, one line each.
    func differences(from undisturbed: CrashRun.Outcome) -> [String] {
        let isComplete = !wasInterruptedForGood
        var differences = effects.differences(from: undisturbed.effects, isComplete: isComplete)
        guard isComplete else { return differences }
        if status != undisturbed.status {
            differences.append("it ended as \(status), and undisturbed as \(undisturbed.status)")
        }
        if result != undisturbed.result {
            differences.append("its result is \(Self.text(result)), and undisturbed \(Self.text(undisturbed.result))")
        }
        if error != undisturbed.error {
            differences.append(
                "its error is \(Self.text(error)), and undisturbed \(Self.text(undisturbed.error))")
        }
        let (now, then) = (operations, undisturbed.operations)
        for path in Set(now.keys).union(then.keys).sorted() where now[path] != then[path] {
            differences.append(
                "operation \(path) has the history \(Self.text(now[path])), and undisturbed \(Self.text(then[path]))")
        }
        return differences
    }

    /// Whether a step that runs at most once did not run to its end: everything after it may be different.
    private var wasInterruptedForGood: Bool {
        history.contains { $0.error?.type == "\(StepInterruptedError.self)" }
    }

    /// What each operation's history says that does not depend on when and how often the handler ran.
    private var operations: [String: [String]] {
        var operations: [String: [String]] = [:]
        for event in history {
            guard let operation = event.operation else { continue }
            operations[operation.path, default: ["\(operation)"]].append(Self.text(event))
        }
        return operations
    }

    private static func text(_ event: HistoryEvent) -> String {
        var parts = [event.type]
        if let payload = event.payload { parts.append(text(payload)) }
        if let error = event.error { parts.append(text(error)) }
        if let attempt = event.attempt { parts.append("attempt \(attempt)") }
        if let delay = event.nextAttemptDelay { parts.append("again in \(delay)") }
        if let duration = event.duration { parts.append("for \(duration)") }
        if let function = event.functionName { parts.append("of \(function)") }
        return parts.joined(separator: " ")
    }

    private static func text(_ lines: [String]?) -> String {
        lines.map { "[\($0.joined(separator: ", "))]" } ?? "none"
    }

    private static func text(_ bytes: [UInt8]?) -> String {
        bytes.map { String(String(decoding: $0, as: UTF8.self).prefix(200)) } ?? "none"
    }

    private static func text(_ error: RecordedError?) -> String {
        error.map { "\($0)" } ?? "none"
    }
}

extension HandlerPoint {
    /// For messages.
    var words: String {
        switch self {
        case .beforeAppend: "before a record"
        case .appended: "after a record, before the handler knew"
        case .acknowledged: "after a record"
        case .insideStep: "in the middle of a step"
        }
    }
}
