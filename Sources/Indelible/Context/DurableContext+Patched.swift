import ExecutionModel

extension DurableContext {
    /// Whether this execution takes the code behind a change: true for one that comes here for the first time, and for
    /// every replay of it; false for one whose history has gone past this place without it.
    ///
    /// ```swift
    /// if try await context.patched("fraud check first") {
    ///     try await context.step("fraud check") { _ in try await screen(order) }
    /// }
    /// ```
    ///
    /// The answer true is recorded, once, under the patch's own name, and moves no other operation; false is not. Within
    /// one context the answer for one id never changes; a child context and a branch have their own. Once no execution
    /// from before the change is left, the call and the old code can be deleted together.
    ///
    /// - Parameter id: What names the change for as long as such executions run: 1 to 256 printable ASCII characters.
    /// - Throws: ``ContextError``; ``ReplayError``.
    public nonisolated(nonsending) func patched(_ id: String) async throws -> Bool {
        try await use("patched(\"\(id)\")")
        if let answer = patches[id] { return answer }
        guard id.isPrintableASCII(Limits.operationNameLengthMax) else {
            throw ContextError(
                code: .invalidName, message: "the patch '\(id.prefix(64))' is not 1 to 256 printable ASCII characters")
        }
        let digest = SipHash128(of: id.utf8, key: RandomBits(high: 0, low: 0)).digest
        let identity = OperationIdentity(
            id: path.id(named: "p\(digest)"), parentID: parentID, type: .step, subType: "Patch", name: id)
        let answer: Bool
        if try run.replay(identity) != nil {
            answer = true
        } else if isReplaying {
            answer = false
        } else {
            // Nobody relies on it before something is recorded after it: it rides along.
            try await run.require(
                OperationUpdate(identity, .start), OperationUpdate(identity, .succeed, payload: Array("true".utf8)),
                forced: false, on: strand)
            answer = true
        }
        patches[id] = answer
        return answer
    }
}
