import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization

extension EngineRuntime {
    /// Writes snapshots of the executions among these that want one, into one rewrite segment.
    ///
    /// A snapshot saves reading. Only that of a trimmed history licenses something to be dropped: the events that it covers
    /// and that the trim has ended.
    func writeSnapshots(of numbers: [ExecutionNumber]) throws(RuntimeError) {
        let wanting = index.content.withLock { content in
            numbers.filter { number in
                content.changes[number]?.entry.map { self.wantsSnapshot($0) } ?? false
            }
        }
        guard !wanting.isEmpty else { return }
        do throws(FileSystemError) {
            let number = files.takeRewriteNumber()
            var writer = try RewriteSegmentWriter(
                number: number, logID: log.logID, salt: core.withLock { $0.random.next() },
                directory: files.directory, fileSystem: files.fileSystem,
                time: seams.clock.now().millisecondsSinceEpoch)
            var written: [(ExecutionNumber, IndexEntry.Snapshot)] = []
            for number in wanting.sorted() {
                guard let entry = index.content.withLock({ $0.changes[number]?.entry }),
                    let state = core.withLock({ $0.engine.execution(number) }), state.sequence == entry.sequence
                else { continue }
                written.append((number, try write(state, to: &writer)))
            }
            guard !written.isEmpty else { return writer.abandon() }
            let segment = try writer.finish()
            index.content.withLock { $0.rewrites[number] = segment.byteCount }
            for (execution, snapshot) in written { index.note(snapshot, of: execution) }
        } catch {
            throw .log(.storage(error))
        }
    }

    private func wantsSnapshot(_ entry: IndexEntry) -> Bool {
        if entry.awaitsTrim { return true }
        if entry.standing == .closed { return false }
        if entry.wantsSnapshot { return true }
        guard entry.standing == .waiting, entry.tailEventCount > 0 else { return false }
        guard let due = entry.due else { return true }
        return due.since(seams.clock.now()) >= options.maintenance.longSuspension
    }

    private func write(
        _ state: ExecutionState, to writer: inout RewriteSegmentWriter
    ) throws(FileSystemError) -> IndexEntry.Snapshot {
        var first: FrameLocation?
        var byteCount = 0
        let records = state.snapshotRecords()
        for record in records {
            let location = try writer.append(
                RewriteRecord(
                    lsn: LSN(state.number.rawValue), execution: state.number.rawValue, sequence: state.sequence,
                    kind: record.kind, time: state.lastTime.millisecondsSinceEpoch, body: record.body))
            first = first ?? location
            byteCount += record.body.count
        }
        guard let first else { preconditionFailure("a snapshot without a record") }
        return IndexEntry.Snapshot(
            location: first, sequence: state.sequence, recordCount: records.count, byteCount: byteCount)
    }
}
