import Indelible

/// A history in the notation of AWS's conformance requirements: `a.cS b.cS c.sS c.sOK b.cOK a.cOK INV X`.
///
/// Operations get letters in the order of their first events, numbers after `z`. `s`, `w`, `c`, `k` and `i` are a step, a
/// wait, a context, a callback and a chained invoke; `S` started, `OK` succeeded, `F` failed, `TO` timed out; `INV` is the end
/// of an invocation, `X` the execution's.
struct HistoryOutline: CustomStringConvertible {
    struct Entry {
        var text: String
        var event: HistoryEvent
    }

    private(set) var entries: [Entry] = []

    /// - Parameter invocations: Whether to show where invocations ended.
    init(_ history: [HistoryEvent], invocations: Bool = true) {
        var letters: [String: String] = [:]
        for event in history {
            let text: String
            switch event.type {
            case "ExecutionStarted": continue
            case "InvocationCompleted":
                if !invocations { continue }
                text = "INV"
            case "ExecutionSucceeded": text = "X"
            case "ExecutionFailed": text = "X(F)"
            default:
                guard let path = event.operation?.path else { continue }
                let letter = letters[path] ?? Self.letter(letters.count)
                letters[path] = letter
                text = "\(letter).\(Self.code(of: event.type))"
            }
            entries.append(Entry(text: text, event: event))
        }
    }

    var description: String { entries.map(\.text).joined(separator: " ") }

    /// The event that a text names first.
    subscript(text: String) -> HistoryEvent? { entries.first { $0.text == text }?.event }

    private static func letter(_ number: Int) -> String {
        number < 26 ? String(UnicodeScalar(UInt8(ascii: "a") + UInt8(number))) : "\(number)"
    }

    private static func code(of type: String) -> String {
        let kinds = ["Step": "s", "Wait": "w", "Context": "c", "Callback": "k", "ChainedInvoke": "i"]
        let ends = [
            "Started": "S", "Succeeded": "OK", "Failed": "F", "TimedOut": "TO", "Cancelled": "C", "Stopped": "P",
        ]
        for (kind, short) in kinds where type.hasPrefix(kind) {
            if let end = ends[String(type.dropFirst(kind.count))] { return short + end }
        }
        return type
    }
}

extension ExecutionHandle {
    func outline(invocations: Bool = true) async throws -> HistoryOutline {
        HistoryOutline(try await history(), invocations: invocations)
    }
}

extension HistoryEvent {
    /// What the event recorded, as text.
    var text: String? { payload.map { String(decoding: $0, as: UTF8.self) } }
}
