/// Makes a rewrite segment: whole, or not at all. It gets its name when everything in it is on the disk.
///
/// Blocks; one thread at a time. The same records, salt and time give the same bytes. After an error only
/// ``abandon()`` is left: the opening of the log removes what stays of the file.
package struct RewriteSegmentWriter: ~Copyable {
    /// Of a frame's bodies, when nobody asks for another: one read brings back an execution of a few dozen events, and
    /// larger ones would compress 2 % better.
    package static let frameBodyTargetDefault = 16 << 10

    package let number: UInt64

    private let directory: String
    private let fileSystem: any LogFileSystem
    private let frameBodyTarget: Int
    private let handle: LogFileHandle
    private let logID: LogID
    private let salt: UInt64
    private let time: Int64
    private let dictionary: SegmentDictionary

    private var encoder: RewriteFrameEncoder
    private var postings = SegmentPostings()
    /// The frame in work.
    private var entries: [RecordBatch.Entry] = []
    private var lsns: [LSN] = []
    private var bodies: [UInt8] = []
    /// Where the encoder's bytes go, and how many of those before it are not synced.
    private var written = SegmentHeader.encodedByteCount
    private var unsynced = 0
    private var hasFailed = false

    /// Bytes of frames handed to the file at a time, and synced at a time: one large sync at the end would hold up the
    /// commits that run beside it.
    private static let writeByteCount = 256 << 10
    private static let syncByteCount = 1 << 20

    /// Makes the file, under its temporary name.
    ///
    /// - Parameters:
    ///   - number: One that no rewrite segment of the log has had.
    ///   - salt: Random, for every segment anew.
    ///   - time: Now, milliseconds since 1970-01-01T00:00:00Z.
    ///   - frameBodyTarget: Bodies of a frame, before compression, above which the next record starts another: 1 byte to
    ///     64 KiB. What is read and decompressed to get at one record.
    package init(
        number: UInt64, logID: LogID, salt: UInt64, directory: String, fileSystem: any LogFileSystem, time: Int64,
        frameBodyTarget: Int = frameBodyTargetDefault, dictionary: SegmentDictionary = .builtIn
    ) throws(FileSystemError) {
        precondition((1...FormatLimits.frameBodyByteCountMax).contains(frameBodyTarget), "a frame holds up to 64 KiB")
        precondition(number > 0, "rewrite segments count from 1")
        let path = directory + "/" + SegmentNames.temporary(LogFileKind.rewrite.name(number))
        // What an attempt left that could not even remove its file.
        if try fileSystem.exists(path) { try fileSystem.remove(path) }
        self.handle = LogFileHandle(try fileSystem.open(path, .create))
        self.number = number
        self.directory = directory
        self.fileSystem = fileSystem
        self.frameBodyTarget = frameBodyTarget
        self.logID = logID
        self.salt = salt
        self.time = time
        self.dictionary = dictionary
        self.encoder = RewriteFrameEncoder(dictionary: dictionary, checksum: Checksum(salt: salt))
    }

    /// Bytes so far, the frame in work uncompressed and the footer not counted: to end the segment by. At most
    /// ``FormatLimits/rewriteFramesByteCountMax`` with the next record.
    package var byteCount: Int { written + encoder.byteCount + bodies.count }

    package var isEmpty: Bool { postings.totals.recordCount == 0 && entries.isEmpty }

    /// Adds a record behind the others. Those of an execution should come together, or what is read to bring it back
    /// lies scattered; among them the LSNs MUST NOT descend.
    ///
    /// - Returns: Where the frame will start that holds it.
    @discardableResult
    package mutating func append(_ record: RewriteRecord) throws(FileSystemError) -> FrameLocation {
        let entry = RecordBatch.Entry(
            execution: record.execution, sequence: record.sequence, kind: record.kind, length: record.body.count,
            time: record.time)
        return try append(entry, lsn: record.lsn, body: record.body[...])
    }

    /// The same for a body that is a part of others', which saves a copy.
    @discardableResult
    package mutating func append(
        _ entry: RecordBatch.Entry, lsn: LSN, body: ArraySlice<UInt8>
    ) throws(FileSystemError) -> FrameLocation {
        precondition(!hasFailed, "a rewrite segment that failed is abandoned")
        precondition(
            lsn >= .first && lsn <= FormatLimits.lsnMax && entry.length == body.count, "a record that no log holds")
        precondition(body.count <= FormatLimits.recordByteCountMax, "a record is at most 16 MiB")
        if let last = entries.last, last.execution == entry.execution {
            precondition(lsns[lsns.count - 1] <= lsn, "an execution's records go by ascending LSN")
        }
        let isFull =
            bodies.count + body.count > frameBodyTarget || entries.count == FormatLimits.rewrittenRecordCountMax
        if isFull && !entries.isEmpty { try endFrame() }
        precondition(
            byteCount + body.count <= FormatLimits.rewriteFramesByteCountMax, "a rewrite segment over its limit")
        entries.append(entry)
        lsns.append(lsn)
        bodies += body
        return FrameLocation(file: .rewrite(number), offset: written + encoder.byteCount)
    }

    /// Ends the segment and makes it durable under its name: footer, header, sync, rename, sync of the directory.
    ///
    /// There is at least one record.
    package consuming func finish() throws(FileSystemError) -> RewriteSegmentInfo {
        precondition(!hasFailed && !isEmpty, "a rewrite segment holds a record, and has not failed")
        let byteCount: Int
        do throws(FileSystemError) {
            byteCount = try complete()
        } catch {
            // Gives the space back: running work may need it.
            removeFile()
            throw error
        }
        // From here on the name may be on the disk or not, and the file is sound under either.
        try fileSystem.rename(
            directory + "/" + SegmentNames.temporary(LogFileKind.rewrite.name(number)),
            to: directory + "/" + LogFileKind.rewrite.name(number))
        try fileSystem.syncDirectory(directory)
        return RewriteSegmentInfo(
            number: number, byteCount: byteCount, totals: postings.totals, executions: postings.executions)
    }

    /// Removes what was made.
    package consuming func abandon() {
        removeFile()
    }

    private func removeFile() {
        handle.file.close()
        do throws(FileSystemError) {
            try fileSystem.remove(directory + "/" + SegmentNames.temporary(LogFileKind.rewrite.name(number)))
        } catch {
            // The next opening removes it.
        }
    }

    /// Writes what is left and the header, which knows the rest, and returns the file's size.
    private mutating func complete() throws(FileSystemError) -> Int {
        try endFrame()
        try flush()
        let (start, footer) = postings.footer(checksum: Checksum(salt: salt))
        try handle.file.write(footer, at: start)
        var header = SegmentHeader(
            logID: logID, number: number, firstLSN: LSN(postings.totals.lsnMin), byteCount: start + footer.count,
            creationTime: time, salt: salt, predecessor: nil, dictionary: dictionary)
        header.rewrite = SegmentHeader.Rewrite(
            framesEnd: postings.framesEnd, lastFrameCRC: postings.lastFrameCRC,
            recordCount: postings.totals.recordCount)
        try handle.file.write(header.encoded(), at: 0)
        try handle.file.sync()
        handle.file.close()
        return header.byteCount
    }

    private mutating func endFrame() throws(FileSystemError) {
        let offset = written + encoder.byteCount
        let header = encoder.encode(entries, lsns: lsns, bodies: bodies)
        postings.add(
            FrameOutline(
                location: FrameLocation(file: .rewrite(number), offset: offset),
                byteCount: header.byteCount(at: offset), header: header, entries: entries, lsns: lsns))
        entries.removeAll(keepingCapacity: true)
        lsns.removeAll(keepingCapacity: true)
        bodies.removeAll(keepingCapacity: true)
        if encoder.byteCount >= Self.writeByteCount { try flush() }
    }

    private mutating func flush() throws(FileSystemError) {
        let (file, offset) = (handle.file, written)
        hasFailed = true
        try encoder.withBytes { (bytes) throws(FileSystemError) in try file.write(bytes, at: offset) }
        written += encoder.byteCount
        unsynced += encoder.byteCount
        encoder.removeAll()
        if unsynced >= Self.syncByteCount {
            try file.syncData()
            unsynced = 0
        }
        hasFailed = false
    }
}
