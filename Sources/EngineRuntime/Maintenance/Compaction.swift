import ExecutionEngine
import ExecutionModel
import LogStorage

/// Copies what is needed of some files into a rewrite segment, a piece at a time, and then drops them.
///
/// Until ``finish(_:)`` has made the manifest durable that lists the copy and not the originals, nothing has happened: what was
/// copied is a file that nobody lists. The originals are removed when no manifest that is kept lists them.
struct Compaction: ~Copyable {
    let victims: [LogFileID]
    private let number: UInt64
    private var writer: RewriteSegmentWriter?
    /// The executions that the victims have records of: those of the first victim, then those of the next.
    private var rest: ArraySlice<(victim: LogFileID, execution: SegmentPostings.Execution)>
    private var moves: [ExecutionNumber: [MovedRecords]] = [:]
    private var copiedByteCount = 0

    init(_ victims: [LogFileID], _ runtime: EngineRuntime) throws(RuntimeError) {
        self.victims = victims
        number = runtime.files.takeRewriteNumber()
        var executions: [(victim: LogFileID, execution: SegmentPostings.Execution)] = []
        for victim in victims {
            executions += try runtime.executions(in: victim).map { (victim, $0) }
        }
        rest = executions[...]
    }

    /// Copies what is needed of some executions.
    ///
    /// - Parameter byteLimit: About how many bytes of records to copy.
    /// - Returns: Whether it is done.
    mutating func step(_ runtime: EngineRuntime, byteLimit: Int) throws(RuntimeError) -> Bool {
        let end = copiedByteCount + byteLimit
        while let (victim, execution) = rest.popFirst() {
            try copy(execution, from: victim, runtime)
            if copiedByteCount >= end { return rest.isEmpty }
        }
        return true
    }

    private mutating func copy(
        _ execution: SegmentPostings.Execution, from victim: LogFileID, _ runtime: EngineRuntime
    ) throws(RuntimeError) {
        let id = ExecutionNumber(execution.number)
        var moved = MovedRecords(source: victim, target: .rewrite(number))
        let entry: IndexEntry?
        do throws(IndexError) { entry = try runtime.index.recorded(id) } catch { throw .index(error) }
        defer { moves[id, default: []].append(moved) }
        guard let entry else { return }
        let isGone = entry.standing == .dropped
        let tombstone = isGone && entry.tombstoneOutlives(victim) ? entry.sequence : nil
        guard !isGone || tombstone != nil else { return }
        var events: [(entry: RecordBatch.Entry, lsn: LSN, body: ArraySlice<UInt8>)] = []
        var snapshot: [(entry: RecordBatch.Entry, lsn: LSN, body: ArraySlice<UInt8>)] = []
        for offset in execution.offsets {
            let location = FrameLocation(file: victim, offset: offset)
            let frame: StoredFrame
            do throws(FrameStoreError) {
                frame = try runtime.reader.frames.frame(at: location)
            } catch {
                throw StateReader.ReadError(error).cause
            }
            for place in frame.entries.indices where frame.entries[place].execution == execution.number {
                let record = frame.entries[place]
                if record.kind >= SnapshotRecord.kindMin {
                    guard entry.snapshot?.location.file == victim, entry.snapshot?.sequence == record.sequence else {
                        continue
                    }
                    snapshot.append((record, frame.lsn(at: place), frame.body(at: place)))
                } else if tombstone == nil || tombstone == record.sequence {
                    events.append((record, frame.lsn(at: place), frame.body(at: place)))
                }
            }
        }
        events.sort { $0.entry.sequence < $1.entry.sequence }
        do throws(FileSystemError) {
            if writer == nil, !(events.isEmpty && snapshot.isEmpty) { writer = try runtime.rewriteWriter(number) }
            for (record, lsn, body) in snapshot {
                let location = try writer?.append(record, lsn: lsn, body: body)
                moved.snapshot = moved.snapshot ?? location
                copiedByteCount += record.length
            }
            for (record, lsn, body) in events {
                guard let location = try writer?.append(record, lsn: lsn, body: body) else { continue }
                moved.events.append(MovedRecords.Event(sequence: record.sequence, location: location))
                moved.byteCount += IndexEntry.recordByteCount(of: record)
            }
        } catch {
            throw .log(.storage(error))
        }
        copiedByteCount += moved.byteCount
    }

    /// Makes the copy the place of what it holds, durably, and drops the victims.
    consuming func finish(_ runtime: EngineRuntime) throws(RuntimeError) {
        var target: (number: UInt64, byteCount: Int, copied: Int)?
        do throws(FileSystemError) {
            if let info = try writer.take()?.finish() { target = (number, info.byteCount, copiedByteCount) }
        } catch {
            throw .log(.storage(error))
        }
        let (moves, victims) = (moves, victims)
        try runtime.indexer.paused { () throws(RuntimeError) in
            do throws(IndexError) {
                try runtime.index.apply(moves, dropping: victims, target: target)
            } catch {
                throw .index(error)
            }
            runtime.log.forget(segments: Set(victims.filter { $0.sort == .append }.map(\.number)))
        }
        try runtime.writeEngineSnapshot()
        for victim in victims { runtime.reader.frames.forget(victim) }
    }

    /// Gives it up: nothing has happened.
    consuming func abandon() {
        writer.take()?.abandon()
    }
}

extension IndexEntry {
    /// Whether the record that the execution is gone is in the file, and other files have events of it.
    fileprivate func tombstoneOutlives(_ file: LogFileID) -> Bool {
        tail.last?.file == file && shares.contains { $0.file != file }
    }
}
