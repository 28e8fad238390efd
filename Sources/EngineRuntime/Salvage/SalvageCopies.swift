import LogStorage

/// The rewrite segments of a log that is salvaged: with what the damaged one's have of executions that are kept.
///
/// The new log has no manifest, so whoever opens it reads them all, and all its append segments.
final class SalvageCopies {
    private let directory: String
    private let fileSystem: any LogFileSystem
    private let logID: LogID
    private let time: Int64
    private var random: SplitMix64
    private var writer: RewriteSegmentWriter?
    private var number: UInt64 = 0
    private var source: UInt64?
    private var last: (execution: UInt64, lsn: LSN)?

    /// Bytes of frames of one: far from the format's limit, whatever the last record is.
    private static let byteCountMax = 256 << 20

    /// - Parameter seed: For the segments' salts.
    init(in directory: String, logID: LogID, time: Int64, seed: UInt64, _ fileSystem: any LogFileSystem) {
        self.directory = directory
        self.logID = logID
        self.time = time
        self.fileSystem = fileSystem
        random = SplitMix64(seed: seed)
    }

    /// - Parameter source: The rewrite segment that it was found in: each has one of its own, or several.
    func append(
        _ entry: RecordBatch.Entry, lsn: LSN, body: ArraySlice<UInt8>, from source: UInt64
    ) throws(FileSystemError) {
        let isOutOfOrder = last.map { $0.execution == entry.execution && $0.lsn > lsn } ?? false
        let isFull = (writer?.byteCount ?? 0) > Self.byteCountMax
        if source != self.source || isFull || isOutOfOrder { try finish() }
        if writer == nil {
            number += 1
            writer = try RewriteSegmentWriter(
                number: number, logID: logID, salt: random.next(), directory: directory, fileSystem: fileSystem,
                time: time)
        }
        self.source = source
        last = (entry.execution, lsn)
        try writer?.append(entry, lsn: lsn, body: body)
    }

    /// Makes all of it durable.
    func finish() throws(FileSystemError) {
        last = nil
        if let writer = writer.take() { _ = try writer.finish() }
    }
}
