/// One change that a handler's invocation asks for in a checkpoint. AWS's `OperationUpdate`.
package struct OperationUpdate: Hashable, Sendable {
    package var identity: OperationIdentity
    package var action: OperationAction
    package var payload: [UInt8]?
    package var error: ErrorObject?
    package var options: Options

    package enum Options: Hashable, Sendable {
        case none
        /// RETRY of a step.
        case step(nextAttemptDelay: Milliseconds)
        /// START of a wait.
        case wait(duration: Milliseconds)
        /// START of a callback. Nil: no such timeout.
        case callback(timeout: Milliseconds?, heartbeatTimeout: Milliseconds?)
        /// SUCCEED of a context.
        case context(replayChildren: Bool)
        /// START of a chained invoke, whose payload is the function's input. `timeout` bounds the execution it starts.
        case chainedInvoke(
            function: String, tenantID: String? = nil, traceHeader: String? = nil, timeout: Milliseconds? = nil)
    }

    package init(
        _ identity: OperationIdentity, _ action: OperationAction, payload: [UInt8]? = nil, error: ErrorObject? = nil,
        options: Options = .none
    ) {
        self.identity = identity
        self.action = action
        self.payload = payload
        self.error = error
        self.options = options
    }
}
