import ExecutionModel

/// The functions that an engine has code for, as decisions about new executions see them.
///
/// It is what the process was told, not a recorded fact: recovery begins with an empty one, and needs none.
package struct FunctionDirectory: Sendable {
    package struct Entry: Hashable, Sendable {
        /// `$LATEST`, or a number.
        package var version: String
        /// Whether the function records nothing but its outcome.
        package var isPlain: Bool
        /// How long an execution may take where its start says nothing else. Nil: for ever.
        package var executionTimeout: Milliseconds?
        /// For how long an execution is kept after its end.
        package var retention: RetentionPolicy

        package init(
            version: String = "$LATEST", isPlain: Bool = false, executionTimeout: Milliseconds? = nil,
            retention: RetentionPolicy = .forever
        ) {
            self.version = version
            self.isPlain = isPlain
            self.executionTimeout = executionTimeout
            self.retention = retention
        }
    }

    private var entries: [String: [Entry]] = [:]

    package init() {}

    /// Adds a version of a function, or replaces it.
    package mutating func register(_ entry: Entry, as function: String) {
        entries[function, default: []].removeAll { $0.version == entry.version }
        entries[function, default: []].append(entry)
    }

    /// The version that a caller means: the one that it names; otherwise `$LATEST`, or the greatest number where no
    /// `$LATEST` is registered. Nil: there is none.
    package func resolve(_ function: String, qualifier: String?) -> Entry? {
        guard let versions = entries[function] else { return nil }
        if let qualifier { return versions.first { $0.version == qualifier } }
        return versions.first { $0.version == "$LATEST" } ?? versions.max { Self.isLess($0.version, $1.version) }
    }

    /// Whether one number is less than the other; both are digits, of any length.
    private static func isLess(_ left: String, _ right: String) -> Bool {
        let (left, right) = (left.drop { $0 == "0" }, right.drop { $0 == "0" })
        return left.utf8.count == right.utf8.count ? left < right : left.utf8.count < right.utf8.count
    }
}

/// What becomes of a chained invoke whose function is not known.
package enum UnknownTargetPolicy: Hashable, Sendable {
    /// Its execution starts and waits, visibly, until the function is registered.
    case wait
    /// It fails at once, as on AWS.
    case fail
}
