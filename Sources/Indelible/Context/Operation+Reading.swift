import ExecutionModel

extension Operation {
    /// How many attempts of a step have ended; 0 for any other operation.
    var attemptsEnded: Int {
        guard case .step(let attempt, _) = details else { return 0 }
        return Int(attempt)
    }

    /// When the operation came to where it stands: what the handler knows the time by.
    var lastTime: Timestamp { endTime ?? startTime }
}

extension [Operation] {
    func row(of id: OperationID) -> Operation? {
        index(of: id).map { self[$0] }
    }

    /// When the operation came to where it stands.
    func lastTime(of id: OperationID) -> Timestamp? {
        index(of: id).map { self[$0].lastTime }
    }

    private func index(of id: OperationID) -> Int? {
        indices.last { self[$0].identity.id == id }
    }
}

extension Payload {
    /// The bytes of an execution's input, of its result, and of what its history shows: whoever hands these over has loaded
    /// them. What a row holds, ``HandlerRun/bytes(of:on:)`` loads.
    var inlineBytes: [UInt8] {
        guard case .inline(let bytes) = self else {
            preconditionFailure("the engine loads a stored input or result before it hands it over")
        }
        return bytes
    }
}

extension OperationIdentity: CustomStringConvertible {
    /// As messages show it: `'capture' (3)`, or the path alone.
    package var description: String {
        name.map { "'\($0)' (\(id))" } ?? id.rawValue
    }
}
