/// Why the body of a record is no event. Who reads it adds the LSN.
package enum EventDecodingError: Error, Hashable, Sendable {
    /// A kind this version does not know: a newer one wrote it.
    case unknownKind(UInt8)
    /// The body ends inside a field.
    case truncated(field: EventField, offset: Int)
    /// The field's bytes are none of its values.
    case invalid(field: EventField, offset: Int)
    /// Bytes follow the last field.
    case trailingBytes(offset: Int, count: Int)
}

/// The fields that an ``EventDecodingError`` names.
package enum EventField: String, Sendable {
    case attemptDelay, callbackHeartbeatTimeout, callbackTimeout, child, duration, error, eventID, executionTimeout,
        flags
    case function, identity, invocationEnd, name, operation, operationID, operationType, parent, payload, reason
    case requestID, retention, retryDelay, secret, subType, target, tenantID, traceHeader, version

    // Of snapshots alone.
    case attempt, count, hold, meter, phase, sequence, status, time, timeoutExtension
}

extension EventDecodingError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unknownKind(let kind):
            "unknown event kind \(kind): a newer version of Indelible wrote it; open the log with that version"
        case .truncated(let field, let offset):
            "the event ends inside its field '\(field.rawValue)', which starts at byte \(offset)"
        case .invalid(let field, let offset):
            "the event's field '\(field.rawValue)' at byte \(offset) holds no value that SPEC.md gives it"
        case .trailingBytes(let offset, let count):
            "\(count) bytes follow the event's last field, from byte \(offset)"
        }
    }
}
