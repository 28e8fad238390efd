import ExecutionModel

extension ExecutionState {
    /// The rows for an invocation's start, the execution's own first; what lies in a closed context that will not be
    /// replayed is left out. Everything is told by it: only what changes from here on is unseen.
    package mutating func deliverAll() -> [Operation] {
        clearChanges()
        var operations = [executionRow]
        operations.reserveCapacity(rows.count + 1)
        for row in rows where !row.isHidden { operations.append(row.operation) }
        return operations
    }

    /// The rows that changed since the handler was last told, for an invocation that goes on with the handler that was
    /// told the rest.
    package mutating func deliverNews() -> [Operation] {
        if changes.count > 1 { changes.sort() }
        var operations = isExecutionRowChanged ? [executionRow] : []
        for ordinal in changes { operations.append(rows[Int(ordinal.rawValue)].operation) }
        clearChanges()
        return operations
    }

    /// The rows that changed since the handler was last told, in the order of their first events. Counts the checkpoint
    /// that it answers: call it once for each one accepted, and read ``currentToken`` afterwards.
    package mutating func deliverChanges() -> [Operation] {
        checkpointCount += 1
        return deliverNews()
    }

    /// The operations that changed since the handler was last told, in the order of their first events. After a recovery,
    /// which has told nobody, those that the handler itself has changed are among them.
    package var unseenOperationIDs: [OperationID] {
        changes.sorted().map { rows[Int($0.rawValue)] }.filter { !$0.isHidden }.map(\.operation.identity.id)
    }

    /// The operation that stands for the execution itself.
    package var executionRow: Operation {
        let status: OperationStatus
        switch self.status {
        case .running, .pausing, .paused: status = .started
        case .succeeded: status = .succeeded
        case .failed: status = .failed
        case .timedOut: status = .timedOut
        case .stopped: status = .stopped
        }
        return Operation(
            identity: OperationIdentity(id: OperationID(id.description), type: .execution, name: start.name),
            status: status, startTime: startTime, endTime: endTime, result: result, error: error,
            details: .execution(input: start.input, cancelRequest: cancelRequest))
    }

    mutating func clearChanges() {
        for ordinal in changes { rows[Int(ordinal.rawValue)].isChanged = false }
        changes.removeAll(keepingCapacity: true)
        isExecutionRowChanged = false
    }
}

extension Operation {
    /// Whether a replay takes the operation's recorded outcome and never looks inside it.
    var isClosedForReplay: Bool {
        guard case .context(let replayChildren) = details else { return false }
        return status.isTerminal && !replayChildren
    }
}
