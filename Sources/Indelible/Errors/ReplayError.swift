import ExecutionEngine
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

    /// What a change of the code looks like from where it was first noticed: a guess.
    public struct Cause: Hashable, Sendable, CustomStringConvertible {
        public let description: String

        /// The same kind of operation has another name.
        public static let renamed = Cause(description: "renamed")
        /// The same name belongs to another kind of operation.
        public static let changedKind = Cause(description: "changedKind")
        /// An operation comes before the recorded one that the history does not know.
        public static let inserted = Cause(description: "inserted")
        /// The recorded operation is skipped: the one after it is asked for. Two neighbours that have changed places look the
        /// same.
        public static let removed = Cause(description: "removed")
        /// An operation is asked for that the history holds further on.
        public static let reordered = Cause(description: "reordered")
        /// The same operation is asked for, and another context around it: one is recorded that was not, or the other way
        /// around.
        public static let changedContext = Cause(description: "changedContext")
    }

    /// What the history holds.
    public let recorded: Identity?
    /// What the handler asked for.
    public let attempted: Identity
    /// The last operations of the same context, three at most, that the handler asked for as the history holds them.
    public let agreed: [Identity]
    public let likelyCause: Cause

    /// What happened, where, and what to do.
    public var message: String {
        """
        the history holds \(recorded.map(\.description) ?? "no operation"), the handler asked for \(attempted); \
        \(agreed.isEmpty ? "nothing before it in its context" : "they agreed up to \(agreed.map(\.description).joined(separator: ", "))"); \
        \(advice)
        """
    }

    private var advice: String {
        let guess =
            switch likelyCause {
            case .renamed: "the operation looks renamed"
            case .changedKind: "the operation looks changed into another kind"
            case .inserted: "an operation looks inserted"
            case .removed: "the operation looks removed, or moved behind the next"
            case .changedContext: "a context looks recorded now that was not, or the other way around"
            default: "the operations look reordered"
            }
        return "\(guess): \(DivergenceReport.advice)"
    }

    public var description: String { message }
}

extension ReplayError {
    package init(_ report: DivergenceReport) {
        self.init(
            recorded: report.divergence.recorded.map(Identity.init), attempted: Identity(report.divergence.attempted),
            agreed: report.agreed.map(Identity.init), likelyCause: Cause(report.likelyCause))
    }
}

extension ReplayError.Cause {
    fileprivate init(_ cause: DivergenceReport.Cause) {
        switch cause {
        case .renamed: self = .renamed
        case .changedKind: self = .changedKind
        case .inserted: self = .inserted
        case .removed: self = .removed
        case .reordered: self = .reordered
        case .changedContext: self = .changedContext
        }
    }
}

extension ReplayError.Identity {
    package init(_ identity: OperationIdentity) {
        self.init(
            path: identity.id.rawValue, parentPath: identity.parentID?.rawValue,
            kind: identity.subType ?? "\(identity.type)", name: identity.name)
    }
}
