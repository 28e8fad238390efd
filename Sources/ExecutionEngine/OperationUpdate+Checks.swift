import ExecutionModel

extension OperationUpdate {
    /// The payload as it is recorded.
    var result: Payload? { payload.map { .inline($0) } }

    func requireNoError() throws(EngineError) {
        guard error == nil else { throw .invalid("Cannot provide an Error for SUCCEED action.") }
    }

    func requireNoPayload() throws(EngineError) {
        guard payload == nil else { throw .invalid("Cannot provide a Payload for FAIL action.") }
    }

    /// The form of everything in the update that no row is needed to judge.
    func checkForm() throws(EngineError) {
        guard identity.id.rawValue.isIdentifier(Limits.operationIDLengthMax) else {
            throw .invalid("Invalid operation id: 1 to \(Limits.operationIDLengthMax) characters of [a-zA-Z0-9-_].")
        }
        if let subType = identity.subType, !subType.isIdentifier(Limits.subTypeLengthMax) {
            throw .invalid("Invalid operation subtype: 1 to \(Limits.subTypeLengthMax) characters of [a-zA-Z0-9-_].")
        }
        if let name = identity.name, !name.isPrintableASCII(Limits.operationNameLengthMax) {
            throw .invalid(
                "Invalid operation name: 1 to \(Limits.operationNameLengthMax) printable ASCII characters.")
        }
    }

    /// Bytes that the update's records take beside ``Limits/updateOverhead``. What a chained invoke passes on is recorded
    /// twice: with the invoke, and with the execution that it starts. That one may take over the trace header of its parent.
    package func recordedLength(inheriting parentTraceHeader: String?) -> Int {
        guard case .chainedInvoke(let function, let tenantID, let traceHeader, _) = options else {
            return (payload?.count ?? 0) + (error?.byteCount ?? 0)
        }
        let texts = [function, tenantID ?? "", traceHeader ?? ""].reduce(0) { $0 + $1.utf8.count }
        let inherited = traceHeader == nil ? parentTraceHeader?.utf8.count ?? 0 : 0
        return 2 * ((payload?.count ?? 0) + texts) + inherited + Limits.updateOverhead
    }

    /// The most that ``recordedLength(inheriting:)`` comes to for a chained invoke that is not refused.
    package static func chainedLengthMax(_ limits: Limits) -> Int {
        let texts = FunctionReference.lengthMax + Limits.tenantIDLengthMax + Limits.traceHeaderLengthMax
        return 2 * (limits.chainedPayloadLengthMax + texts) + Limits.updateOverhead
    }

    func checkSizes(_ limits: Limits, outputLengthMax: Int) throws(EngineError) {
        try limits.check(error)
        guard let payload else { return }
        switch identity.type {
        case .execution:
            guard payload.count > outputLengthMax else { return }
            throw .payloadTooLong("Execution output payload", payload.count, limit: outputLengthMax)
        case .chainedInvoke:
            guard payload.count > limits.chainedPayloadLengthMax else { return }
            throw .payloadTooLong("CHAINED_INVOKE payload", payload.count, limit: limits.chainedPayloadLengthMax)
        case .context, .step, .wait, .callback:
            guard payload.count > limits.payloadLengthMax else { return }
            throw .payloadTooLong("\(identity.type.title) payload", payload.count, limit: limits.payloadLengthMax)
        }
    }

    func checkDelays(_ limits: Limits) throws(EngineError) {
        switch options {
        case .none, .context: return
        case .step(let delay): try limits.check(delay, limits.delayMax, "NextAttemptDelaySeconds")
        case .wait(let duration): try limits.check(duration, limits.delayMax, "WaitSeconds")
        case .chainedInvoke(_, _, _, let timeout):
            if let timeout { try limits.check(timeout, limits.delayMax, "ExecutionTimeout") }
        case .callback(let timeout, let heartbeatTimeout):
            // 0 means none.
            if let timeout, timeout.rawValue != 0 {
                try limits.check(timeout, limits.callbackTimeoutMax, "TimeoutSeconds")
            }
            if let heartbeatTimeout, heartbeatTimeout.rawValue != 0 {
                try limits.check(heartbeatTimeout, limits.callbackTimeoutMax, "HeartbeatTimeoutSeconds")
            }
        }
    }
}

extension EngineError {
    static let invalidAction = EngineError.invalid("Invalid action for the given operation type.")

    /// The first sentence is AWS's.
    static func payloadTooLong(_ what: String, _ length: Int, limit: Int) -> EngineError {
        .invalid(
            "\(what) size must be less than or equal to \(limit) bytes. It is \(length) bytes: keep large data elsewhere "
                + "and record a reference to it.")
    }
}

extension Limits {
    func check(_ error: ErrorObject?) throws(EngineError) {
        try check(error, atMost: errorLengthMax)
    }

    /// The error of somebody outside the execution.
    func checkExternal(_ error: ErrorObject?) throws(EngineError) {
        try check(error, atMost: externalErrorLengthMax)
    }

    private func check(_ error: ErrorObject?, atMost limit: Int) throws(EngineError) {
        guard let error, error.byteCount > limit else { return }
        throw .invalid("Error object size must be less than \(limit) bytes.")
    }

    func check(_ delay: Milliseconds, _ limit: Milliseconds, _ field: String) throws(EngineError) {
        guard delay.rawValue > 0, delay <= limit else {
            throw .invalid("\(field) must be above zero and at most \(limit.rawValue / 1_000) seconds.")
        }
        guard !wholeSeconds || delay.rawValue % 1_000 == 0 else {
            throw .invalid("\(field) must be a whole number of seconds.")
        }
    }
}

extension OperationType {
    /// AWS's spelling.
    package var title: String {
        switch self {
        case .execution: "EXECUTION"
        case .context: "CONTEXT"
        case .step: "STEP"
        case .wait: "WAIT"
        case .callback: "CALLBACK"
        case .chainedInvoke: "CHAINED_INVOKE"
        }
    }
}

extension OperationStatus {
    /// AWS's spelling.
    package var title: String {
        switch self {
        case .started: "STARTED"
        case .pending: "PENDING"
        case .ready: "READY"
        case .succeeded: "SUCCEEDED"
        case .failed: "FAILED"
        case .cancelled: "CANCELLED"
        case .timedOut: "TIMED_OUT"
        case .stopped: "STOPPED"
        }
    }
}
