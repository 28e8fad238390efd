import EngineRuntime
import ExecutionEngine
import ExecutionModel
import Indelible
import IndelibleTesting

extension Promises {
    /// Compares what an engine shows with what was told before it was opened.
    ///
    /// - Parameter isOver: Whether everything must have come to an end.
    func check(_ engine: DurableEngine, against facts: Facts, _ program: Program, isOver: Bool) async throws {
        let runtime = engine.runtime
        // Not those that a retention may take at any time.
        let kept = Set(program.functions.filter(\.isKept).map(\.name))
        let list = try await runtime.list()
        let known = Set(list.map(\.id.description))
        for (name, start) in facts.started.sorted(by: { $0.key < $1.key })
        where kept.contains(start.function) {
            let found = try await runtime.summary(function: start.function, name: name)
            if found?.id.description != start.id, !mayBeGone(start.id, facts) {
                breaks("\(start.id) was started as \(name), which is \(found?.id.description ?? "nobody's") now")
            }
        }
        for id in facts.deleted.sorted() where known.contains(id) { breaks("\(id) was deleted, and is there") }
        for summary in list {
            if let wrong = try await violation(summary, runtime, facts, isOver: isOver) {
                breaks("\(summary.id) of \(summary.function): \(wrong)")
            }
        }
        for (id, function) in facts.ran.sorted(by: { $0.key < $1.key })
        where kept.contains(function) && !known.contains(id) && !mayBeGone(id, facts) {
            breaks("\(id) of \(function) was there, and is not there")
        }
    }

    /// Whether what is said to be live of each file is what a recount finds.
    func checkAccounting(of runtime: EngineRuntime) throws(RuntimeError) {
        if let wrong = try runtime.accountingViolation() { breaks(wrong) }
    }

    /// Whether anybody has asked for its deletion, before this opening or since.
    private func mayBeGone(_ id: String, _ facts: Facts) -> Bool {
        facts.deletionsAsked.contains(id) || self.facts.deletionsAsked.contains(id)
    }

    /// Nil: everything that is known of the execution is as it was told.
    private func violation(
        _ summary: ExecutionSummary, _ runtime: EngineRuntime, _ facts: Facts, isOver: Bool
    ) async throws -> String? {
        let id = summary.id.description
        let records: [RecordedEvent]
        do throws(RuntimeError) {
            records = try await runtime.history(summary.id.number)
        } catch {
            // Deleted meanwhile, by its retention or by somebody.
            if case .unknownExecution = error { return nil }
            throw error
        }
        if let wrong = violation(ofHistory: records, summary, facts, isOver: isOver) { return wrong }
        if facts.stopped.contains(id), !summary.status.isTerminal { return "it goes on, and was stopped" }
        if facts.cancelled.contains(id), summary.cancelRequest == nil, !summary.status.isTerminal {
            return "a request to end is lost"
        }
        if let end = facts.ends[id], end != End(summary) { return "it had ended as \(end), and now \(End(summary))" }
        if case .held(let report) = summary.standing { return "it is held: \(report)" }
        if isOver, !summary.status.isTerminal { return "it does not come to an end, and is \(summary.standing)" }
        return nil
    }

    private func violation(
        ofHistory records: [RecordedEvent], _ summary: ExecutionSummary, _ facts: Facts, isOver: Bool
    ) -> String? {
        let id = summary.id.description
        let trim = HistoryTrim(of: records)
        var history = trim.map { [Indelible.HistoryEvent($0)] } ?? []
        do throws(RecordError) {
            history += try HistoryProjection.history(of: records).compactMap { Indelible.HistoryEvent($0) }
        } catch {
            return "its history cannot be shown: \(error)"
        }
        if let wrong = HistoryRules.violation(in: history, isInFlight: !isOver) { return wrong }
        // Of what it had in between nobody is told any more.
        if trim != nil { return nil }
        if summary.historyTrimTime != nil { return "its history was trimmed, and is there" }
        if let wrong = Self.violation(ofRecords: records) { return wrong }
        let payloads = Set(history.compactMap(\.payload))
        for result in (facts.results[id] ?? []).sorted() where !payloads.contains(Self.json(result)) {
            return "a step's result is lost, '\(result.prefix(80))'"
        }
        for (callback, answer) in facts.answers where answer.execution == id {
            if !payloads.contains(Self.json(answer.value)) { return "the answer to callback \(callback) is lost" }
        }
        let pauses = records.count { if case .executionPauseRequested = $0.event { true } else { false } }
        if pauses < facts.pauseCounts[id] ?? 0 { return "a pause is lost" }
        let resumptions = records.count { record in
            switch record.event {
            case .executionPauseCancelled, .executionResumed: true
            default: false
            }
        }
        if resumptions < facts.resumptionCounts[id] ?? 0 { return "a resumption is lost" }
        return nil
    }

    /// What no projection shows: numbers without gaps, in the log's order.
    private static func violation(ofRecords records: [RecordedEvent]) -> String? {
        for (index, record) in records.enumerated() {
            if Int(record.sequence) != index + 1 { return "record \(index + 1) is numbered \(record.sequence)" }
            if index > 0, record.lsn <= records[index - 1].lsn { return "record \(index + 1) is out of order" }
            if index > 0, record.time < records[index - 1].time { return "record \(index + 1) is before its time" }
        }
        return nil
    }

    /// What a string of plain characters is recorded as.
    private static func json(_ text: String) -> [UInt8] { Array("\"\(text)\"".utf8) }
}

extension Promises.End {
    init(_ summary: ExecutionSummary) {
        self.init(status: summary.status, result: summary.result?.bytes, error: summary.error)
    }
}

extension Payload {
    fileprivate var bytes: [UInt8]? {
        guard case .inline(let bytes) = self else { return nil }
        return bytes
    }
}
