/// The first byte of a callback id's or a token's bytes, so that neither passes for the other.
private enum TextTag {
    static let callbackID: UInt8 = 0xCB
    static let checkpointToken: UInt8 = 0xC7
}

extension CallbackID: CustomStringConvertible {
    /// Base64 of a tag, the check, the execution's number and the ordinal.
    package var description: String {
        var bytes: [UInt8] = [TextTag.callbackID]
        bytes.append(random: check)
        bytes.append(varint: execution.rawValue)
        bytes.append(varint: UInt64(ordinal.rawValue))
        return Base64.encode(bytes)
    }

    /// Reads what ``description`` wrote; nil for anything else. Whether it names a callback is another question.
    package init?(_ text: some StringProtocol) {
        guard let (check, number, fields) = decodeFields(text, tag: TextTag.callbackID, count: 1),
            let ordinal = UInt32(exactly: fields[0])
        else { return nil }
        self.init(execution: number, ordinal: OperationOrdinal(ordinal), check: check)
    }
}

extension CheckpointToken: CustomStringConvertible {
    /// Base64 of a tag, the check, the execution's number, the invocation and the sequence.
    package var description: String {
        var bytes: [UInt8] = [TextTag.checkpointToken]
        bytes.append(random: check)
        bytes.append(varint: execution.rawValue)
        bytes.append(varint: UInt64(invocation))
        bytes.append(varint: UInt64(sequence))
        return Base64.encode(bytes)
    }

    /// Reads what ``description`` wrote; nil for anything else. Whether it is good is another question.
    package init?(_ text: some StringProtocol) {
        guard let (check, number, fields) = decodeFields(text, tag: TextTag.checkpointToken, count: 2),
            let invocation = UInt32(exactly: fields[0]), let sequence = UInt32(exactly: fields[1])
        else { return nil }
        self.init(execution: number, invocation: invocation, sequence: sequence, check: check)
    }
}

/// The check, the execution and the `count` numbers after it, when `text` holds exactly those after `tag`.
private func decodeFields(
    _ text: some StringProtocol, tag: UInt8, count: Int
) -> (check: RandomBits, execution: ExecutionNumber, fields: [UInt64])? {
    guard text.utf8.count <= 1_024, let bytes = Base64.decode(text), bytes.first == tag else { return nil }
    let span = bytes.span.bytes
    var offset = 1
    // What is wrong with a made-up id does not matter to the one who made it up: it names nothing.
    guard let check = try? span.random(.identity, at: &offset),
        let number = try? span.varint(.identity, at: &offset)
    else { return nil }
    var fields: [UInt64] = []
    for _ in 0..<count {
        guard let field = try? span.varint(.identity, at: &offset) else { return nil }
        fields.append(field)
    }
    guard offset == bytes.count else { return nil }
    return (check, ExecutionNumber(number), fields)
}
