import ExecutionModel

/// How far a history goes in each context: the number of the last operation in it.
///
/// A context without a record of its own is no row; it shows in the ids of the operations inside it, which continue its id and
/// hang on another parent. What is inside one whose id had to be hashed is not seen here.
struct RecordedPlaces {
    /// By what the ids of the context's operations begin with: see ``OperationPath``.
    private var lasts: [String: Int] = [:]

    init(of operations: some Sequence<OperationIdentity>) {
        // Most operations follow one of the same context.
        var prefix = ""
        var last = 0
        for operation in operations where operation.type != .execution {
            let parentLength = operation.parentID.map { $0.rawValue.utf8.count + 1 } ?? 0
            var id = operation.id.rawValue[...].utf8
            while true {
                let start = id.lastIndex(of: UInt8(ascii: "-")).map { id.index(after: $0) } ?? id.startIndex
                if let number = Int(Substring(id[start...])) {
                    let context = Substring(id[..<start])
                    if context != prefix {
                        lasts[prefix, default: 0] = max(lasts[prefix] ?? 0, last)
                        (prefix, last) = (String(context), 0)
                    }
                    last = max(last, number)
                }
                guard id.distance(from: id.startIndex, to: start) > parentLength else { break }
                // Its context has no record, and is a place of the one around it.
                id = id[..<id.index(before: start)]
            }
        }
        lasts[prefix, default: 0] = max(lasts[prefix] ?? 0, last)
    }

    /// The number of the last operation of a context that the history holds; 0 when it holds none.
    func last(in prefix: String) -> Int {
        lasts[prefix] ?? 0
    }
}
