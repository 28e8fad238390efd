import ChildProcesses
import Foundation
import Indelible

/// The built tool, and a log for it.
enum Tool {
    /// A log with one execution of `double` named `one`, that ended, and one of `ask` named `open`, that waits.
    static func makeLog() async throws -> String {
        let directory = FileManager.default.temporaryDirectory.path + "/indelible-tool-\(UUID().uuidString)"
        let double = DurableFunction("double") { (number: Int, context: DurableContext) in
            try await context.step("multiply") { _ in number * 2 }
        }
        let (opened, open) = AsyncStream.makeStream(of: Void.self)
        let ask = DurableFunction("ask") { (_: Int, context: DurableContext) in
            let callback: DurableCallback<String> = try await context.createCallback("answer")
            open.yield()
            return try await callback.result()
        }
        let engine = try await DurableEngine.open(at: directory, functions: [double, ask])
        _ = try await engine.start(double, input: 21, name: "one").result()
        _ = try await engine.start(ask, input: 0, name: "open")
        for await _ in opened { break }
        try await engine.close()
        return directory
    }

    static let program =
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path + "/indelible"

    static func run(_ arguments: [String]) async throws -> (code: Int32, output: String) {
        let tool = try ChildProcess(program, arguments)
        var output: [String] = []
        for await line in tool.lines { output.append(line) }
        guard case .exited(let code) = await tool.end else { return (-1, "") }
        return (code, output.joined(separator: "\n"))
    }
}
