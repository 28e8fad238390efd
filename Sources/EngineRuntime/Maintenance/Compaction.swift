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
    /// The executions that the victims have records of.
    private var rest: ArraySlice<Source>
    private var moves: [ExecutionNumber: [MovedRecords]] = [:]
    private var copiedByteCount = 0

    /// Where an execution's records are, in all of the victims: they are copied together, in the order of their LSNs, which the
    /// order of the victims is not.
    private struct Source {
        var execution: UInt64
        var places: [(victim: LogFileID, offsets: [Int])]
    }

    init(_ victims: [LogFileID], _ runtime: EngineRuntime) throws(RuntimeError) {
        self.victims = victims
        number = runtime.files.takeRewriteNumber()
        var sources: [Source] = []
        var indices: [UInt64: Int] = [:]
        for victim in victims {
            for execution in try runtime.executions(in: victim) {
                let index = indices[execution.number] ?? sources.count
                if index == sources.count {
                    indices[execution.number] = index
                    sources.append(Source(execution: execution.number, places: []))
                }
                sources[index].places.append((victim, execution.offsets))
            }
        }
        rest = sources[...]
    }

    /// Copies what is needed of some executions.
    ///
    /// - Parameter byteLimit: About how many bytes of records to copy.
    /// - Returns: Whether it is done.
    mutating func step(_ runtime: EngineRuntime, byteLimit: Int) throws(RuntimeError) -> Bool {
        let end = copiedByteCount + byteLimit
        while let source = rest.popFirst() {
            try copy(source, runtime)
            if copiedByteCount >= end { return rest.isEmpty }
        }
        return true
    }

    /// A record to be copied, and which of the execution's places it is from.
    private struct Found {
        var place: Int
        var entry: RecordBatch.Entry
        var lsn: LSN
        var body: ArraySlice<UInt8>
    }

    private mutating func copy(_ source: Source, _ runtime: EngineRuntime) throws(RuntimeError) {
        let id = ExecutionNumber(source.execution)
        var moved = source.places.map { MovedRecords(source: $0.victim, target: .rewrite(number)) }
        let entry: IndexEntry?
        do throws(IndexError) { entry = try runtime.index.recorded(id) } catch { throw .index(error) }
        defer { moves[id] = moved }
        guard let entry else { return }
        var (snapshot, events): ([Found], [Found]) = ([], [])
        for place in source.places.indices {
            try find(place, of: source, entry, runtime, &snapshot, &events)
        }
        events.sort { $0.entry.sequence < $1.entry.sequence }
        do throws(FileSystemError) {
            if writer == nil, !(events.isEmpty && snapshot.isEmpty) { writer = try runtime.rewriteWriter(number) }
            for record in snapshot {
                let location = try writer?.append(record.entry, lsn: record.lsn, body: record.body)
                moved[record.place].snapshot = moved[record.place].snapshot ?? location
                copiedByteCount += record.entry.length
            }
            for record in events {
                guard let location = try writer?.append(record.entry, lsn: record.lsn, body: record.body) else {
                    continue
                }
                moved[record.place].events.append(
                    MovedRecords.Event(sequence: record.entry.sequence, location: location))
                moved[record.place].byteCount += IndexEntry.recordByteCount(of: record.entry)
            }
        } catch {
            throw .log(.storage(error))
        }
        copiedByteCount += moved.reduce(0) { $0 + $1.byteCount }
    }

    /// Adds what is needed of an execution's records in one of the victims.
    private func find(
        _ place: Int, of source: Source, _ entry: IndexEntry, _ runtime: EngineRuntime, _ snapshot: inout [Found],
        _ events: inout [Found]
    ) throws(RuntimeError) {
        let (victim, offsets) = source.places[place]
        let isGone = entry.standing == .dropped
        let tombstone = isGone && entry.tombstoneOutlives(victim) ? entry.sequence : nil
        guard !isGone || tombstone != nil else { return }
        for offset in offsets {
            let frame: StoredFrame
            do throws(FrameStoreError) {
                frame = try runtime.reader.frames.frame(at: FrameLocation(file: victim, offset: offset))
            } catch {
                throw StateReader.ReadError(error).cause
            }
            for index in frame.entries.indices where frame.entries[index].execution == source.execution {
                let record = frame.entries[index]
                let found = Found(place: place, entry: record, lsn: frame.lsn(at: index), body: frame.body(at: index))
                if record.kind >= SnapshotRecord.kindMin {
                    guard entry.snapshot?.location.file == victim, entry.snapshot?.sequence == record.sequence else {
                        continue
                    }
                    snapshot.append(found)
                } else if tombstone == nil || tombstone == record.sequence {
                    events.append(found)
                }
            }
        }
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
