import ExecutionModel

/// Counts the operations of one context and names them: the first at the root is `1`, the third inside the context `2`
/// is `2-3`.
///
/// An operation takes its number when it is called, so the same code gives the same ids on every replay. An id longer
/// than 64 characters is replaced by `h` and the 32 hexadecimal digits of its SipHash-2-4-128 under a key of zeros; what
/// is inside a context continues the context's id as recorded.
struct OperationPath {
    static let idLengthMax = 64

    /// What the ids begin with: empty at the root, `2-` inside the context `2`.
    let prefix: String
    /// How many ids have been given out.
    private(set) var count = 0
    /// The id that the next operation gets.
    private(set) var next: OperationID

    /// The operations inside the context `parent`, or at the root.
    init(in parent: OperationID?) {
        prefix = parent.map { $0.rawValue + "-" } ?? ""
        next = Self.id(prefix, "1")
    }

    /// Gives out the next id.
    mutating func take() -> OperationID {
        let taken = next
        count += 1
        next = Self.id(prefix, String(count + 1))
        return taken
    }

    /// The id of an operation that is named rather than counted, so that it may come and go without moving the others.
    func id(named name: String) -> OperationID {
        Self.id(prefix, name)
    }

    /// The id of the branch of an operation, counted from 0.
    static func branch(_ index: Int, of operation: OperationID) -> OperationID {
        id(operation.rawValue + "-", String(index + 1))
    }

    private static func id(_ prefix: String, _ last: String) -> OperationID {
        let path = prefix + last
        guard path.utf8.count > idLengthMax else { return OperationID(path) }
        return OperationID("h\(SipHash128(of: path.utf8, key: RandomBits(high: 0, low: 0)).digest)")
    }
}
