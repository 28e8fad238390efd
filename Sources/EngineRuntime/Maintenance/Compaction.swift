import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization

/// Copies what is needed of some files into a rewrite segment, a piece at a time, and then drops them.
///
/// Until ``finish(_:)`` has made the manifest durable that lists the copy and not the originals, nothing has happened: what was
/// copied is a file that nobody lists. The originals are removed when no manifest that is kept lists them.
struct Compaction: ~Copyable {
    let victims: [LogFileID]
    private let number: UInt64
    private var writer: RewriteSegmentWriter?
    /// The executions that the victims have records of, and the frames with them, in the order of their start.
    private var rest: ArraySlice<(execution: UInt64, places: [FrameLocation])>
    private var moves: [MovedRecords] = []
    /// What of each victim was found to be needed so far.
    private var needed: [LogFileID: Int] = [:]
    private var copiedByteCount = 0

    init(_ victims: [LogFileID], _ runtime: EngineRuntime) throws(RuntimeError) {
        self.victims = victims
        number = runtime.files.takeRewriteNumber()
        var places: [UInt64: [FrameLocation]] = [:]
        for victim in victims.sorted() {
            for execution in try runtime.executions(in: victim) {
                places[execution.number, default: []] += execution.offsets.map {
                    FrameLocation(file: victim, offset: $0)
                }
            }
        }
        rest = places.map { (execution: $0.key, places: $0.value) }.sorted { $0.execution < $1.execution }[...]
    }

    /// Copies what is needed of some executions, each with all that the victims have of it.
    ///
    /// - Parameter byteLimit: About how many bytes of records to copy.
    /// - Returns: Whether it is done.
    /// - Throws: Whatever keeps a record that is needed from being copied. ``abandon()`` is all that is left then.
    mutating func step(_ runtime: EngineRuntime, byteLimit: Int) throws(RuntimeError) -> Bool {
        let end = copiedByteCount + byteLimit
        while let (execution, places) = rest.popFirst() {
            try copy(ExecutionNumber(execution), from: places, runtime)
            if copiedByteCount >= end { return rest.isEmpty }
        }
        return true
    }

    private mutating func copy(
        _ number: ExecutionNumber, from places: [FrameLocation], _ runtime: EngineRuntime
    ) throws(RuntimeError) {
        var moved = MovedRecords(of: number, from: victims, to: .rewrite(self.number))
        defer { moves.append(moved) }
        let entry: IndexEntry?
        do throws(IndexError) { entry = try runtime.index.recorded(number) } catch { throw .index(error) }
        guard let entry else { return }
        moved.isTombstone = entry.standing == .dropped
        if moved.isTombstone, !entry.needsTombstone(without: victims) {
            // Its file is as old as any other that is dropped now.
            if entry.needsTombstone, let place = entry.tail.last {
                needed[place.file, default: 0] += IndexEntry.tombstoneByteCount
            }
            return
        }
        var needs = EntryNeeds(entry)
        for place in places {
            let frame: StoredFrame
            do throws(FrameStoreError) {
                frame = try runtime.reader.frames.frame(at: place)
            } catch {
                throw StateReader.ReadError(error).cause
            }
            needs.take(frame, of: number)
        }
        let found = try needs.found(in: victims, of: number)
        needed.merge(found) { $0 + $1 }
        do throws(FileSystemError) { try write(needs, to: &moved, runtime) } catch { throw .log(.storage(error)) }
    }

    private mutating func write(
        _ needs: EntryNeeds, to moved: inout MovedRecords, _ runtime: EngineRuntime
    ) throws(FileSystemError) {
        guard !needs.isEmpty else { return }
        if writer == nil { writer = try runtime.rewriteWriter(number) }
        for record in needs.snapshot {
            let location = try writer?.append(record.entry, lsn: record.lsn, body: record.body)
            moved.snapshot = moved.snapshot ?? location
            copiedByteCount += record.entry.length
        }
        for record in needs.eventsInOrder {
            guard let location = try writer?.append(record.entry, lsn: record.lsn, body: record.body) else { continue }
            moved.events.append(MovedRecords.Event(sequence: record.entry.sequence, location: location))
            let byteCount = IndexEntry.recordByteCount(of: record.entry)
            copiedByteCount += byteCount
            if moved.isTombstone { continue }
            moved.share.byteCount += byteCount
            if record.entry.outlivesHistory { moved.share.keptByteCount += byteCount }
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
        let (moves, victims, needed) = (moves, victims, needed)
        try runtime.indexer.paused { () throws(RuntimeError) in
            do throws(IndexError) {
                try runtime.index.apply(moves, dropping: victims, needed: needed, target: target)
            } catch {
                throw .index(error)
            }
            runtime.log.forget(segments: Set(victims.filter { $0.sort == .append }.map(\.number)))
        }
        let givenBack = runtime.files.newest?.givenBackByteCount(victims, for: target?.byteCount ?? 0) ?? 0
        try runtime.writeEngineSnapshot()
        runtime.counts.withLock { counts in
            counts.compactedFileCount += victims.count
            counts.copiedByteCount += target?.copied ?? 0
            counts.givenBackByteCount += givenBack
        }
        for victim in victims { runtime.reader.frames.forget(victim) }
    }

    /// Gives it up: nothing has happened.
    consuming func abandon() {
        writer.take()?.abandon()
    }
}
