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
    /// The executions that the victims have records of, and in which frames of which victims these are.
    private var rest: ArraySlice<(number: ExecutionNumber, parts: [Part])>
    private var moves: [ExecutionNumber: [MovedRecords]] = [:]
    private var copiedByteCount = 0

    private struct Part {
        var victim: LogFileID
        var offsets: [Int]
    }

    init(_ victims: [LogFileID], _ runtime: EngineRuntime) throws(RuntimeError) {
        self.victims = victims
        number = runtime.files.takeRewriteNumber()
        var parts: [UInt64: [Part]] = [:]
        for victim in victims {
            for execution in try runtime.executions(in: victim) {
                parts[execution.number, default: []].append(Part(victim: victim, offsets: execution.offsets))
            }
        }
        rest = parts.sorted { $0.key < $1.key }.map { (ExecutionNumber($0.key), $0.value) }[...]
    }

    /// Copies what is needed of some executions.
    ///
    /// - Parameter byteLimit: About how many bytes of records to copy.
    /// - Returns: Whether it is done.
    mutating func step(_ runtime: EngineRuntime, byteLimit: Int) throws(RuntimeError) -> Bool {
        let end = copiedByteCount + byteLimit
        while let (number, parts) = rest.popFirst() {
            try copy(number, parts, runtime)
            if copiedByteCount >= end { return rest.isEmpty }
        }
        return true
    }

    /// Copies what is needed of an execution from all victims at once, so that its events come in their order.
    private mutating func copy(
        _ id: ExecutionNumber, _ parts: [Part], _ runtime: EngineRuntime
    ) throws(RuntimeError) {
        var moved = parts.map { MovedRecords(source: $0.victim, target: .rewrite(number)) }
        let entry: IndexEntry?
        do throws(IndexError) { entry = try runtime.index.recorded(id) } catch { throw .index(error) }
        defer { moves[id] = moved }
        guard let entry else { return }
        let isGone = entry.standing == .dropped
        let tombstone = isGone && entry.tombstoneOutlives(victims) ? entry.sequence : nil
        guard !isGone || tombstone != nil else { return }
        typealias Found = (part: Int, entry: RecordBatch.Entry, lsn: LSN, body: ArraySlice<UInt8>)
        var events: [Found] = []
        var snapshot: [Found] = []
        for (part, (victim, offsets)) in parts.map({ ($0.victim, $0.offsets) }).enumerated() {
            for offset in offsets {
                let frame: StoredFrame
                do throws(FrameStoreError) {
                    frame = try runtime.reader.frames.frame(at: FrameLocation(file: victim, offset: offset))
                } catch {
                    throw StateReader.ReadError(error).cause
                }
                for place in frame.entries.indices where frame.entries[place].execution == id.rawValue {
                    let record = frame.entries[place]
                    let found: Found = (part, record, frame.lsn(at: place), frame.body(at: place))
                    if record.kind >= SnapshotRecord.kindMin {
                        guard entry.snapshot?.location.file == victim, entry.snapshot?.sequence == record.sequence
                        else { continue }
                        snapshot.append(found)
                    } else if tombstone == nil || tombstone == record.sequence {
                        events.append(found)
                    }
                }
            }
        }
        events.sort { $0.entry.sequence < $1.entry.sequence }
        do throws(FileSystemError) {
            if writer == nil, !(events.isEmpty && snapshot.isEmpty) { writer = try runtime.rewriteWriter(number) }
            for (part, record, lsn, body) in snapshot {
                let location = try writer?.append(record, lsn: lsn, body: body)
                moved[part].snapshot = moved[part].snapshot ?? location
                copiedByteCount += record.length
            }
            for (part, record, lsn, body) in events {
                guard let location = try writer?.append(record, lsn: lsn, body: body) else { continue }
                moved[part].events.append(MovedRecords.Event(sequence: record.sequence, location: location))
                moved[part].byteCount += IndexEntry.recordByteCount(of: record)
                // As what is needed of it counts, or a file of these alone would never be full of what is.
                copiedByteCount +=
                    isGone ? IndexEntry.tombstoneByteCount : IndexEntry.recordByteCount(of: record)
            }
        } catch {
            throw .log(.storage(error))
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
    /// Whether the record that the execution is gone is in one of the files, and other files have events of it.
    fileprivate func tombstoneOutlives(_ files: [LogFileID]) -> Bool {
        guard let place = tail.last, files.contains(place.file) else { return false }
        return shares.contains { !files.contains($0.file) }
    }
}
