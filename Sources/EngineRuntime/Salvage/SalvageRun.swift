import ExecutionEngine
import ExecutionModel
import LogStorage

/// The second reading of a damaged log: writes the new one.
struct SalvageRun {
    private let survey: SalvageSurvey
    private let end: SalvageSource.End
    private let writer: SalvageWriter
    private let copies: SalvageCopies
    private let runsDoubtful: Bool
    private let sideFile: SalvageSideFile
    private var report: SalvageReport
    /// The executions that must not run on, as far as the new log has them.
    private var engine = EngineState(limits: .embedded)
    private var executions: [UInt64: SalvagedExecution] = [:]
    /// Events of such that come before others that are to be read yet.
    private var early: [UInt64: [RecordedEvent]] = [:]
    private var ends: [UInt64: LogRecord] = [:]
    private var lastTime: Int64 = 0

    init(
        _ survey: SalvageSurvey, end: SalvageSource.End, writer: SalvageWriter, copies: SalvageCopies,
        runsDoubtful: Bool, directory: String, _ fileSystem: any LogFileSystem
    ) throws(FileSystemError) {
        self.survey = survey
        self.end = end
        self.writer = writer
        self.copies = copies
        self.runsDoubtful = runsDoubtful
        sideFile = try SalvageSideFile(in: directory, fileSystem)
        report = SalvageReport(newLogID: writer.id, problems: [])
        for (number, track) in survey.tracks where !track.isGone && !track.isEmpty {
            if track.isCut {
                let standing: SalvagedExecution.Standing =
                    track.next == 1 ? .leftOut : track.hasEnded || track.end != nil ? .ended : .heldCut
                executions[number] = SalvagedExecution(number: number, standing: standing)
            } else if survey.isDoubtful(track, end) {
                executions[number] = SalvagedExecution(
                    number: number, standing: runsDoubtful ? .runningDoubtful : .heldDoubtful)
            } else {
                report.wholeCount += 1
            }
        }
    }

    mutating func take(_ piece: SalvagedPiece) throws {
        switch piece {
        case .unknown(let lsns):
            try writer.appendLost(until: lsns.upperBound, time: lastTime)
        case .dropped(let lsns):
            try writer.appendLost(until: lsns.upperBound, time: lastTime)
        case .directory(let header, let entries):
            note(lost: entries)
            try writer.appendLost(until: header.endLSN, time: lastTime)
        case .frame(let frame):
            try take(frame)
        }
    }

    private mutating func take(_ frame: Frame) throws {
        var batch = RecordBatch()
        var lsn = frame.header.firstLSN
        var start = 0
        for entry in frame.entries {
            let body = Array(frame.bodies[start..<start + entry.length])
            lastTime = max(lastTime, entry.time)
            if !entry.isLost, try keeps(LogRecord(entry, lsn: lsn, body: body)) {
                batch.append(
                    execution: entry.execution, sequence: entry.sequence, kind: entry.kind, time: entry.time,
                    body: body)
                report.keptCount += 1
            } else {
                batch.appendLost(time: entry.time)
            }
            start += entry.length
            lsn = lsn.advanced(by: 1)
        }
        try writer.append(batch)
    }

    private mutating func note(lost entries: [RecordBatch.Entry]) {
        for entry in entries where !entry.isLost && entry.kind < SnapshotRecord.kindMin {
            lastTime = max(lastTime, entry.time)
            executions[entry.execution]?.missing.add(entry.sequence)
        }
    }

    /// A frame of a rewrite segment.
    mutating func takeCopy(_ piece: SalvagedPiece, of number: UInt64) throws {
        guard case .frame(let frame) = piece else {
            if case .directory(_, let entries) = piece { note(lost: entries) }
            return
        }
        var start = 0
        for (index, entry) in frame.entries.enumerated() {
            let body = frame.bodies[start..<start + entry.length]
            start += entry.length
            let lsn = frame.lsn(at: index)
            if entry.isLost { continue }
            if entry.kind >= SnapshotRecord.kindMin {
                // Others save reading alone.
                guard let track = survey.tracks[entry.execution], track.snapshot == entry.sequence, !track.isCut,
                    !track.isGone
                else { continue }
            } else {
                lastTime = max(lastTime, entry.time)
                guard try keeps(LogRecord(entry, lsn: lsn, body: Array(body))) else { continue }
                report.keptCount += 1
            }
            try copies.append(entry, lsn: lsn, body: body, from: number)
        }
    }

    /// Whether the new log has the record; notes what matters of it otherwise.
    private mutating func keeps(_ record: LogRecord) throws -> Bool {
        guard let track = survey.tracks[record.execution] else { throw SalvageError.changed("the log") }
        let isWhole = track.keeps(record.sequence)
        // One that was deleted takes no room any more, if its history is not whole.
        guard executions[record.execution] != nil else { return isWhole }
        executions[record.execution]!.found.add(record.sequence)
        if track.isCut {
            try sideFile.append(record)
            if record.lsn == track.end { ends[record.execution] = record }
        }
        guard isWhole else {
            report.leftOutCount += 1
            return false
        }
        try follow(record)
        return true
    }

    /// Follows an execution that is to be held, for what it takes to hold it.
    private mutating func follow(_ record: LogRecord) throws {
        do throws(RuntimeError) {
            let event = try RecordedEvent(decoding: record)
            let known = engine.execution(event.execution)?.sequence ?? 0
            if event.sequence == known + 1 {
                try recover(event)
            } else if event.sequence > known {
                early[record.execution, default: []].append(event)
            }
            guard case .executionStarted(let start) = event.event else { return }
            executions[record.execution]!.function = start.function
            executions[record.execution]!.name = start.name
            executions[record.execution]!.id = ExecutionID(number: event.execution, secret: start.secret)
        } catch {
            throw SalvageError.record(error)
        }
    }

    private mutating func recover(_ event: RecordedEvent) throws(RuntimeError) {
        do throws(RecordError) { try engine.recover(event) } catch {
            throw .impossibleRecord(lsn: event.lsn, error)
        }
    }

    /// Follows what came in another order than it was recorded in.
    private mutating func followEarly() throws {
        do throws(RuntimeError) {
            for number in early.keys.sorted() {
                for event in (early[number] ?? []).sorted(by: { $0.sequence < $1.sequence }) {
                    let known = engine.execution(event.execution)?.sequence ?? 0
                    if event.sequence > known { try recover(event) }
                }
            }
            early.removeAll()
        } catch {
            throw SalvageError.record(error)
        }
    }

    // MARK: - The end

    mutating func finish(problems: [LogDamage], at now: Timestamp) throws -> SalvageReport {
        let time = max(now.millisecondsSinceEpoch, lastTime)
        report.problems = problems
        report.oldLogID = end.logID
        report.oldNextLSN = end.nextLSN
        report.unknown = survey.unknown
        report.lostBodyCount = survey.lostBodyCount
        report.unreadableSegments = end.unreadable
        report.isOpenEnded = end.isOpenEnded
        report.unreadableRewriteSegments = end.unreadableRewrites
        report.lostCopiesEnd = end.lostCopiesEnd
        try followEarly()
        try copies.finish()
        for number in executions.keys.sorted() { try settle(number, at: time) }
        report.damaged = executions.keys.sorted().map { executions[$0]!.settled }
        report.nextLSN = writer.nextLSN
        try sideFile.finish()
        try writer.finish(time: time)
        return report
    }

    /// Adds what keeps the execution from running on.
    private mutating func settle(_ number: UInt64, at time: Int64) throws {
        let execution = executions[number]!
        var batch = RecordBatch()
        switch execution.standing {
        case .leftOut, .runningDoubtful: return
        case .ended:
            guard let record = ends[number] else { return }
            let sequence = survey.tracks[number]!.next
            batch.append(execution: number, sequence: sequence, kind: record.kind, time: time, body: record.body)
        case .heldCut:
            hold(number, "salvaged: events after #\(survey.tracks[number]!.next - 1) are lost", at: time, &batch)
        case .heldDoubtful:
            hold(number, "salvaged: events after #\(survey.tracks[number]!.next - 1) may be lost", at: time, &batch)
        }
        report.addedCount += batch.entries.count
        try writer.append(batch)
    }

    private mutating func hold(_ number: UInt64, _ reason: String, at time: Int64, _ batch: inout RecordBatch) {
        let number = ExecutionNumber(number)
        let now = Timestamp(millisecondsSinceEpoch: time)
        func add(_ events: [Event], _ engine: inout EngineState) {
            for event in events {
                let sequence = engine.apply(event, to: number, at: now)
                batch.append(execution: number.rawValue, sequence: sequence, kind: event.kind, time: time) {
                    event.encodeBody(into: &$0)
                }
            }
        }
        guard let state = engine.execution(number), !state.status.isTerminal else { return }
        // The process that ran its invocation is gone, as after any crash.
        let ended = state.decideInvocationEnd(
            invocation: state.invocationCount, .interrupted, limits: engine.limits, at: now)
        add(ended.events, &engine)
        guard let state = engine.execution(number), state.status == .running else { return }
        // A pause that was on or asked for stays: it takes somebody to end it all the same.
        let request = PauseRequest(reason: reason, pausesTimeout: true)
        do throws(EngineError) { add(try state.decidePause(request).events, &engine) } catch {
            preconditionFailure("an execution that runs cannot be paused: \(error)")
        }
    }
}

extension LogRecord {
    fileprivate init(_ entry: RecordBatch.Entry, lsn: LSN, body: [UInt8]) {
        self.init(
            lsn: lsn, execution: entry.execution, sequence: entry.sequence, kind: entry.kind, time: entry.time,
            body: body)
    }
}

extension SalvagedExecution {
    /// With the gaps between what was found counted as missing.
    fileprivate var settled: SalvagedExecution {
        var settled = self
        let greatest = max(found.last?.upperBound ?? 0, missing.last?.upperBound ?? 0)
        settled.missing = found.complement(through: greatest)
        return settled
    }
}
