import ExecutionModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// An error as the history holds it: what survives of something thrown, in every process and every language.
public struct RecordedError: Error, Hashable, Sendable, Codable, CustomStringConvertible {
    /// The name of the error's type, without its module: `Declined` for a `struct Declined: Error`.
    public let type: String
    /// What happened, in the error's own words.
    public let message: String
    /// What whoever reported the error added to it: for a ``RecordableError``, the error itself as JSON.
    public let data: String?
    /// Where it happened, as other languages report it; the SDK itself records none.
    public let stackTrace: [String]

    public init(type: String, message: String, data: String? = nil, stackTrace: [String] = []) {
        self.type = type
        self.message = message
        self.data = data
        self.stackTrace = stackTrace
    }

    public var description: String {
        message.isEmpty ? type : "\(type): \(message)"
    }
}

/// An error that is recorded whole, so that it can be had back on the other side of a replay or an invoke.
///
/// ```swift
/// struct Declined: RecordableError { var code: Int }
///
/// do {
///     try await context.step("charge") { _ in throw Declined(code: 51) }
/// } catch let error as StepError {
///     if let declined = error.cause.decoded(as: Declined.self) { … declined.code … }
/// }
/// ```
///
/// Every field is recorded, so it must hold no secrets. What is longer than 16 KiB is left out.
public protocol RecordableError: Error, Codable {}

extension RecordedError {
    /// Longer messages are cut when they are recorded: an error object has at most 32 KiB.
    static let messageLengthMax = 8_192
    static let dataLengthMax = 16_384

    /// The error that was thrown; nil when it was of another type, or cannot be read back.
    public func decoded<Original: RecordableError>(as type: Original.Type) -> Original? {
        guard self.type == Self.typeName(type), let data else { return nil }
        // Data of another program under the same name is no such error: that is the answer.
        return try? JSONSerdes.decode(type, from: Array(data.utf8))
    }

    /// As it would be recorded.
    package init(thrown error: any Error) {
        self.init(error)
    }

    /// Describes what user code threw: its type's name; its localized description when it has one, its textual
    /// description otherwise.
    ///
    /// The text is recorded, so an error must not spell out secrets.
    init(_ error: any Error) {
        switch error {
        case let recorded as RecordedError:
            self = recorded
        case let failure as any OperationFailure:
            self.init(
                type: Self.typeName(Swift.type(of: error)), message: failure.cause.message, data: failure.cause.data,
                stackTrace: failure.cause.stackTrace)
        case let cancelled as ExecutionCancelledError:
            self.init(
                type: ExecutionCancelledError.recordedType, message: Self.cut(cancelled.description),
                data: cancelled.reason)
        case let whole as any RecordableError:
            self.init(
                type: Self.typeName(Swift.type(of: error)), message: Self.cut(Self.words(of: error)),
                data: Self.data(of: whole))
        default:
            self.init(type: Self.typeName(Swift.type(of: error)), message: Self.cut(Self.words(of: error)))
        }
    }

    init(_ object: ErrorObject?) {
        self.init(
            type: object?.type ?? "Error", message: object?.message ?? "", data: object?.data,
            stackTrace: object?.stackTrace ?? [])
    }

    /// What is recorded. What would pass AWS's limit for errors goes first where it is least missed.
    package var object: ErrorObject {
        var object = ErrorObject(message: message, type: type, data: data, stackTrace: stackTrace)
        if object.byteCount > Limits.aws.errorLengthMax { object.stackTrace = [] }
        if object.byteCount > Limits.aws.errorLengthMax { object.data = nil }
        if object.byteCount > Limits.aws.errorLengthMax { object.message = Self.cut(message) }
        return object
    }

    static func typeName(_ type: any Any.Type) -> String {
        String(describing: type)
    }

    private static func words(of error: any Error) -> String {
        (error as? any LocalizedError)?.errorDescription ?? String(describing: error)
    }

    private static func data(of error: some RecordableError) -> String? {
        // An error that has no JSON is recorded with its words alone.
        guard let bytes = try? JSONSerdes.encode(error), bytes.count <= dataLengthMax else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func cut(_ message: String) -> String {
        guard message.utf8.count > messageLengthMax else { return message }
        return "\(message.prefix(utf8Length: messageLengthMax - 3))..."
    }
}

extension String {
    /// As much of the text as fits into so many bytes, whole characters of Unicode.
    func prefix(utf8Length length: Int) -> Substring {
        var kept = utf8.prefix(length)
        while String(kept) == nil { kept = kept.dropLast() }
        return Substring(kept)
    }
}
