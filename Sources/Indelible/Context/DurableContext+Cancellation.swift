import ExecutionEngine
import ExecutionModel

/// How a handler learns that somebody wants its execution to end.
///
/// Once in each context that goes on: the durable call that comes next, or the one that waits, throws. Where it did is
/// recorded, as a step of its own under the context's next id, so that every replay is told at the same place.
extension DurableContext {
    static let cancellationSubType = "Cancellation"

    /// Throws ``ExecutionCancelledError`` where the history says so, or where it has not been thrown in this context yet and
    /// nothing is recorded.
    @inline(never)
    nonisolated(nonsending) func tellOfCancel() async throws {
        if let row = run.row(path.next), row.identity.subType == Self.cancellationSubType {
            try await replayCancel(row)
        }
        guard !isToldOfCancel, !hasHistoryAhead else { return }
        try await recordCancel(interrupting: nil)
    }

    /// As ``tellOfCancel()``, for an operation that waits.
    @inline(never)
    nonisolated(nonsending) func tellOfCancel(interrupting identity: OperationIdentity) async throws {
        try await rethrowCancel(of: identity)
        guard !isToldOfCancel, !hasHistoryAhead else { return }
        try await recordCancel(interrupting: identity)
    }

    /// Throws when the history says that this operation was interrupted, whatever became of it since.
    @inline(never)
    nonisolated(nonsending) func rethrowCancel(of identity: OperationIdentity) async throws {
        guard let row = run.row(path.next), row.identity.subType == Self.cancellationSubType else { return }
        let record = CancellationRecord(try await run.bytes(of: row.result, on: strand))
        guard record.interrupted == identity.id.rawValue else { return }
        _ = try run.replay(identity)
        throw replayed(record, row)
    }

    private nonisolated(nonsending) func replayCancel(_ row: Operation) async throws -> Never {
        throw replayed(CancellationRecord(try await run.bytes(of: row.result, on: strand)), row)
    }

    private func replayed(_ record: CancellationRecord, _ row: Operation) -> ExecutionCancelledError {
        _ = path.take()
        isToldOfCancel = true
        note(row)
        return ExecutionCancelledError(reason: record.reason)
    }

    private nonisolated(nonsending) func recordCancel(interrupting interrupted: OperationIdentity?) async throws
        -> Never
    {
        endReplay()
        let record = CancellationRecord(
            interrupted: interrupted?.id.rawValue, reason: run.cancelRequest?.reason)
        let identity = OperationIdentity(
            id: path.take(), parentID: parentID, type: .step, subType: Self.cancellationSubType)
        isToldOfCancel = true
        let start = OperationUpdate(identity, .start)
        let end = OperationUpdate(identity, .succeed, payload: record.bytes)
        var rows: [Operation]?
        if let interrupted, interrupted.type == .wait {
            // Nobody waits for it any more: it is taken back, and its timer with it. It may have ended meanwhile.
            do {
                rows = try await run.checkpoint(
                    [start, end, OperationUpdate(interrupted, .cancel)], forced: true, on: strand)
            } catch is RefusedUpdate {}
        }
        if rows == nil { rows = try await run.require(start, end, forced: true, on: strand) }
        note(rows?.lastTime(of: identity.id))
        throw ExecutionCancelledError(reason: record.reason)
    }
}

/// What is recorded where a handler was told.
struct CancellationRecord: Codable {
    /// The operation that waited.
    var interrupted: String?
    var reason: String?

    init(interrupted: String?, reason: String?) {
        self.interrupted = interrupted
        self.reason = reason
    }

    init(_ bytes: [UInt8]?) {
        self.init(interrupted: nil, reason: nil)
        // Recorded by `bytes` alone; anything else interrupts nothing, and its cause is the request's.
        guard let bytes, let record = try? JSONSerdes.decode(CancellationRecord.self, from: bytes)
        else { return }
        self = record
    }

    var bytes: [UInt8] {
        do {
            return try JSONSerdes.encode(self)
        } catch {
            preconditionFailure("two optional strings are JSON: \(error)")
        }
    }
}
