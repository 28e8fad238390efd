import ExecutionModel
import LogStorage

/// What the index keeps, by the first byte of its keys. SPEC.md, "The index", is the authority.
enum IndexSpace: UInt8 {
    /// (number, 0): the ``IndexEntry`` of an execution.
    case execution = 1
    /// (due, number): an execution that is not to be looked at before that time, in milliseconds since 1970.
    case timer = 2
    /// (hash, number): an execution whose function and name have this ``NameHash``.
    case name = 3
    /// (number, 0): an execution to be looked at when the engine opens.
    case attention = 4
}

extension TableKey {
    init(_ space: IndexSpace, _ a: UInt64, _ b: UInt64 = 0) {
        self.init(space: space.rawValue, a, b)
    }

    static func execution(_ number: ExecutionNumber) -> TableKey { TableKey(.execution, number.rawValue) }

    static func attention(_ number: ExecutionNumber) -> TableKey { TableKey(.attention, number.rawValue) }

    static func timer(_ due: Timestamp, _ number: ExecutionNumber) -> TableKey {
        TableKey(.timer, moment(due), number.rawValue)
    }

    static func name(_ hash: UInt64, _ number: ExecutionNumber) -> TableKey {
        TableKey(.name, hash, number.rawValue)
    }

    /// A moment before 1970 is as due as one in it.
    static func moment(_ time: Timestamp) -> UInt64 { UInt64(max(time.millisecondsSinceEpoch, 0)) }

    /// The first key behind all of a space.
    static func end(of space: IndexSpace) -> TableKey { TableKey(space: space.rawValue + 1, 0, 0) }
}

/// Sixty-four bits that stand for a function's name and an execution's: found by them, confirmed by comparing the names.
enum NameHash {
    /// Nothing secret and nothing forgeable hangs on it: two names of one hash cost one comparison more.
    private static let key = RandomBits(high: 0x696e_6465_6c69_626c, low: 0x6e61_6d65_7461_626c)

    static func of(function: String, name: String) -> UInt64 {
        var message = Array(function.utf8)
        // No function's name holds it.
        message.append(0)
        message += name.utf8
        return SipHash128(of: message, key: key).digest.high
    }
}
