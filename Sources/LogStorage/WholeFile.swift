/// A file that is made whole: written under its temporary name, synced, renamed, and its directory synced.
///
/// After any crash its name holds all of it, or what it held before. What is left under the temporary name holds nothing;
/// the next opening of the log removes it.
struct WholeFile: Sendable {
    private let directory: String
    private let path: String
    private let temporaryPath: String
    private let fileSystem: any LogFileSystem
    private let handle: LogFileHandle

    /// Makes the temporary file, in place of one that a failed writer left.
    init(_ name: String, in directory: String, _ fileSystem: any LogFileSystem) throws(FileSystemError) {
        self.directory = directory
        self.fileSystem = fileSystem
        path = directory + "/" + name
        temporaryPath = directory + "/" + SegmentNames.temporary(name)
        if try fileSystem.exists(temporaryPath) { try fileSystem.remove(temporaryPath) }
        handle = LogFileHandle(try fileSystem.open(temporaryPath, .create))
    }

    /// What is written to until ``publish()``.
    var file: any LogFile { handle.file }

    /// Gives the file its name, durably, and closes it. After an error it may have it.
    func publish() throws(FileSystemError) {
        try file.sync()
        file.close()
        try fileSystem.rename(temporaryPath, to: path)
        try fileSystem.syncDirectory(directory)
    }

    /// Gives the space back. A file that stays is removed by the next opening.
    func discard() {
        file.close()
        do throws(FileSystemError) { try fileSystem.remove(temporaryPath) } catch {}
    }

    /// Makes a file of these bytes, which replaces one of its name.
    static func write(
        _ bytes: [UInt8], as name: String, in directory: String, _ fileSystem: any LogFileSystem
    ) throws(FileSystemError) {
        let whole = try WholeFile(name, in: directory, fileSystem)
        do throws(FileSystemError) {
            try whole.file.write(bytes, at: 0)
            try whole.publish()
        } catch {
            whole.discard()
            throw error
        }
    }
}
