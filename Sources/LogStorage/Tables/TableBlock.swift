/// Some hundred entries of a table that are read and checked together: entries end to end, ascending by key, each
/// against the one before it. SPEC.md §7.2 is the authority.
///
///     space    varint  minus that of the entry before; the space itself in a block's first entry
///     a        varint  minus that of the entry before where the space is the same, else `a` itself
///     b        varint  minus that of the entry before where space and `a` are the same, else `b` itself
///     length   varint  0 for a tombstone, else 1 + the bytes of the value
///     value    bytes
struct TableBlockEncoder {
    private(set) var bytes: [UInt8] = []
    private(set) var firstKey: TableKey?
    private var lastKey: TableKey?

    /// What the entry may add at most; the exact number is not worth encoding it twice.
    static func byteCountMax(of entry: TableEntry) -> Int {
        switch entry {
        case .value(let value): TableFormat.entryOverheadMax + value.count
        case .deleted: TableFormat.entryOverheadMax
        }
    }

    /// The caller has checked that `key` is above the last one.
    mutating func append(_ key: TableKey, _ entry: TableEntry) {
        let last = lastKey ?? TableKey(space: 0, 0, 0)
        let isSameSpace = lastKey != nil && key.space == last.space
        let isSameA = isSameSpace && key.a == last.a
        bytes.appendVarint(UInt64(key.space - last.space))
        bytes.appendVarint(isSameSpace ? key.a - last.a : key.a)
        bytes.appendVarint(isSameA ? key.b - last.b : key.b)
        switch entry {
        case .value(let value):
            bytes.appendVarint(UInt64(value.count) + 1)
            bytes.append(contentsOf: value)
        case .deleted:
            bytes.append(0)
        }
        if firstKey == nil { firstKey = key }
        lastKey = key
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        firstKey = nil
        lastKey = nil
    }
}

/// Reads a block whose checksum holds, entry by entry. Values are copied only when they are asked for.
struct TableBlockCursor {
    struct Malformed: Error, Equatable {
        /// Bytes from the start of `bytes`.
        var offset: Int
        var field: String
    }

    private let bytes: [UInt8]
    private let end: Int
    private var offset: Int
    private var lastKey: TableKey?

    /// The value of the entry that ``next()`` gave last, within the bytes; nil for a tombstone.
    private var value: Range<Int>?

    /// - Parameter range: Where the block lies in `bytes`.
    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        offset = range.lowerBound
        end = range.upperBound
    }

    /// The next key; nil behind the last one.
    mutating func next() throws(Malformed) -> TableKey? {
        guard offset < end else { return nil }
        let key = try nextKey()
        let length = try integer("length")
        if length == 0 {
            value = nil
        } else {
            let byteCount = length - 1
            guard byteCount <= TableFormat.valueByteCountMax, Int(byteCount) <= end - offset else {
                throw Malformed(offset: offset, field: "length")
            }
            value = offset..<offset + Int(byteCount)
            offset += Int(byteCount)
        }
        lastKey = key
        return key
    }

    /// What the block says of the key that ``next()`` gave last.
    var entry: TableEntry {
        value.map { .value(Array(bytes[$0])) } ?? .deleted
    }

    private mutating func nextKey() throws(Malformed) -> TableKey {
        let start = offset
        let space = try integer("space")
        let a = try integer("a")
        let b = try integer("b")
        guard let last = lastKey else {
            guard space <= UInt8.max else { throw Malformed(offset: start, field: "space") }
            return TableKey(space: UInt8(space), a, b)
        }
        if space > 0 {
            guard space <= UInt64(UInt8.max - last.space) else { throw Malformed(offset: start, field: "space") }
            return TableKey(space: last.space + UInt8(space), a, b)
        }
        let (sumA, overflowsA) = last.a.addingReportingOverflow(a)
        guard !overflowsA else { throw Malformed(offset: start, field: "a") }
        if a > 0 { return TableKey(space: last.space, sumA, b) }
        let (sumB, overflowsB) = last.b.addingReportingOverflow(b)
        // Equal keys too: a run says one thing of a key.
        guard !overflowsB, b > 0 else { throw Malformed(offset: start, field: "b") }
        return TableKey(space: last.space, sumA, sumB)
    }

    private mutating func integer(_ field: String) throws(Malformed) -> UInt64 {
        var next = offset
        do throws(Varint.Failure) {
            let value = try Varint.decode(bytes.span.bytes.extracting(first: end), at: &next)
            offset = next
            return value
        } catch {
            throw Malformed(offset: offset, field: field)
        }
    }
}

extension [UInt8] {
    mutating func appendVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }
}
