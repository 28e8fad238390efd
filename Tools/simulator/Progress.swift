import Foundation
import Synchronization

/// One line on standard error that says how far it is: rewritten in place on a terminal, every ten seconds elsewhere.
final class Progress: Sendable {
    private let total: Int
    private let started = ContinuousClock.now
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let lastShown = Mutex(ContinuousClock.now)

    init(total: Int) {
        self.total = total
    }

    func show(done: Int, failed: Int) {
        let now = ContinuousClock.now
        let isDue = lastShown.withLock { last in
            guard now - last >= (isTerminal ? .milliseconds(200) : .seconds(10)) else { return false }
            last = now
            return true
        }
        guard isDue else { return }
        let rate = Int(Double(done) / ((now - started) / .seconds(1)))
        let text = "\(done) of \(total) seeds, \(rate) a second, \(failed) broken"
        write(isTerminal ? "\r\u{1B}[K\(text)" : "simulate: \(text)\n")
    }

    /// A message between the states of the line.
    func say(_ text: String) {
        write((isTerminal ? "\r\u{1B}[K" : "") + text + "\n")
    }

    func end() {
        if isTerminal { write("\r\u{1B}[K") }
    }

    private func write(_ text: String) {
        FileHandle.standardError.write(Data(text.utf8))
    }
}
