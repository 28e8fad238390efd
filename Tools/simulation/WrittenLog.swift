import ExecutionModel
import LogStorage

/// The events that a disk holds, each as a hash, as an opening would find them: by the newest manifest, in append segments and
/// in rewrite segments.
///
/// Whatever a crash does, what is found after it is the beginning of what was written before it. Of an execution that is gone
/// nothing need be found, and of a trimmed history what outlives it.
struct WrittenLog {
    private struct Place: Hashable {
        var execution: UInt64
        var sequence: UInt32
    }

    private struct Event {
        var lsn: UInt64
        var hash: UInt64
        /// Whether it is still its execution's after the history was trimmed.
        var outlivesHistory: Bool
    }

    private var events: [Place: Event] = [:]
    private var gone: Set<UInt64> = []
    private var trimmed: Set<UInt64> = []
    /// The LSN after the last record of the append segments.
    private(set) var nextLSN = LSN.first
    /// Why they cannot all be read.
    private(set) var damage: String?

    var count: Int { events.count }

    /// Reads a disk as a process sees it that opens nothing, and changes nothing.
    init(_ disk: SimulatedDisk) {
        // A copy: its failures are not asked for, and nothing counts its calls.
        let disk = disk.afterProcessKill()
        do {
            let manifest = try ManifestStore(directory: Life.directory, fileSystem: disk).newest().manifest
            let inspector = try LogInspector(
                directory: Life.directory, fileSystem: disk, retained: manifest?.sealedSegments)
            let report = try inspector.forEachFrame { located in
                if let manifest, !manifest.lists(segment: located.segment) { return }
                located.frame.forEachRecord { take($0) }
            }
            nextLSN = report.nextLSN
            damage = report.problems.first { problem in
                guard let manifest else { return true }
                return problem.sort == .append
                    ? manifest.lists(segment: problem.segment) : manifest.lists(rewrite: problem.segment)
            }.map { "\($0)" }
            if damage == nil {
                do { try takeRewrites(disk, manifest) } catch { damage = "\(error)" }
            }
        } catch LogError.notALog, LogError.storage {
            // Nothing is there yet.
        } catch {
            damage = "\(error)"
        }
    }

    private mutating func takeRewrites(_ disk: SimulatedDisk, _ manifest: Manifest?) throws {
        let store = ManifestStore(directory: Life.directory, fileSystem: disk)
        let numbers = try manifest?.rewriteSegments.map(\.number) ?? store.rewriteSegments().map(\.0)
        let frames = FrameStore(directory: Life.directory, fileSystem: disk, cacheByteLimit: 0)
        for number in numbers {
            var locations: [FrameLocation] = []
            _ = try SegmentFooter.scan(.rewrite(number), directory: Life.directory, fileSystem: disk) {
                locations.append($0.location)
            }
            for location in locations {
                let frame = try frames.frame(at: location)
                for index in frame.entries.indices { take(frame.record(at: index)) }
            }
        }
    }

    private mutating func take(_ record: LogRecord) {
        // Snapshots say what events have said.
        guard let kind = EventKind(rawValue: record.kind) else { return }
        if kind == .executionDeleted || kind == .retentionTrimmed { gone.insert(record.execution) }
        if kind == .historyTrimmed { trimmed.insert(record.execution) }
        var digest = Digest()
        digest.mix(record.lsn.rawValue)
        digest.mix(UInt64(record.kind))
        digest.mix(UInt64(bitPattern: record.time))
        digest.mix(bytes: record.body)
        let place = Place(execution: record.execution, sequence: record.sequence)
        let event = Event(lsn: record.lsn.rawValue, hash: digest.value, outlivesHistory: kind.outlivesHistory)
        if let known = events.updateValue(event, forKey: place), known.hash != event.hash {
            damage = damage ?? "there are two records \(record.sequence) of execution \(record.execution)"
        }
    }

    /// Nil: `later` holds a beginning of these records and nothing else.
    ///
    /// - Parameter end: Everything below this LSN has to be there.
    func violation(of later: WrittenLog, through end: LSN) -> String? {
        if let damage = later.damage { return damage }
        if later.nextLSN < end { return "the log ends at LSN \(later.nextLSN), and reached \(end)" }
        for (place, event) in later.events.sorted(by: { $0.value.lsn < $1.value.lsn })
        // After a sync that lied even that something was dropped may be lost, and it be there again.
        where !mayLack(event, at: place) && !later.mayLack(event, at: place) && events[place]?.hash != event.hash {
            return "the record at LSN \(event.lsn), \(place.sequence) of execution \(place.execution), was not written"
        }
        for (place, event) in events.sorted(by: { $0.value.lsn < $1.value.lsn })
        where event.lsn < later.nextLSN.rawValue && later.events[place] == nil && !later.mayLack(event, at: place) {
            return "the record at LSN \(event.lsn), \(place.sequence) of execution \(place.execution), is lost"
        }
        return nil
    }

    /// Whether the event may have been dropped.
    private func mayLack(_ event: Event, at place: Place) -> Bool {
        gone.contains(place.execution) || trimmed.contains(place.execution) && !event.outlivesHistory
    }
}

extension Manifest {
    /// The append segments before that of the position.
    var sealedSegments: [SealedSegment] {
        appendSegments.filter { $0.number < positionSegment }.map { row in
            SealedSegment(
                number: row.number, firstLSN: row.firstLSN, nextLSN: row.nextLSN, end: row.endOffset,
                lastFrameCRC: row.lastFrameCRC)
        }
    }

    /// Whether an opening that starts from it reads the segment, or may.
    func lists(segment number: UInt64) -> Bool {
        number >= positionSegment || appendSegments.contains { $0.number == number }
    }

    func lists(rewrite number: UInt64) -> Bool { rewriteSegments.contains { $0.number == number } }
}
