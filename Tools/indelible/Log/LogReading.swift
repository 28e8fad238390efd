import EngineRuntime
import LogStorage

/// Opens a log's files to look at them: no lock, and nothing is changed.
enum LogReading {
    static func inspector(_ directory: String) throws -> LogInspector {
        do {
            return try LogInspector(directory: directory, fileSystem: PosixFileSystem())
        } catch {
            throw ToolFailure(error)
        }
    }

    /// Hands every record to `body`, in the order of LSN.
    static func records(in directory: String, _ body: (LogRecord) throws -> Void) throws {
        do {
            try inspector(directory).forEachRecord(body)
        } catch let error as LogError {
            throw ToolFailure(error)
        }
    }

    /// Hands every readable frame to `body`.
    static func frames(in directory: String, _ body: (LocatedFrame) throws -> Void) throws -> LogReport {
        do {
            return try inspector(directory).forEachFrame(body)
        } catch let error as LogError {
            throw ToolFailure(error)
        }
    }
}
