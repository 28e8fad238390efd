/// Writes a new log in a directory that becomes one with ``finish(time:)``: records in the order of LSN, from 1, and
/// placeholders for those that are lost.
///
/// One thread. Deterministic: the same calls and seed give the same bytes.
package final class SalvageWriter {
    private let staged: StagedDirectory
    private let fileSystem: any LogFileSystem
    private let options: LogOptions
    private let logID: LogID
    private let creationTime: Int64
    private var random: SplitMix64
    private var segment: OpenSegment
    private var numbers: [UInt64] = [1]
    private var sizeIndex = 0
    /// The LSN of the next record.
    package private(set) var nextLSN = LSN.first

    /// The kind of a placeholder. It belongs to no execution, and readers of records are not given it.
    package static let lostKind: UInt8 = 0x7F

    /// - Parameters:
    ///   - path: Missing or empty.
    ///   - options: Its segments' sizes.
    ///   - time: Milliseconds since 1970-01-01T00:00:00Z.
    ///   - seed: For the log's id, which is new, and the segments' salts: from a good source in production.
    package init(
        at path: String, options: LogOptions, time: Int64, seed: UInt64, fileSystem: any LogFileSystem
    ) throws(LogCopyError) {
        self.options = options
        self.fileSystem = fileSystem
        staged = try StagedDirectory(path, fileSystem)
        random = SplitMix64(seed: seed)
        logID = LogID(high: random.next(), low: random.next())
        creationTime = time
        let header = SegmentHeader(
            logID: logID, number: 1, firstLSN: .first, byteCount: options.segmentSizes[0], creationTime: time,
            salt: random.next(), predecessor: nil)
        segment = try Self.make(header, in: staged, fileSystem)
    }

    package var id: LogID { logID }
    package var segmentCount: Int { numbers.count }

    /// Appends records as one group.
    package func append(_ batch: borrowing RecordBatch) throws(LogCopyError) {
        guard !batch.isEmpty else { return }
        let room = options.roomForAppend(recordCount: batch.entries.count, bodyBytes: batch.bodies.count)
        if segment.room(options) < room { try rollOver(room: room) }
        segment.encoder.encodeGroup(
            entries: batch.entries, bodies: batch.bodies, firstLSN: nextLSN, durableLSN: segment.header.firstLSN)
        do throws(FileSystemError) { try segment.flush() } catch { throw .storage(error) }
        nextLSN = nextLSN.advanced(by: batch.entries.count)
    }

    /// Appends a placeholder for each record up to `end` that is not there.
    package func appendLost(until end: LSN, time: Int64) throws(LogCopyError) {
        while nextLSN < end {
            var batch = RecordBatch()
            let count = min(end.rawValue - nextLSN.rawValue, UInt64(FormatLimits.frameRecordCountMax))
            for _ in 0..<count { batch.appendLost(time: time) }
            try append(batch)
        }
    }

    /// Makes all of it durable and the directory a log.
    package func finish(time: Int64) throws(LogCopyError) {
        do throws(FileSystemError) {
            try segment.file.truncate(to: segment.header.byteCount)
            try segment.file.sync()
            segment.encoder.encodeSyncPoint(nextLSN: nextLSN, time: time)
            try segment.flush()
            try segment.file.sync()
        } catch {
            throw .storage(error)
        }
        segment.file.close()
        try staged.publish(segments: numbers)
    }

    private func rollOver(room: Int) throws(LogCopyError) {
        do throws(FileSystemError) { try segment.file.sync() } catch { throw .storage(error) }
        segment.file.close()
        sizeIndex = min(sizeIndex + 1, options.segmentSizes.count - 1)
        let least = (room + SegmentHeader.encodedByteCount + options.roomForSyncPoint + 4_095) & ~4_095
        let header = SegmentHeader(
            logID: logID, number: segment.header.number + 1, firstLSN: nextLSN,
            byteCount: max(options.segmentSizes[sizeIndex], least), creationTime: creationTime, salt: random.next(),
            predecessor: segment.asPredecessor(nextLSN: nextLSN))
        segment = try Self.make(header, in: staged, fileSystem)
        numbers.append(header.number)
    }

    private static func make(
        _ header: SegmentHeader, in staged: StagedDirectory, _ fileSystem: any LogFileSystem
    ) throws(LogCopyError) -> OpenSegment {
        do throws(FileSystemError) {
            let file = try fileSystem.open(staged.path + "/" + SegmentNames.temporary(header.number), .create)
            try file.write(header.encoded(), at: 0)
            return OpenSegment(header: header, file: file, padsCommits: false)
        } catch {
            throw .storage(error)
        }
    }
}

extension RecordBatch {
    /// Appends a placeholder for a record that is lost.
    package mutating func appendLost(time: Int64) {
        append(execution: 0, sequence: 0, kind: SalvageWriter.lostKind, time: time, body: [])
    }
}

extension RecordBatch.Entry {
    /// Whether it stands for a record that was lost, in a log that was salvaged.
    package var isLost: Bool { execution == 0 }
}
