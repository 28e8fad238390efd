/// A segment that is open for reading, with its header.
struct SegmentReading {
    let header: SegmentHeader
    let handle: LogFileHandle

    var file: any LogFile { handle.file }

    /// - Throws: ``LogError/damaged(_:)`` for a header that does not check or is another segment's.
    init(
        _ number: UInt64, in directory: LogDirectory, _ fileSystem: any LogFileSystem, _ mode: FileOpenMode = .read
    ) throws(LogError) {
        try self.init(.append(number), in: directory.path, fileSystem, mode)
    }

    /// The same for either sort of segment.
    init(
        _ file: LogFileID, in directory: String, _ fileSystem: any LogFileSystem, _ mode: FileOpenMode = .read
    ) throws(LogError) {
        try self.init(file, at: directory + "/" + file.name, fileSystem, mode)
    }

    /// The same for a file that has not got its name yet.
    init(
        _ file: LogFileID, at path: String, _ fileSystem: any LogFileSystem, _ mode: FileOpenMode = .read
    ) throws(LogError) {
        do throws(FileSystemError) {
            handle = LogFileHandle(try fileSystem.open(path, mode))
        } catch {
            throw .storage(error)
        }
        header = try SegmentHeader.read(handle.file, of: file)
    }

    /// Whether the file has the bytes that were written to it.
    func checkSize(expected: Int) throws(LogError) -> LogDamage? {
        let size: Int
        do throws(FileSystemError) { size = try file.size() } catch { throw .storage(error) }
        guard size < expected else { return nil }
        return LogDamage(
            segment: header.number, offset: size, reason: .fileTooShort(size: size, expected: expected),
            sort: header.file.sort)
    }

    /// What is wrong with a rewrite segment, as the device holds it.
    func rewriteDamage() throws(LogError) -> LogDamage? {
        guard let rewrite = header.rewrite else { preconditionFailure("a rewrite segment that is none") }
        if let damage = try checkSize(expected: header.byteCount) { return damage }
        var walk = SegmentWalk(FrameScanner(file, header: header, end: rewrite.framesEnd, readsDevice: true))
        if case .damaged(let damage) = try walk.judgeRewrite(rewrite, { _ in }) { return damage }
        return nil
    }

    /// Where a footer ends if there is one: with the file, but of a rewrite segment with the size that it was made with.
    func footerEnd() throws(FileSystemError) -> Int {
        if header.rewrite != nil { return header.byteCount }
        return try file.size()
    }

    /// What is wrong with the header as that of the log's first segment.
    func checkFirst() -> LogDamage? {
        if header.predecessor != nil { return headerDamage(.chainBroken(field: "predecessor")) }
        if header.firstLSN != .first { return headerDamage(.chainBroken(field: "firstLSN")) }
        return nil
    }

    func headerDamage(_ reason: LogDamage.Reason) -> LogDamage {
        LogDamage(segment: header.number, offset: 0, reason: reason, sort: header.file.sort)
    }
}
