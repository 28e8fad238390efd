import ExecutionModel

/// Where a replay parted from the history, for whoever has to decide what to do about it.
package struct DivergenceReport: Hashable, Sendable {
    package var divergence: Divergence
    /// The last operations before it, in the same context, that the handler asked for as the history holds them. The
    /// oldest first, three at most.
    package var agreed: [OperationIdentity]
    package var likelyCause: Cause

    /// What a change of the code looks like from where it was first noticed. A guess, and named as one.
    package enum Cause: Hashable, Sendable {
        /// The same kind of operation has another name.
        case renamed
        /// The same name belongs to another kind of operation.
        case changedKind
        /// An operation comes before the recorded one that the history does not know.
        case inserted
        /// The recorded operation is skipped: the one after it is asked for.
        case removed
        /// An operation is asked for that the history holds further on.
        case reordered
        /// The same operation, and another context around it: one is recorded that was not, or the other way around.
        case changedContext
    }

    /// - Parameter siblings: The recorded operations of the context in which it happened, in the order in which they began.
    package init(_ divergence: Divergence, siblings: [OperationIdentity]) {
        self.divergence = divergence
        let attempted = divergence.attempted.id
        let place = siblings.firstIndex { $0.id == attempted || $0.id.comes(after: attempted) } ?? siblings.count
        agreed = Array(siblings[max(0, place - 3)..<place])
        likelyCause = Self.cause(of: divergence, place: place, siblings)
    }

    private static func cause(of divergence: Divergence, place: Int, _ siblings: [OperationIdentity]) -> Cause {
        let attempted = divergence.attempted
        guard let recorded = divergence.recorded else {
            // What the history holds in its place may be what is inside it.
            let isAround = place < siblings.count && siblings[place].id.isInside(attempted.id)
            return isAround ? .changedContext : .inserted
        }
        // They differ in their parents, or in that the one asked for has no record.
        if recorded.isLike(attempted) { return .changedContext }
        if attempted.name != nil,
            let later = siblings.indices.dropFirst(place + 1).first(where: { siblings[$0].isLike(attempted) })
        {
            return later == place + 1 ? .removed : .reordered
        }
        if recorded.type == attempted.type, recorded.subType == attempted.subType { return .renamed }
        return recorded.name != nil && recorded.name == attempted.name ? .changedKind : .inserted
    }
}

extension DivergenceReport {
    /// One line: what the record holds, what was asked for, and what that looks like.
    package var summary: String {
        "the history holds \(divergence.recorded?.title ?? "nothing") at \(divergence.attempted.id), the handler asked "
            + "for \(divergence.attempted.title): \(likelyCause.words)"
    }

    /// What to do, whatever it was.
    package static let advice =
        "run the code that recorded it, put the change behind context.patched(_:), or stop the execution"
}

extension DivergenceReport.Cause {
    package var words: String {
        switch self {
        case .renamed: "it looks renamed"
        case .changedKind: "it looks as if its kind had changed"
        case .inserted: "an operation looks inserted before it"
        case .removed: "it looks removed, or moved behind the next"
        case .reordered: "the operations look reordered"
        case .changedContext: "a context around it looks recorded now, or not any more"
        }
    }
}

extension OperationID {
    /// Whether a path comes after another one in the program, or lies inside it. Hashed ones have no order.
    fileprivate func comes(after other: OperationID) -> Bool {
        let places = rawValue.split(separator: "-").map { Int($0) ?? 0 }
        return other.rawValue.split(separator: "-").map { Int($0) ?? .max }.lexicographicallyPrecedes(places)
    }

    fileprivate func isInside(_ other: OperationID) -> Bool {
        rawValue.hasPrefix(other.rawValue + "-")
    }
}

extension OperationIdentity {
    /// For messages: `Step 'charge'`.
    package var title: String {
        "\(subType ?? type.title)\(name.map { " '\($0)'" } ?? "")"
    }

    /// Whether it may be the same operation at another place.
    fileprivate func isLike(_ other: OperationIdentity) -> Bool {
        type == other.type && subType == other.subType && name == other.name
    }
}

extension ExecutionState {
    /// Why the execution is held, and around which operations; nil when it is not.
    package var holdReport: DivergenceReport? {
        hold.map { divergence in
            let siblings = rows.lazy.map(\.operation.identity).filter { $0.parentID == divergence.attempted.parentID }
            return DivergenceReport(divergence, siblings: Array(siblings))
        }
    }
}
