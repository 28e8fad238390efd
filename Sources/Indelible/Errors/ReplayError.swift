import ExecutionModel

/// The handler asked for another operation than its history holds at this place: its code has changed under a running
/// execution, or depends on something that is not recorded (time, randomness, an order that varies).
///
/// The execution is held as it is, or fails, as its function says. Catching this error changes nothing: the context
/// is poisoned.
public struct ReplayError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What names an operation.
    public struct Identity: Hashable, Sendable, CustomStringConvertible {
        /// Its path in the execution: `2-1`.
        public let path: String
        /// The path of the context that it is recorded in; nil at the root.
        public let parentPath: String?
        /// What it is: `Step`, `Wait`, `Callback`, `RunInChildContext` …
        public let kind: String
        public let name: String?

        public var description: String {
            "\(kind)\(name.map { " '\($0)'" } ?? "") at \(path)"
        }
    }

    /// What the history holds.
    public let recorded: Identity?
    /// What the handler asked for.
    public let attempted: Identity

    /// What happened and what to do.
    public var message: String {
        """
        the history holds \(recorded.map(\.description) ?? "no operation"), the handler asked for \(attempted): \
        run the code that recorded it, or stop the execution
        """
    }

    public var description: String { message }
}

extension ReplayError {
    package init(_ divergence: Divergence) {
        self.init(recorded: divergence.recorded.map(Identity.init), attempted: Identity(divergence.attempted))
    }
}

extension ReplayError.Identity {
    package init(_ identity: OperationIdentity) {
        self.init(
            path: identity.id.rawValue, parentPath: identity.parentID?.rawValue,
            kind: identity.subType ?? "\(identity.type)", name: identity.name)
    }
}
