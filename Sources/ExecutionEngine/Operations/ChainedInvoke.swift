import ExecutionModel

/// A call of another function, which runs as an execution of its own. STARTED → SUCCEEDED, FAILED, TIMED_OUT or STOPPED, as
/// that execution ends. SPEC.md, "Chained invoke", has the state table.
enum ChainedInvoke {
    /// What the decision about a checkpoint knows beside the state of its execution.
    struct Surroundings {
        var owner: ExecutionARN.Owner
        var functions: FunctionDirectory
        var unknownTargets: UnknownTargetPolicy
        /// The numbers that the executions get which the checkpoint starts: their start events are recorded first.
        var nextNumber: UInt64
        /// One for each of them.
        var secrets: ArraySlice<RandomBits>
    }

    /// The events that an update comes to, and the execution that it starts.
    static func decide(
        _ update: OperationUpdate, _ status: OperationStatus?, _ operation: OperationReference,
        ordinal: OperationOrdinal, of parent: ExecutionState, _ surroundings: inout Surroundings, _ limits: Limits
    ) throws(EngineError) -> (events: [Event], child: ChildStart?) {
        guard update.action == .start else { throw .invalidAction }
        guard status == nil else {
            throw .invalid("Cannot start a CHAINED_INVOKE operation that already exists.")
        }
        guard case .chainedInvoke(let function, let tenantID, let traceHeader, let timeout) = update.options else {
            throw .invalid("Update for CHAINED_INVOKE operation requires ChainedInvokeOptions.")
        }
        let reference = try reference(function, surroundings.owner)
        try check(tenantID, traceHeader)
        let known = surroundings.functions.resolve(reference.name, qualifier: reference.qualifier)
        guard let entry = known ?? unknown(reference, surroundings.unknownTargets) else {
            // Nothing was called, so no input is recorded.
            let start = ChainedInvokeStart(
                function: function, tenantID: tenantID, traceHeader: traceHeader, input: nil, target: nil)
            let error = ErrorObject(
                message: "Function not found: \(function)", type: EngineError.Code.resourceNotFound.rawValue)
            return (
                [.chainedInvokeStarted(operation, start), .chainedInvokeFailed(.existing(ordinal), error: error)], nil
            )
        }
        let allowed = least(timeout, entry.executionTimeout)
        if let allowed { try limits.check(allowed, limits.delayMax, "ExecutionTimeout") }
        let child = ChildStart(
            number: ExecutionNumber(surroundings.nextNumber),
            start: ExecutionStart(
                secret: surroundings.secrets.removeFirst(), function: reference.name, version: entry.version,
                name: ExecutionStart.chainedName(of: update.identity.id, secret: parent.start.secret),
                input: update.result, timeout: allowed, retention: entry.retention,
                tenantID: tenantID, traceHeader: traceHeader ?? parent.start.traceHeader,
                parent: ParentLink(execution: parent.number, operation: ordinal), isPlain: entry.isPlain))
        surroundings.nextNumber += 1
        let target = ChainedTarget(
            version: entry.version, child: ExecutionID(number: child.number, secret: child.start.secret),
            isPlain: entry.isPlain)
        let start = ChainedInvokeStart(
            function: function, tenantID: tenantID, traceHeader: traceHeader, input: update.result, target: target)
        return ([.chainedInvokeStarted(operation, start)], child)
    }

    private static func reference(
        _ function: String, _ owner: ExecutionARN.Owner
    ) throws(EngineError) -> FunctionReference {
        guard let reference = FunctionReference(function) else { throw .invalid("Invalid function ARN '\(function)'") }
        if let account = reference.account, account != owner.account {
            throw .invalid("Cannot start a CHAINED_INVOKE on a function in another account.")
        }
        if let region = reference.region, region != owner.region {
            throw .invalid("Cannot start a CHAINED_INVOKE on a function in another region.")
        }
        return reference
    }

    private static func check(_ tenantID: String?, _ traceHeader: String?) throws(EngineError) {
        if let tenantID, !tenantID.isTenantID {
            throw .invalid("Invalid TenantId: 1 to 256 characters of [a-zA-Z0-9._:/=+@ -].")
        }
        if let traceHeader, traceHeader.utf8.count > Limits.traceHeaderLengthMax {
            throw .invalid("Invalid XAmznTraceId: at most \(Limits.traceHeaderLengthMax) characters.")
        }
    }

    /// An alias of a function that is not known names no version that could be waited for.
    private static func unknown(
        _ reference: FunctionReference, _ policy: UnknownTargetPolicy
    ) -> FunctionDirectory.Entry? {
        let version = reference.qualifier ?? "$LATEST"
        guard policy == .wait, version.isVersion else { return nil }
        return FunctionDirectory.Entry(version: version)
    }

    private static func least(_ one: Milliseconds?, _ other: Milliseconds?) -> Milliseconds? {
        guard let one, let other else { return one ?? other }
        return min(one, other)
    }
}

/// How an execution ended that a chained invoke had started.
package struct ChildEnd: Hashable, Sendable {
    package var status: ExecutionStatus
    package var result: Payload?
    package var error: ErrorObject?
    /// How long it was given.
    package var timeout: Milliseconds?
}

extension ExecutionState {
    /// The invoke that waits for this execution's end, and that end; nil when nobody waits, or it has not ended.
    package var endForParent: (parent: ParentLink, end: ChildEnd)? {
        guard let parent = start.parent, status.isTerminal else { return nil }
        return (parent, ChildEnd(status: status, result: result, error: error, timeout: start.timeout))
    }

    /// The chained invokes that are open.
    package var openChildren: [ExecutionNumber] {
        rows.compactMap { row in
            guard case .chainedInvoke(let child?) = row.operation.details, row.isPending else { return nil }
            return child.number
        }
    }

    /// Completes the chained invoke at `ordinal` as `child` has ended. It may be told more than once.
    package func decideChildEnd(
        _ ordinal: OperationOrdinal, of child: ExecutionID, _ end: ChildEnd
    ) -> Decision<Void> {
        guard !status.isTerminal, ordinal.rawValue < rows.count else { return Decision(reply: ()) }
        let row = rows[Int(ordinal.rawValue)]
        guard row.isPending, case .chainedInvoke(child) = row.operation.details else { return Decision(reply: ()) }
        let operation = OperationReference.existing(ordinal)
        let event: Event
        switch end.status {
        case .running, .pausing, .paused: return Decision(reply: ())
        case .succeeded: event = .chainedInvokeSucceeded(operation, result: end.result)
        case .failed: event = .chainedInvokeFailed(operation, error: end.error)
        case .stopped: event = .chainedInvokeStopped(operation, error: end.error ?? ErrorObject())
        case .timedOut:
            let time = end.timeout.map { " after \($0.seconds)" } ?? ""
            event = .chainedInvokeTimedOut(
                operation,
                error: ErrorObject(message: "CHAINED_INVOKE timed out\(time).", type: "ChainedInvoke.Timeout"))
        }
        return Decision(events: [event], reply: ())
    }
}
