import ExecutionModel

extension ExecutionState {
    /// Whether the recorded part of the two is the same: all but what dies with the process.
    package func isRecordEqual(to other: ExecutionState) -> Bool {
        id == other.id && start == other.start && startTime == other.startTime && status == other.status
            && endTime == other.endTime && result == other.result && error == other.error
            && sequence == other.sequence && lastTime == other.lastTime && invocationCount == other.invocationCount
            && phase == other.phase && failedInvocationCount == other.failedInvocationCount
            && refusedInvocationCount == other.refusedInvocationCount && awaitedCount == other.awaitedCount
            && meteredOperationCount == other.meteredOperationCount && meteredByteCount == other.meteredByteCount
            && pause == other.pause && timeoutExtension == other.timeoutExtension
            && lastEventID == other.lastEventID && historyTrimTime == other.historyTrimTime
            && retentionHolds == other.retentionHolds && cancelRequest == other.cancelRequest
            && isTokenRevoked == other.isTokenRevoked
            && operationCount == other.operationCount && ordinals == other.ordinals && nextDue == other.nextDue
            && rows.elementsEqual(other.rows) { $0.isRecordEqual(to: $1) }
    }

    /// Traps when what the state keeps twice does not agree. Reads every row: for tests, after every event.
    package func checkInvariants() {
        precondition(lastTime >= startTime, "the last event is older than the first")
        precondition((endTime == nil) == !status.isTerminal, "an end time and a running execution")
        precondition(
            (pause != nil) == (status == .pausing || status == .paused) && (pause?.since != nil) == (status == .paused),
            "the status and the pause disagree")
        precondition((1...sequence).contains(lastEventID), "more events have an EventId than there are")
        precondition(
            Set(retentionHolds.map(\.name)).count == retentionHolds.count && (!start.isPlain || retentionHolds.isEmpty),
            "two holds of one name, or one on a plain function's call")
        precondition(!isHistoryTrimmed || status.isTerminal && !isInFlight, "a trimmed history goes on")
        if status.isTerminal {
            precondition(retentionHolds.isEmpty || nextDue == nil, "what is held is to be trimmed")
            precondition(rows.isEmpty && ordinals.isEmpty && !hasUnseenChanges, "an ended execution keeps its rows")
            precondition(nextDue == retentionDue && currentToken == nil, "an ended execution goes on")
            return
        }
        precondition(phase != .over, "the last invocation is over and the execution is not")
        precondition(rows.count == operationCount, "\(rows.count) rows of \(operationCount) operations")
        precondition(rows.count == ordinals.count, "\(rows.count) rows, \(ordinals.count) ids")
        for (index, row) in rows.enumerated() {
            precondition(ordinals[row.operation.identity.id]?.rawValue == UInt32(index), "an id finds another row")
            precondition(row.operation.status.isTerminal == (row.operation.endTime != nil), "a row's end time is wrong")
            guard let parent = row.parent else { continue }
            precondition(parent.rawValue < index, "a parent stands after its child")
            let context = rows[Int(parent.rawValue)]
            precondition(context.operation.identity.type == .context, "a parent that is no context")
            precondition(
                row.isHidden == (context.isHidden || context.operation.isClosedForReplay), "a row is hidden or not")
            precondition(
                !row.isHidden || !row.operation.status.isTerminal
                    || row.operation.result == nil && row.operation.error == nil, "a hidden row keeps its outcome")
        }
        precondition(awaitedCount == rows.count { $0.isAwaited }, "the count of awaited rows is wrong")
        let changed = rows.indices.filter { rows[$0].isChanged }
        precondition(changed == changes.map { Int($0.rawValue) }.sorted(), "the list of changed rows is wrong")
        let dues = rows.flatMap { row in Timer.Kind.allCases.compactMap { row.due($0) } }
        precondition(timers.nextDue == dues.min(), "the first timer is not the earliest")
    }
}
