import ExecutionModel

extension ExecutionState {
    /// Judges a checkpoint: all of its updates, or none. What is due by now is completed with it, so that the reply tells
    /// of it and the handler may go on without being invoked again.
    ///
    /// The order of the checks and their words are AWS's: SPEC.md, "Checkpoints".
    func decideCheckpoint(
        _ token: CheckpointToken, _ updates: [OperationUpdate], _ surroundings: ChainedInvoke.Surroundings,
        limits: Limits, at now: Timestamp
    ) throws(EngineError) -> Decision<Void> {
        guard let currentToken, token == currentToken else { throw .invalidCheckpointToken }
        // What a plain function does between its start and its end is its own affair.
        guard !start.isPlain else { throw .invalid("A plain function records no operations.") }
        var surroundings = surroundings
        var decision = Decision(reply: ())
        decision.events.reserveCapacity(updates.count)
        if !updates.isEmpty {
            try checkLength(of: updates, limits)
            let resolved = try resolve(updates)
            for (update, target) in zip(updates, resolved) {
                try decide(update, target, limits, &surroundings, into: &decision)
            }
            try checkMeters(decision.events, limits)
        }
        if updates.last?.identity.type == .execution {
            decision.effects = [.executionEnded]
            return decision
        }
        appendDue(to: &decision, at: now)
        if status == .pausing, decision.effects.isEmpty { decision.events.append(.executionPaused) }
        return decision
    }

    /// Completes what is due with a checkpoint.
    private func appendDue(to decision: inout Decision<Void>, at now: Timestamp) {
        guard let nextDue, nextDue <= now else { return }
        // The rest is as due at the next one: a checkpoint's append stays within what its caller can foresee.
        let due = dueEvents(at: now, except: decision.events, limit: Limits.dueEventsPerCheckpoint)
        decision.events += due.events
        decision.effects = due.effects
    }

    /// What an update is about: the row as it was before the batch, and how the update's event names the operation.
    private struct Target {
        var row: OperationOrdinal?
        var reference: OperationReference
        var ordinal: OperationOrdinal
    }

    /// The operations that a batch has begun so far.
    private struct BatchStarts {
        struct Entry {
            var id: OperationID
            /// The row before the batch.
            var row: OperationOrdinal?
            var ordinal: OperationOrdinal
            var type: OperationType
            /// The one update that may still follow a START of the same operation has not come yet.
            var mayFollow: Bool
        }

        var entries: [Entry] = []
        /// Kept once a batch is too long to be searched.
        var indices: [OperationID: Int] = [:]

        func index(of id: OperationID) -> Int? {
            entries.count <= 8 ? entries.lastIndex { $0.id == id } : indices[id]
        }

        mutating func append(_ entry: Entry) {
            entries.append(entry)
            if entries.count == 9 {
                for (index, entry) in entries.enumerated() { indices[entry.id] = index }
            } else if entries.count > 9 {
                indices[entry.id] = entries.count - 1
            }
        }
    }

    /// The checks that span the batch, before any update is judged by itself.
    private func resolve(_ updates: [OperationUpdate]) throws(EngineError) -> [Target] {
        for (index, update) in updates.enumerated() where update.identity.type == .execution {
            if updates[(index + 1)...].contains(where: { $0.identity.type == .execution }) {
                throw .invalid("Cannot checkpoint multiple EXECUTION updates.")
            }
            guard index == updates.count - 1 else { throw .invalid("EXECUTION checkpoint must be the last update.") }
        }
        var batch = BatchStarts()
        var targets: [Target] = []
        targets.reserveCapacity(updates.count)
        var nextOrdinal = UInt32(rows.count)
        for update in updates {
            try update.checkForm()
            let id = update.identity.id
            if let index = batch.index(of: id) {
                guard batch.entries[index].mayFollow, update.action != .start,
                    update.identity.type == batch.entries[index].type
                else { throw .invalid("Cannot checkpoint multiple operations with the same ID.") }
                batch.entries[index].mayFollow = false
                _ = try parent(of: update, batch)
                let entry = batch.entries[index]
                targets.append(
                    Target(row: entry.row, reference: .existing(entry.ordinal), ordinal: entry.ordinal))
                continue
            }
            let parent = try parent(of: update, batch)
            let row = ordinals[id]
            let ordinal = row ?? OperationOrdinal(nextOrdinal)
            let type = update.identity.type
            batch.append(
                BatchStarts.Entry(
                    id: id, row: row, ordinal: ordinal, type: type,
                    mayFollow: update.action == .start && (type == .step || type == .context)))
            if row != nil {
                targets.append(Target(row: row, reference: .existing(ordinal), ordinal: ordinal))
            } else {
                let start = OperationStart(
                    id: id, parent: parent, subType: update.identity.subType, name: update.identity.name)
                targets.append(Target(row: nil, reference: .first(start), ordinal: ordinal))
                if type != .execution { nextOrdinal += 1 }
            }
        }
        return targets
    }

    private func parent(
        of update: OperationUpdate, _ batch: BatchStarts
    ) throws(EngineError) -> OperationOrdinal? {
        guard let parentID = update.identity.parentID else { return nil }
        if let ordinal = ordinals[parentID], rows[Int(ordinal.rawValue)].operation.identity.type == .context {
            return ordinal
        }
        guard let index = batch.index(of: parentID), batch.entries[index].type == .context else {
            throw .invalid("Invalid parent operation id.")
        }
        return batch.entries[index].ordinal
    }

    /// Judges one update against the row as it was before the batch, and adds what it comes to.
    private func decide(
        _ update: OperationUpdate, _ target: Target, _ limits: Limits, _ surroundings: inout ChainedInvoke.Surroundings,
        into decision: inout Decision<Void>
    ) throws(EngineError) {
        var status: OperationStatus?
        if let row = target.row {
            let operation = rows[Int(row.rawValue)].operation
            try requireConsistent(update.identity, with: operation.identity)
            status = operation.status
        }
        try update.checkSizes(limits, outputLengthMax: outputLengthMax(limits))
        switch update.identity.type {
        case .execution: decision.events.append(try Execution.decide(update))
        case .context: decision.events.append(try Context.decide(update, status, target.reference))
        case .step: decision.events.append(try Step.decide(update, status, target.reference))
        case .wait: decision.events.append(try Wait.decide(update, status, target.reference))
        case .callback: decision.events.append(try Callback.decide(update, status, target.reference))
        case .chainedInvoke:
            let (events, child) = try ChainedInvoke.decide(
                update, status, target.reference, ordinal: target.ordinal, of: self, &surroundings, limits)
            decision.events += events
            if let child { decision.children.append(child) }
        }
        try update.checkDelays(limits)
    }

    private func requireConsistent(
        _ update: OperationIdentity, with row: OperationIdentity
    ) throws(EngineError) {
        guard update.type == row.type else { throw .invalid("Inconsistent operation type.") }
        guard update.subType == nil || update.subType == row.subType else {
            throw .invalid("Inconsistent operation subtype.")
        }
        guard update.name == nil || update.name == row.name else { throw .invalid("Inconsistent operation name.") }
        guard update.parentID == nil || update.parentID == row.parentID else {
            throw .invalid("Inconsistent parent operation id.")
        }
    }

    /// What one append may hold. An update alone has limits of its own, which are below this one.
    private func checkLength(of updates: [OperationUpdate], _ limits: Limits) throws(EngineError) {
        guard updates.count > 1 else { return }
        let byteCount = updates.reduce(0) {
            $0 + $1.recordedLength(inheriting: start.traceHeader) + Limits.updateOverhead
        }
        guard byteCount <= limits.checkpointLengthMax else {
            throw .invalid("Checkpoint size must be less than or equal to \(limits.checkpointLengthMax) bytes.")
        }
    }

    /// What the execution as a whole may record.
    private func checkMeters(_ events: [Event], _ limits: Limits) throws(EngineError) {
        guard limits.operationCountMax != nil || limits.recordedBytesMax != nil else { return }
        var operations = meteredOperationCount
        var bytes = meteredByteCount
        for event in events {
            let meter = event.meter
            operations += meter.operations
            bytes += meter.bytes
        }
        if let limit = limits.operationCountMax, operations > limit {
            throw .invalid("An execution may have at most \(limit) operations.")
        }
        if let limit = limits.recordedBytesMax, bytes > limit {
            throw .invalid("An execution may record at most \(limit) bytes.")
        }
    }
}

extension Event {
    /// What the event of an update adds to its execution's meters.
    var meter: (operations: Int, bytes: Int) {
        var operations = 0
        if case .first = operation { operations += 1 }
        switch self {
        case .stepSucceeded(_, let result, let delay):
            return (operations + (delay == nil ? 0 : 1), result?.length ?? 0)
        case .stepFailed(_, let error, let delay):
            return (operations + (delay == nil ? 0 : 1), error?.byteCount ?? 0)
        case .contextSucceeded(_, let result, _), .executionSucceeded(let result):
            return (operations, result?.length ?? 0)
        case .contextFailed(_, let error), .executionFailed(let error), .chainedInvokeFailed(_, let error):
            return (operations, error?.byteCount ?? 0)
        case .chainedInvokeStarted(_, let start):
            return (operations, start.input?.length ?? 0)
        default:
            return (operations, 0)
        }
    }
}
