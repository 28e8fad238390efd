import ChildProcesses
import Foundation

/// The demo's executables, which lie beside this one.
struct Programs: Sendable {
    let directory: String

    init(besides executable: String) {
        directory = URL(fileURLWithPath: executable).resolvingSymlinksInPath().deletingLastPathComponent().path
    }

    func path(_ name: String) -> String { directory + "/" + name }

    /// Runs a program to its end; what it writes to standard error is shown.
    func output(of name: String, _ arguments: [String]) async throws -> (text: String, status: Int32) {
        let child = try ChildProcess(path(name), arguments)
        defer { child.kill() }
        var text = ""
        for await line in child.lines { text += line + "\n" }
        switch await child.end {
        case .exited(let status): return (text, status)
        case .signalled(let number): throw DemoError("\(name) died of signal \(number)")
        }
    }
}
