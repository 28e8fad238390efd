/// A segment that is open for reading, with its header.
struct SegmentReading {
    let header: SegmentHeader
    private let handle: LogFileHandle

    var file: any LogFile { handle.file }

    /// - Throws: ``LogError/damaged(_:)`` for a header that does not check or is another segment's.
    init(
        _ number: UInt64, in directory: LogDirectory, _ fileSystem: any LogFileSystem, _ mode: FileOpenMode = .read
    ) throws(LogError) {
        do throws(FileSystemError) {
            handle = LogFileHandle(try fileSystem.open(directory.path(ofSegment: number), mode))
        } catch {
            throw .storage(error)
        }
        header = try SegmentHeader.read(handle.file, number: number)
    }

    /// Whether the file has the bytes that were written to it.
    func checkSize(expected: Int) throws(LogError) -> LogDamage? {
        let size: Int
        do throws(FileSystemError) { size = try file.size() } catch { throw .storage(error) }
        guard size < expected else { return nil }
        return LogDamage(segment: header.number, offset: size, reason: .fileTooShort(size: size, expected: expected))
    }

    /// What is wrong with the header as that of the log's first segment.
    func checkFirst() -> LogDamage? {
        if header.predecessor != nil { return headerDamage(.chainBroken(field: "predecessor")) }
        if header.firstLSN != .first { return headerDamage(.chainBroken(field: "firstLSN")) }
        return nil
    }

    func headerDamage(_ reason: LogDamage.Reason) -> LogDamage {
        LogDamage(segment: header.number, offset: 0, reason: reason)
    }
}
