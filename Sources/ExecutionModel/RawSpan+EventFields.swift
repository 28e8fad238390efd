/// Reads the fields that `Event+Encoding.swift` writes. Each leaves `offset` after the field; each checks a length
/// before it trusts it, and refuses the encodings that the writer never makes.
extension RawSpan {
    package func byte(_ field: EventField, at offset: inout Int) throws(EventDecodingError) -> UInt8 {
        guard offset < byteCount else { throw .truncated(field: field, offset: offset) }
        let byte = unsafeLoad(fromByteOffset: offset, as: UInt8.self)
        offset += 1
        return byte
    }

    package func varint(_ field: EventField, at offset: inout Int) throws(EventDecodingError) -> UInt64 {
        let start = offset
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            guard offset < byteCount else { throw .truncated(field: field, offset: start) }
            let byte = unsafeLoad(fromByteOffset: offset, as: UInt8.self)
            offset += 1
            // The tenth byte holds the 64th bit alone, and no number ends in a group of zeros but 0 itself.
            if shift == 63 && byte > 1 { throw .invalid(field: field, offset: start) }
            if byte == 0 && shift > 0 { throw .invalid(field: field, offset: start) }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
    }

    /// `count` bytes from `offset`, which they are checked to hold; `start` is where the field began.
    func take(
        _ count: UInt64, _ field: EventField, from start: Int, at offset: inout Int
    ) throws(EventDecodingError) -> Range<Int> {
        guard count <= UInt64(byteCount - offset) else { throw .truncated(field: field, offset: start) }
        let range = offset..<offset + Int(count)
        offset = range.upperBound
        return range
    }

    private func text(
        _ count: UInt64, _ field: EventField, from start: Int, at offset: inout Int
    ) throws(EventDecodingError) -> String {
        let range = try take(count, field, from: start, at: &offset)
        let text: String? = extracting(range).withUnsafeBytes { bytes in
            // Nearly every string is ASCII, and needs no validation: the library's costs about 60 ns a string.
            bytes.allSatisfy { $0 < 0x80 }
                ? String(decoding: bytes, as: UTF8.self) : String(validating: bytes, as: UTF8.self)
        }
        guard let text else { throw .invalid(field: field, offset: start) }
        return text
    }

    package func string(_ field: EventField, at offset: inout Int) throws(EventDecodingError) -> String {
        let start = offset
        let count = try varint(field, at: &offset)
        return try text(count, field, from: start, at: &offset)
    }

    package func optionalString(_ field: EventField, at offset: inout Int) throws(EventDecodingError) -> String? {
        let start = offset
        let count = try varint(field, at: &offset)
        return count == 0 ? nil : try text(count - 1, field, from: start, at: &offset)
    }

    package func payload(at offset: inout Int) throws(EventDecodingError) -> Payload? {
        let start = offset
        let count = try varint(.payload, at: &offset)
        if count == 0 { return nil }
        let range = try take(count - 1, .payload, from: start, at: &offset)
        return .inline(extracting(range).withUnsafeBytes { [UInt8]($0) })
    }

    package func delay(_ field: EventField, at offset: inout Int) throws(EventDecodingError) -> Milliseconds {
        let start = offset
        let value = try varint(field, at: &offset)
        guard let milliseconds = Int64(exactly: value) else { throw .invalid(field: field, offset: start) }
        return Milliseconds(milliseconds)
    }

    package func optionalDelay(_ field: EventField, at offset: inout Int) throws(EventDecodingError) -> Milliseconds? {
        let start = offset
        let value = try varint(field, at: &offset)
        if value == 0 { return nil }
        guard let milliseconds = Int64(exactly: value - 1) else { throw .invalid(field: field, offset: start) }
        return Milliseconds(milliseconds)
    }

    package func random(_ field: EventField, at offset: inout Int) throws(EventDecodingError) -> RandomBits {
        let range = try take(16, field, from: offset, at: &offset)
        return RandomBits(
            high: UInt64(bigEndian: unsafeLoadUnaligned(fromByteOffset: range.lowerBound, as: UInt64.self)),
            low: UInt64(bigEndian: unsafeLoadUnaligned(fromByteOffset: range.lowerBound + 8, as: UInt64.self)))
    }

    package func flag(at offset: inout Int) throws(EventDecodingError) -> Bool {
        let start = offset
        let byte = try byte(.flags, at: &offset)
        guard byte <= 1 else { throw .invalid(field: .flags, offset: start) }
        return byte == 1
    }

    package func error(at offset: inout Int) throws(EventDecodingError) -> ErrorObject {
        let start = offset
        guard let error = try optionalError(at: &offset) else { throw .invalid(field: .error, offset: start) }
        return error
    }

    package func optionalError(at offset: inout Int) throws(EventDecodingError) -> ErrorObject? {
        let start = offset
        let flags = try byte(.error, at: &offset)
        if flags == 0 { return nil }
        guard flags & ErrorFlags.present != 0, flags & ~ErrorFlags.known == 0 else {
            throw .invalid(field: .error, offset: start)
        }
        var error = ErrorObject()
        if flags & ErrorFlags.message != 0 { error.message = try string(.error, at: &offset) }
        if flags & ErrorFlags.type != 0 { error.type = try string(.error, at: &offset) }
        if flags & ErrorFlags.data != 0 { error.data = try string(.error, at: &offset) }
        if flags & ErrorFlags.stackTrace != 0 {
            let countOffset = offset
            let count = try varint(.error, at: &offset)
            guard count > 0 else { throw .invalid(field: .error, offset: countOffset) }
            // A line takes a byte at least, so a count beyond the body is refused before anything is allocated for it.
            guard count <= UInt64(byteCount - offset) else { throw .truncated(field: .error, offset: countOffset) }
            for _ in 0..<count { error.stackTrace.append(try string(.error, at: &offset)) }
        }
        return error
    }

    package func ordinal(
        _ value: UInt64, _ field: EventField, from start: Int
    ) throws(EventDecodingError) -> OperationOrdinal {
        guard let ordinal = UInt32(exactly: value) else { throw .invalid(field: field, offset: start) }
        return OperationOrdinal(ordinal)
    }

    func operation(at offset: inout Int) throws(EventDecodingError) -> OperationReference {
        let start = offset
        let reference = try varint(.operation, at: &offset)
        if reference > 0 { return .existing(try ordinal(reference - 1, .operation, from: start)) }
        let id = try operationID(at: &offset)
        let parentOffset = offset
        let parent = try varint(.parent, at: &offset)
        let subType = try subType(at: &offset)
        let name = try optionalString(.name, at: &offset)
        return .first(
            OperationStart(
                id: id, parent: parent == 0 ? nil : try ordinal(parent - 1, .parent, from: parentOffset),
                subType: subType, name: name))
    }

    package func operationID(at offset: inout Int) throws(EventDecodingError) -> OperationID {
        OperationID(try string(.operationID, at: &offset))
    }

    package func subType(at offset: inout Int) throws(EventDecodingError) -> String? {
        let start = offset
        let code = try byte(.subType, at: &offset)
        if code == 0 { return nil }
        if let wellKnown = SubTypeCode.subType(of: code) { return wellKnown }
        guard code == SubTypeCode.other else { throw .invalid(field: .subType, offset: start) }
        let subType = try string(.subType, at: &offset)
        guard SubTypeCode.code(of: subType) == nil else { throw .invalid(field: .subType, offset: start) }
        return subType
    }

    package func identity(at offset: inout Int) throws(EventDecodingError) -> OperationIdentity? {
        let start = offset
        let code = try byte(.operationType, at: &offset)
        if code == 0 { return nil }
        guard let type = OperationType(rawValue: code - 1) else {
            throw .invalid(field: .operationType, offset: start)
        }
        let id = try operationID(at: &offset)
        let parentID = try optionalString(.parent, at: &offset)
        let subType = try subType(at: &offset)
        let name = try optionalString(.name, at: &offset)
        return OperationIdentity(
            id: id, parentID: parentID.map { OperationID($0) }, type: type, subType: subType, name: name)
    }

    /// What a longer form of a start has beyond the first; refused where a shorter one could say it.
    func extend(
        _ start: inout ExecutionStart, _ kind: EventKind, at offset: inout Int
    ) throws(EventDecodingError) {
        let begin = offset
        if kind == .executionStartedWithPolicy {
            start.retention = try retentionPolicy(at: &offset)
            guard start.retention.simpleForm == nil else { throw .invalid(field: .retention, offset: begin) }
        } else {
            start.retention = RetentionPolicy(try optionalDelay(.retention, at: &offset))
        }
        try readExtension(of: &start, at: &offset)
        guard start.kind == kind else { throw .invalid(field: .flags, offset: begin) }
    }

    /// The fields of a longer start that the first form has not, but for the retention, whether they say anything or not.
    package func readExtension(
        of start: inout ExecutionStart, at offset: inout Int
    ) throws(EventDecodingError) {
        start.tenantID = try optionalString(.tenantID, at: &offset)
        start.traceHeader = try optionalString(.traceHeader, at: &offset)
        start.isPlain = try flag(at: &offset)
        if try flag(at: &offset) {
            let number = try varint(.parent, at: &offset)
            let ordinalOffset = offset
            let operation = try ordinal(try varint(.parent, at: &offset), .parent, from: ordinalOffset)
            start.parent = ParentLink(execution: ExecutionNumber(number), operation: operation)
        }
    }

    func chainedInvoke(at offset: inout Int) throws(EventDecodingError) -> ChainedInvokeStart {
        let function = try string(.function, at: &offset)
        let tenantID = try optionalString(.tenantID, at: &offset)
        let traceHeader = try optionalString(.traceHeader, at: &offset)
        let begin = offset
        let code = try byte(.target, at: &offset)
        guard code <= TargetCode.plain else { throw .invalid(field: .target, offset: begin) }
        var target: ChainedTarget?
        if code != TargetCode.none {
            let version = try string(.version, at: &offset)
            let number = try varint(.child, at: &offset)
            let check = try random(.child, at: &offset)
            target = ChainedTarget(
                version: version, child: ExecutionID(number: ExecutionNumber(number), check: check),
                isPlain: code == TargetCode.plain)
        }
        let input = try payload(at: &offset)
        return ChainedInvokeStart(
            function: function, tenantID: tenantID, traceHeader: traceHeader, input: input, target: target)
    }

    func invocationEnd(at offset: inout Int) throws(EventDecodingError) -> InvocationEnd {
        let start = offset
        switch try byte(.invocationEnd, at: &offset) {
        case InvocationEndCode.returned: return .returned(error: try optionalError(at: &offset))
        case InvocationEndCode.suspended: return .suspended(unseenChanges: false)
        case InvocationEndCode.suspendedWithUnseenChanges: return .suspended(unseenChanges: true)
        case InvocationEndCode.refused: return .refused(error: try error(at: &offset))
        case InvocationEndCode.crashed:
            let error = try error(at: &offset)
            return .crashed(error: error, retryDelay: try delay(.retryDelay, at: &offset))
        case InvocationEndCode.diverged: return .diverged(error: try error(at: &offset))
        case InvocationEndCode.ignored: return .ignored(error: try optionalError(at: &offset))
        default: throw .invalid(field: .invocationEnd, offset: start)
        }
    }
}
