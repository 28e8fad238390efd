import ExecutionEngine
import ExecutionModel
import LogStorage

/// Builds the state of an execution from what the log has of it: its snapshot, and the events after that.
///
/// Reads the disk, so it runs on threads that may block.
struct StateReader: Sendable {
    let index: ExecutionIndex
    let frames: FrameStore
    /// Says where the frames of an append segment end; nil: there is no open log, and ``sealedEnds`` does.
    private let log: SegmentedLog?
    /// Of append segments, by number. Of the others their successors say it.
    private let sealedEnds: [UInt64: Int]
    private let delayMax: Milliseconds
    /// A longer payload stays in the log until it is wanted.
    private let payloadLengthInMemoryMax: Int

    /// - Parameter log: Of which it reads, once that is open.
    init(index: ExecutionIndex, log: SegmentedLog, directory: String, _ options: RuntimeOptions, _ seams: Seams) {
        self.init(index: index, log: log, sealed: [], directory: directory, options, seams)
    }

    /// - Parameter sealed: The segments of a log that is not open that a manifest says the ends of.
    init(
        index: ExecutionIndex, sealed: [SealedSegment], directory: String, _ options: RuntimeOptions, _ seams: Seams
    ) {
        self.init(index: index, log: nil, sealed: sealed, directory: directory, options, seams)
    }

    private init(
        index: ExecutionIndex, log: SegmentedLog?, sealed: [SealedSegment], directory: String,
        _ options: RuntimeOptions, _ seams: Seams
    ) {
        self.index = index
        self.log = log
        sealedEnds = Dictionary(sealed.map { ($0.number, $0.end) }) { first, _ in first }
        frames = FrameStore(
            directory: directory, fileSystem: seams.fileSystem,
            cacheByteLimit: options.maintenance.frameCacheByteCount)
        delayMax = options.limits.delayMax
        payloadLengthInMemoryMax = options.payloadLengthInMemoryMax
    }

    /// - Returns: Nil: there is no execution of that number.
    func execution(_ number: ExecutionNumber) throws(RuntimeError) -> LoadedExecution? {
        try retrying(number) { entry throws(ReadError) in
            LoadedExecution(state: try state(of: number, entry), indexed: Indexed(entry))
        }
    }

    /// Reads by an entry of the index. A file may go between the look into the index and the look into the file; then the
    /// index knows better.
    func retrying<R>(
        _ number: ExecutionNumber, _ read: (IndexEntry) throws(ReadError) -> R
    ) throws(RuntimeError) -> R? {
        var missing: LogFileID?
        for _ in 0..<Self.attemptCount {
            let entry: IndexEntry?
            do throws(IndexError) { entry = try index.entry(number) } catch { throw .index(error) }
            guard let entry else { return nil }
            do throws(ReadError) {
                return try read(entry)
            } catch {
                guard case .gone(let file) = error else { throw error.cause }
                missing = file
            }
        }
        throw .unreadableExecution(number, missing: missing)
    }

    private static let attemptCount = 10

    enum ReadError: Error {
        case gone(LogFileID)
        case other(RuntimeError)

        init(_ error: FrameStoreError) {
            switch error {
            case .gone(let file): self = .gone(file)
            case .damaged(let damage): self = .other(.log(.damaged(damage)))
            case .newerVersion(let file):
                self = .other(
                    .log(.newerVersion(segment: file.number, version: nil, supported: FormatLimits.version)))
            case .storage(let error): self = .other(.log(.storage(error)))
            }
        }

        var cause: RuntimeError {
            switch self {
            case .gone(let file): .unreadableFile(file)
            case .other(let error): error
            }
        }
    }

    private func state(of number: ExecutionNumber, _ entry: IndexEntry) throws(ReadError) -> ExecutionState {
        var state: ExecutionState?
        if let snapshot = entry.snapshot {
            let records = try snapshotRecords(of: number, snapshot)
            do throws(SnapshotError) {
                state = try ExecutionState(snapshot: records, number: number, delayMax: delayMax)
            } catch {
                throw .other(.unreadableSnapshot(number, error))
            }
        }
        let locations = entry.tailIsLong ? try locations(of: number, entry) : entry.tail.locations
        for event in try events(of: number, in: locations, after: entry.snapshot?.sequence ?? 0, storesPayloads: true) {
            try fold(event, into: &state, number)
        }
        guard let state, state.sequence == entry.sequence else {
            throw .other(.unreadableExecution(number, missing: nil))
        }
        return state
    }

    private func fold(
        _ event: RecordedEvent, into state: inout ExecutionState?, _ number: ExecutionNumber
    ) throws(ReadError) {
        do throws(RecordError) {
            if state == nil {
                guard case .executionStarted(let start) = event.event else { throw .executionUnknown }
                guard event.execution.rawValue == event.lsn else { throw .numberMismatch(lsn: event.lsn) }
                state = ExecutionState(start: start, number: number, delayMax: delayMax, at: event.time)
            } else {
                try state?.recover(event)
            }
        } catch {
            throw .other(.impossibleRecord(lsn: event.lsn, error))
        }
    }

    /// The execution's events in these frames, in the order of its history, each once: compaction may have left two copies.
    func events(
        of number: ExecutionNumber, in locations: [FrameLocation], after sequence: UInt32, storesPayloads: Bool = false
    ) throws(ReadError) -> [RecordedEvent] {
        var records: [LogRecord] = []
        for location in locations {
            records += try frame(at: location).records(of: number) {
                $0.sequence > sequence && $0.kind < SnapshotRecord.kindMin
            }
        }
        if !Self.isInOrder(records) { records.sort { $0.sequence < $1.sequence } }
        var events: [RecordedEvent] = []
        events.reserveCapacity(records.count)
        var last = sequence
        for record in records where record.sequence != last {
            last = record.sequence
            do throws(RuntimeError) {
                var event = try RecordedEvent(decoding: record)
                if storesPayloads {
                    event.event = event.event.storingPayloads(over: payloadLengthInMemoryMax, lsn: event.lsn)
                }
                events.append(event)
            } catch {
                throw .other(error)
            }
        }
        return events
    }

    private static func isInOrder(_ records: [LogRecord]) -> Bool {
        zip(records, records.dropFirst()).allSatisfy { $0.sequence < $1.sequence }
    }

    /// The records of a snapshot, which may go on in the frames behind its first.
    private func snapshotRecords(
        of number: ExecutionNumber, _ snapshot: IndexEntry.Snapshot
    ) throws(ReadError) -> [SnapshotRecord] {
        var records: [SnapshotRecord] = []
        var location = snapshot.location
        while records.count < snapshot.recordCount {
            let frame = try frame(at: location)
            records += frame.records(of: number) { $0.kind >= SnapshotRecord.kindMin }.map {
                SnapshotRecord(kind: $0.kind, body: $0.body)
            }
            location.offset += frame.header.byteCount(at: location.offset)
        }
        return records
    }

    /// Every frame with events of the execution, in the files that the entry names.
    func locations(of number: ExecutionNumber, _ entry: IndexEntry) throws(ReadError) -> [FrameLocation] {
        var locations: [FrameLocation] = []
        // What the segment in hand has beyond it may not be durable.
        let position = index.position
        for share in entry.shares {
            let end = try end(of: share.file)
            do throws(FrameStoreError) {
                locations += try frames.locations(of: number.rawValue, in: share.file, end: end, below: position)
            } catch {
                throw ReadError(error)
            }
        }
        return locations
    }

    /// Where the frames of an append segment end; nil: the files say it.
    private func end(of file: LogFileID) throws(ReadError) -> Int? {
        guard file.sort == .append else { return nil }
        guard let log else { return sealedEnds[file.number] }
        // One that the log has forgotten was compacted meanwhile.
        guard let end = log.end(ofSegment: file.number) else { throw .gone(file) }
        return end
    }

    func frame(at location: FrameLocation) throws(ReadError) -> StoredFrame {
        do throws(FrameStoreError) {
            return try frames.frame(at: location)
        } catch {
            throw ReadError(error)
        }
    }
}

extension StoredFrame {
    /// The records of an execution for which `isMeant` holds.
    func records(of number: ExecutionNumber, where isMeant: (RecordBatch.Entry) -> Bool) -> [LogRecord] {
        entries.indices.filter { entries[$0].execution == number.rawValue && isMeant(entries[$0]) }
            .map { record(at: $0) }
    }
}

extension SnapshotRecord {
    /// The kinds from here on are those of snapshots: SPEC.md §3.2.
    static let kindMin: UInt8 = 0xC0
}
