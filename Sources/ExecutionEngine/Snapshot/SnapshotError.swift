import ExecutionModel

/// Why some records are no snapshot. Who reads them adds where they stand.
///
/// A snapshot is a cache: the execution's records give the state as well.
package enum SnapshotError: Error, Hashable, Sendable {
    /// Records are missing, or there are too many: `expected` is 2 where even the first two are not all there.
    case recordCount(expected: UInt64, found: Int)
    /// The record at `index` is of another kind than the one that comes there.
    case kind(UInt8, index: Int)
    /// The body of the record at `index` is none.
    case record(index: Int, EventDecodingError)
}

extension SnapshotError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .recordCount(let expected, let found): "a snapshot of \(expected) records has \(found)"
        case .kind(let kind, let index): "record \(index) of a snapshot is of kind \(kind), which does not come there"
        case .record(let index, let error): "record \(index) of a snapshot: \(error)"
        }
    }
}
