import Foundation
import Synchronization

/// One line on standard error that says how far it is: rewritten in place on a terminal, once a second elsewhere.
final class Progress: Sendable {
    private let total: Int
    private let killsPlanned: Int
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let lastShown = Mutex<(time: ContinuousClock.Instant, kills: Int)?>(nil)

    init(total: Int, killsPlanned: Int) {
        self.total = total
        self.killsPlanned = killsPlanned
    }

    func show(done: Int, effects: Int, kills: Int) {
        let now = ContinuousClock.now
        let isDue = lastShown.withLock { last in
            if let shown = last, shown.kills == kills, now - shown.time < .seconds(isTerminal ? 0 : 1) { return false }
            last = (now, kills)
            return true
        }
        guard isDue else { return }
        let text =
            "\(done) of \(total) payments done, \(effects) effects at the gateway, killed \(kills) of \(killsPlanned) times"
        FileHandle.standardError.write(Data((isTerminal ? "\r\u{1B}[K\(text)" : "demo: \(text)\n").utf8))
    }

    func end() {
        if isTerminal { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }
}
