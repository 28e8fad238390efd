import Foundation
import Indelible

/// What tests ask of a history.
///
/// ```swift
/// let history = try await execution.history()
/// #expect(history.notation == "a.sS a.sOK b.wS INV b.wOK INV X")
/// #expect(history.contains(.succeeded("charge"), before: .started("settlement window")))
/// #expect(history.count(of: .failed("charge")) == 2)
/// ```
extension [HistoryEvent] {
    /// The whole history in a line: operations are lettered in the order of their first events.
    ///
    /// `s` is a step or a condition, `w` a wait, `c` a context, `k` a callback, `i` an invoke; `S` started, `OK` succeeded, `F`
    /// failed, `TO` timed out, `STOP` stopped, `C` cancelled. An attempt that has a next one shows its number and the seconds
    /// to it: `a.sF(1,+5)`; a last one that is not the first, its number: `a.sOK(2)`. `INV` is the end of an invocation, with
    /// its error's type where it has one, and `X` that of the execution: `X`, `X(F)`, `X(TO)`, `X(STOP)`.
    public var notation: String {
        var letters: [String: String] = [:]
        return compactMap { event in
            guard let symbol = event.symbol else { return nil }
            guard let path = event.operation?.path else { return symbol }
            let letter = letters[path] ?? Self.letter(letters.count)
            letters[path] = letter
            return "\(letter).\(symbol)"
        }.joined(separator: " ")
    }

    /// `a` … `z`, `aa`, `ab` …
    private static func letter(_ number: Int) -> String {
        let last = String(UnicodeScalar(UInt8(ascii: "a") + UInt8(number % 26)))
        return number < 26 ? last : letter(number / 26 - 1) + last
    }

    /// Whether something happened.
    public func contains(_ mark: HistoryMark) -> Bool {
        contains { mark.matches($0) }
    }

    /// Whether something happened, and something else after it.
    public func contains(_ mark: HistoryMark, before later: HistoryMark) -> Bool {
        guard let first = firstIndex(where: { mark.matches($0) }) else { return false }
        return self[(first + 1)...].contains { later.matches($0) }
    }

    /// How often it happened.
    public func count(of mark: HistoryMark) -> Int {
        count { mark.matches($0) }
    }

    /// The events of it, in order.
    public func events(of mark: HistoryMark) -> [HistoryEvent] {
        filter { mark.matches($0) }
    }

    /// Everything about the operations of this name.
    public func events(named name: String) -> [HistoryEvent] {
        filter { $0.operation?.name == name }
    }

    /// Whether the first operation of this name has begun and not ended.
    func isOpen(_ name: String) -> Bool {
        guard let path = first(where: { $0.operation?.name == name })?.operation?.path else { return false }
        let last = last { $0.operation?.path == path }
        return last?.type.hasSuffix("Started") ?? false || last?.nextAttemptDelay != nil
    }

    /// Callbacks that nobody has completed, by their own name or that of the wait for them.
    func openCallbacks(named name: String) -> [HistoryEvent] {
        let waits = Set(filter { $0.operation?.name == name }.compactMap { $0.operation?.path })
        let ended = Set(
            filter { $0.type.hasPrefix("Callback") && $0.type != "CallbackStarted" }.compactMap { $0.operation?.path })
        return filter { event in
            guard event.type == "CallbackStarted", let operation = event.operation else { return false }
            return !ended.contains(operation.path)
                && (operation.name == name || operation.parentPath.map { waits.contains($0) } ?? false)
        }
    }
}

/// Something that a history may hold.
public struct HistoryMark: Sendable {
    private let ending: String
    private let name: String?

    /// An operation of this name began; a step does with each attempt.
    public static func started(_ name: String) -> HistoryMark { HistoryMark(ending: "Started", name: name) }
    /// It succeeded; so does a condition with each check that goes on.
    public static func succeeded(_ name: String) -> HistoryMark { HistoryMark(ending: "Succeeded", name: name) }
    /// It, or an attempt of it, failed.
    public static func failed(_ name: String) -> HistoryMark { HistoryMark(ending: "Failed", name: name) }
    public static func timedOut(_ name: String) -> HistoryMark { HistoryMark(ending: "TimedOut", name: name) }
    public static func stopped(_ name: String) -> HistoryMark { HistoryMark(ending: "Stopped", name: name) }
    public static func cancelled(_ name: String) -> HistoryMark { HistoryMark(ending: "Cancelled", name: name) }
    /// An event of this type, of whatever operation: `ExecutionFailed`, `InvocationCompleted`.
    public static func event(_ type: String) -> HistoryMark { HistoryMark(ending: type, name: nil) }

    func matches(_ event: HistoryEvent) -> Bool {
        guard let name else { return event.type == ending }
        return event.operation?.name == name && event.type.hasSuffix(ending)
    }
}

extension HistoryEvent {
    fileprivate var symbol: String? {
        switch type {
        case "ExecutionStarted": return nil
        case "ExecutionSucceeded": return "X"
        case "ExecutionFailed": return "X(F)"
        case "ExecutionTimedOut": return "X(TO)"
        case "ExecutionStopped": return "X(STOP)"
        case "ExecutionPaused": return "PAUSED"
        case "ExecutionResumed": return "RESUMED"
        case "InvocationCompleted": return error.map { "INV(\($0.type))" } ?? "INV"
        default: break
        }
        let kinds = ["Step": "s", "Wait": "w", "Context": "c", "Callback": "k", "ChainedInvoke": "i"]
        let ends = [
            "Started": "S", "Succeeded": "OK", "Failed": "F", "TimedOut": "TO", "Stopped": "STOP", "Cancelled": "C",
        ]
        for (kind, letter) in kinds where type.hasPrefix(kind) {
            guard let end = ends[String(type.dropFirst(kind.count))] else { continue }
            return letter + end + attempts
        }
        return type
    }

    private var attempts: String {
        guard let attempt else { return "" }
        if let delay = nextAttemptDelay { return "(\(attempt),+\(Int(delay.seconds.rounded(.up))))" }
        return attempt == 1 ? "" : "(\(attempt))"
    }
}
