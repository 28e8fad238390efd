import EngineRuntime
import LogStorage

/// Opens a log's files to look at them: no lock, and nothing is changed.
enum LogReading {
    static func inspector(_ directory: String) throws -> LogInspector {
        do {
            // Compaction drops segments; the newest manifest says which are still there.
            let manifest = try ManifestStore(directory: directory, fileSystem: PosixFileSystem()).newest().manifest
            return try LogInspector(
                directory: directory, fileSystem: PosixFileSystem(), manifest: manifest)
        } catch {
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
