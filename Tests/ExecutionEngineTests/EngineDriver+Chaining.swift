import ExecutionModel
import Testing

@testable import ExecutionEngine

extension EngineDriver {
    /// The execution that the chained invoke `id` has started.
    func child(of id: String) throws -> ExecutionNumber {
        guard case .chainedInvoke(let child)? = execution.operation(OperationID(id))?.details else {
            throw NoSuchChild(id: id)
        }
        return try #require(child?.number)
    }

    struct NoSuchChild: Error {
        var id: String
    }

    /// Drives another execution for a while.
    func driving<Result, Failure: Error>(
        _ other: ExecutionNumber, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let own = number
        defer { number = own }
        number = other
        return try body()
    }

    /// Ends the execution that the chained invoke `id` has started, and tells the one that is driven of it.
    func endChild(
        of id: String = "1", _ status: OperationStatus, result: String? = nil, error: ErrorObject? = nil
    ) throws {
        let child = try child(of: id)
        try driving(child) {
            switch status {
            case .succeeded:
                _ = invoke()
                finish(.succeeded(result: result.map { Array($0.utf8) }))
            case .failed:
                _ = invoke()
                finish(.failed(error))
            case .stopped: _ = try stop(error)
            case .timedOut:
                now = try #require(execution.executionDue)
                fireTimers()
            case .started, .pending, .ready, .cancelled: return
            }
        }
        completeParent(of: child)
    }

    /// Tells the execution that invoked `child` how it has ended, and goes on with driving that one.
    func completeParent(of child: ExecutionNumber) {
        guard let state = state.execution(child), let (link, end) = state.endForParent else { return }
        number = link.execution
        record(execution.decideChildEnd(link.operation, of: state.id, end))
    }
}

extension OperationUpdate {
    static func invoke(
        _ id: String, _ function: String, parent: String? = nil, input: String? = nil, tenant: String? = nil,
        trace: String? = nil, timeout: Int64? = nil
    ) -> OperationUpdate {
        var update = invoke(id, .start, parent: parent)
        update.payload = input.map { Array($0.utf8) }
        update.options = .chainedInvoke(
            function: function, tenantID: tenant, traceHeader: trace, timeout: timeout.map { Milliseconds($0) })
        return update
    }

    static func invoke(_ id: String, _ action: OperationAction, parent: String? = nil) -> OperationUpdate {
        OperationUpdate(
            OperationIdentity(
                id: OperationID(id), parentID: parent.map { OperationID($0) }, type: .chainedInvoke,
                subType: "ChainedInvoke"), action)
    }
}
