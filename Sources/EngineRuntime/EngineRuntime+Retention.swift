import ExecutionEngine
import ExecutionModel

extension EngineRuntime {
    /// Keeps all that there is of an execution until the hold of this name is released: nothing of it is trimmed, and it is
    /// not deleted. The same hold again changes nothing.
    ///
    /// - Parameters:
    ///   - name: 1 to 64 characters of `[a-zA-Z0-9-_]`; several people may hold it, each by a name of their own.
    ///   - reason: For the record; at most 1,024 characters.
    package func hold(_ id: ExecutionID, as name: String, reason: String? = nil) async throws(RuntimeError) {
        try await command(id, length: name.utf8.count + (reason?.utf8.count ?? 0)) { state, _ throws(EngineError) in
            try state.decideHold(name, reason: reason)
        }
    }

    /// Ends a hold. After the last one, what is due by then is trimmed.
    package func release(_ id: ExecutionID, from name: String, reason: String? = nil) async throws(RuntimeError) {
        try await command(id, length: name.utf8.count + (reason?.utf8.count ?? 0)) { state, _ throws(EngineError) in
            try state.decideRelease(name, reason: reason)
        }
    }
}
