import ExecutionEngine
import ExecutionModel

@testable import EngineRuntime

/// Functions that invoke each other.
extension FunctionRegistration {
    /// Passes its input on to `function`, and comes to what that comes to.
    static func caller(
        _ name: String = "pay", of function: String, _ calls: Calls? = nil, timeout: Milliseconds? = nil
    ) -> FunctionRegistration {
        FunctionRegistration(name: name) { invocation in
            calls?.note("\(name) invoked")
            do {
                var row = invocation.row("1")
                if row == nil {
                    let invoke = OperationUpdate.invoke("1", function, input: invocation.input, timeout: timeout)
                    row = try await invocation.session().checkpoint([invoke]).first
                }
                guard let row else { return nil }
                return try await outcome(of: row, in: invocation)
            } catch {
                // Its engine has closed, or failed.
                return nil
            }
        }
    }

    private static func outcome(of row: Operation, in invocation: Invocation) async throws -> InvocationOutcome {
        switch row.status {
        case .succeeded:
            guard let result = row.result else { return .succeeded(result: nil) }
            return .succeeded(result: try await invocation.runtime.resolve(result, of: invocation.execution.number))
        case .failed, .timedOut, .stopped, .cancelled: return .failed(row.error)
        case .started, .pending, .ready: return .pending
        }
    }

    /// Returns its input, and one byte more.
    static func adder(_ name: String = "charge", version: String = "$LATEST", isPlain: Bool = false)
        -> FunctionRegistration
    {
        FunctionRegistration(name: name, version: version, isPlain: isPlain) { .succeeded(result: $0.input + [1]) }
    }

    /// Waits until the test says `<name> go`, or its engine takes it back.
    static func patient(
        _ name: String = "charge", _ calls: Calls, isPlain: Bool = false, retention: RetentionPolicy = .forever,
        _ outcome: @escaping @Sendable (Invocation) -> InvocationOutcome? = { .succeeded(result: $0.input) }
    ) -> FunctionRegistration {
        FunctionRegistration(name: name, isPlain: isPlain, retention: retention) { invocation in
            calls.note("\(name) invoked")
            await withTaskCancellationHandler {
                await calls.wait("\(name) go")
            } onCancel: {
                calls.note("\(name) cancelled")
                calls.note("\(name) go")
            }
            return Task.isCancelled ? nil : outcome(invocation)
        }
    }
}

extension Invocation {
    var input: [UInt8] {
        guard case .execution(.inline(let input)?, _) = operations.first?.details else { return [] }
        return input
    }
}

extension OperationUpdate {
    static func invoke(
        _ id: String, _ function: String, input: [UInt8]? = nil, timeout: Milliseconds? = nil
    ) -> OperationUpdate {
        OperationUpdate(
            OperationIdentity(id: OperationID(id), type: .chainedInvoke, subType: "ChainedInvoke"), .start,
            payload: input, options: .chainedInvoke(function: function, timeout: timeout))
    }
}

extension EngineRuntime {
    /// The execution that the first chained invoke of `parent` has started.
    func child(of parent: ExecutionNumber) async throws -> ExecutionID {
        while true {
            for record in try await history(parent) {
                if case .chainedInvokeStarted(_, let start) = record.event, let target = start.target {
                    return target.child
                }
            }
            try Task.checkCancellation()
            await Task.yield()
        }
    }
}
