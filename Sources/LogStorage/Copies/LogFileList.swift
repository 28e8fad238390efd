/// The files that make up a log now: what a copy of it has to hold. The one place that knows.
struct LogFileList {
    var directory: LogDirectory
    /// Files that are never changed once they have their name, in the order in which they may be copied: what a file
    /// names comes before it.
    var immutable: [String]

    /// By what they are named by: manifests name tables and rewrite segments.
    private static let suffixes = [".rewrite", ".table", manifestSuffix]
    static let manifestSuffix = ".manifest"

    init(of path: String, _ fileSystem: any LogFileSystem) throws(LogError) {
        let names: [String]
        do throws(FileSystemError) { names = try fileSystem.list(path) } catch {
            throw error.reason == .notADirectory ? .notALog(path: path, found: "a file") : .storage(error)
        }
        immutable = Self.suffixes.flatMap { suffix in names.filter { $0.hasSuffix(suffix) } }
        // After the immutable ones: a segment that a manifest counts on is there.
        directory = try LogDirectory(surveying: path, fileSystem: fileSystem)
    }

    /// The same of a copy.
    init(ofCopy path: String, _ fileSystem: any LogFileSystem) throws(LogCopyError) {
        do throws(LogError) { try self.init(of: path, fileSystem) } catch { throw LogCopyError(ofTarget: error) }
    }
}
