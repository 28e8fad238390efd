import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization

extension EngineRuntime {
    /// Writes an engine snapshot: the index's changes as a table, and a manifest that makes it the index. A recovery starts from
    /// the newest, and reads the log behind it.
    ///
    /// Whatever the state of the engine says here, an entry says no more than its events do: the engine may be ahead of the
    /// disk, and an execution that it has moved on may be found by the next recovery where the disk has left it.
    ///
    /// - Returns: False: not all that the index has is synced, so that it would be ahead of what a power cut leaves.
    @discardableResult
    func writeEngineSnapshot() throws(RuntimeError) -> Bool {
        try indexer.paused { () throws(RuntimeError) in
            let position = index.position
            guard position <= log.durableLSN else { return false }
            let numbers = index.content.withLock { $0.changes.changes.keys.sorted() }
            classify(numbers)
            try writeSnapshots(of: numbers)
            let (entries, old) = index.content.withLock { ($0.changes.tableEntries(), $0.runs) }
            let runs = entries.isEmpty ? old : old.adding(try files.writeTable(entries))
            try publish(runs)
            counts.withLock { $0.snapshotCount += 1 }
            let tabled = index.content.withLock { content in
                let tabled = content.changes.changes.compactMapValues { $0.entry.map { Indexed($0) } }
                content.changes = IndexChanges()
                content.byteCount = 0
                return tabled
            }
            noteIndexed(tabled)
            return true
        }
    }

    /// Makes these runs, which have everything that the index has, the index, durably.
    private func publish(_ runs: TableRuns) throws(RuntimeError) {
        let (position, bytes, rewrites) = index.content.withLock { ($0.position, $0.bytes, $0.rewrites) }
        let engineTime = core.withLock { $0.lastTime.millisecondsSinceEpoch }
        let segments = log.segments(through: position)
        try files.publish { number, next in
            Manifest(
                logID: log.logID, number: number, time: seams.clock.now().millisecondsSinceEpoch,
                engineTime: engineTime, position: position, positionSegment: segments[segments.count - 1].number,
                appendSegments: segments.map { segment in
                    Manifest.AppendSegment(segment, bytes[.append(segment.number)] ?? FileBytes())
                },
                rewriteSegments: rewrites.sorted { $0.key < $1.key }.map { number, byteCount in
                    Manifest.RewriteSegment(number, byteCount, bytes[.rewrite(number)] ?? FileBytes())
                }, tables: runs.tables, next: next)
        }
        index.content.withLock { $0.runs = runs }
    }

    /// Makes runs that hold the same as those there are the index, durably. What the index has learned since the newest
    /// manifest is in none of them.
    func replaceTables(by runs: TableRuns) throws(RuntimeError) {
        guard var manifest = files.newest else { preconditionFailure("tables that no manifest lists") }
        manifest.tables = runs.tables
        manifest.time = seams.clock.now().millisecondsSinceEpoch
        try files.publish { [manifest] number, next in
            var manifest = manifest
            (manifest.number, manifest.next) = (number, next)
            return manifest
        }
        index.content.withLock { $0.runs = runs }
    }

    /// Has the entries say what their executions need, from the states that have come exactly as far. An execution that has
    /// gone on meanwhile, or that has not been in memory since the log was opened, is to be looked at.
    private func classify(_ numbers: [ExecutionNumber]) {
        forEachFew(numbers) { some in
            let known = core.withLock { core in
                some.map { number in
                    core.engine.execution(number).map { state in
                        let (standing, due) = core.standing(of: state)
                        return (
                            sequence: state.sequence, standing: standing, due: due,
                            nameHash: NameHash.of(function: state.start.function, name: state.start.name)
                        )
                    }
                }
            }
            index.content.withLock { content in
                for (number, known) in zip(some, known) {
                    guard let known else { continue }
                    content.changes.name(number, known.nameHash)
                    content.changes.change(number) { entry in
                        let isCurrent = entry.sequence == known.sequence
                        entry.standing = isCurrent ? known.standing : .attention
                        entry.due = isCurrent ? known.due : nil
                    }
                }
            }
        }
    }

    /// Notes what the tables have of the executions in memory, so that those can leave.
    private func noteIndexed(_ tabled: [ExecutionNumber: Indexed]) {
        forEachFew(tabled.keys.sorted()) { some in
            core.withLock { core in
                for number in some where core.engine.isResident(number) { core.indexed[number] = tabled[number] }
            }
        }
    }

    /// A few at a time, so that nobody waits long for the engine's lock.
    func forEachFew<Element>(_ elements: [Element], _ body: (ArraySlice<Element>) -> Void) {
        var rest = elements[...]
        while !rest.isEmpty {
            body(rest.prefix(128))
            rest = rest.dropFirst(128)
        }
    }
}

extension SegmentedLog {
    /// The segments with the records below `position`, and at last the one that holds it, or is to hold it. Of that one only the
    /// number and the count of its bytes are for good.
    fileprivate func segments(through position: LSN) -> [SealedSegment] {
        var newest: (number: UInt64, firstLSN: LSN)
        var sealed: [SealedSegment]
        // The log may go on to its next segment in between.
        repeat {
            newest = (newestSegment, newestFirstLSN)
            sealed = sealedSegments
        } while newest.number != newestSegment
        var segments = sealed.filter { $0.nextLSN <= position }
        let current = sealed.first { $0.nextLSN > position }.map { ($0.number, $0.firstLSN) } ?? newest
        segments.append(
            SealedSegment(
                number: current.0, firstLSN: current.1, nextLSN: position, end: SegmentHeader.encodedByteCount,
                lastFrameCRC: 0))
        return segments
    }
}

extension Manifest.AppendSegment {
    init(_ segment: SealedSegment, _ bytes: FileBytes) {
        self.init(
            number: segment.number, firstLSN: segment.firstLSN, nextLSN: segment.nextLSN, endOffset: segment.end,
            lastFrameCRC: segment.lastFrameCRC, recordByteCount: UInt64(bytes.total), liveByteCount: UInt64(bytes.live))
    }
}

extension Manifest.RewriteSegment {
    init(_ number: UInt64, _ byteCount: Int, _ bytes: FileBytes) {
        self.init(
            number: number, byteCount: byteCount, recordByteCount: UInt64(bytes.total),
            liveByteCount: UInt64(bytes.live))
    }
}
