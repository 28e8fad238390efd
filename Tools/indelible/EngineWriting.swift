import EngineRuntime
import ExecutionEngine
import LogStorage

/// Commands that write: they take the log's lock, and open the engine without functions, so that nothing runs.
enum EngineWriting {
    static let discussion = """
        It writes, so it needs the log's lock: while a program has the log open, ask that program instead.
        """

    /// Opens the engine in `directory`, passes it to `body` and closes it again.
    static func withEngine(
        in directory: String, _ body: (EngineRuntime) async throws(RuntimeError) -> Void
    ) async throws {
        // Opening would make a log where there is none.
        _ = try LogReading.inspector(directory)
        do throws(RuntimeError) {
            let runtime = try await EngineRuntime.open(at: directory, functions: [])
            do throws(RuntimeError) {
                try await body(runtime)
            } catch {
                try await runtime.close(grace: .zero)
                throw error
            }
            try await runtime.close(grace: .zero)
        } catch {
            throw ToolFailure(error)
        }
    }
}

extension ToolFailure {
    init(_ error: RuntimeError) {
        switch error {
        case .refused, .unknownFunction, .unknownExecution: self.init(.no, "\(error)")
        case .log(let cause): self.init(cause)
        case .unreadableEvent, .impossibleRecord, .payloadMissing, .index, .unreadableFile, .unreadableSnapshot,
            .unreadableExecution, .closed,
            .cancelled:
            self.init(.couldNot, "\(error)")
        }
    }

    init(_ error: LogError) {
        switch error {
        case .damaged:
            self.init(.no, "\(error)")
        case .inUse(let directory):
            self.init(.couldNot, "another process has the log in \(directory) open; ask that program, or stop it first")
        case .notALog(let path, let found):
            // Unlike a program, the tool makes no log, so an empty directory is none either.
            self.init(
                .couldNot,
                "\(path) is no log: found \(found) there; --data takes a directory with 00000001.segment in it")
        case .outcomeUnknown, .closed, .noRoom, .appendTooLarge, .newerVersion, .newerManifest, .declined,
            .noSuchRecord, .storage:
            self.init(.couldNot, "\(error)")
        }
    }
}
