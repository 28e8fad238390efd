import ExecutionModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// An error as the history holds it: what survives of something thrown, in every process and every language.
public struct RecordedError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The name of the error's type, without its module: `Declined` for a `struct Declined: Error`.
    public let type: String
    /// What happened, in the error's own words.
    public let message: String
    /// What whoever reported the error added to it; the SDK itself adds nothing.
    public let data: String?

    public init(type: String, message: String, data: String? = nil) {
        self.type = type
        self.message = message
        self.data = data
    }

    public var description: String {
        message.isEmpty ? type : "\(type): \(message)"
    }
}

extension RecordedError {
    /// Longer messages are cut when they are recorded: an error object has at most 32 KiB.
    static let messageLengthMax = 8_192

    /// Describes what user code threw: its type's name; its localized description when it has one, its textual
    /// description otherwise.
    ///
    /// The text is recorded, so an error must not spell out secrets.
    init(_ error: any Error) {
        switch error {
        case let recorded as RecordedError:
            self = recorded
        case let failure as any OperationFailure:
            self.init(type: Self.typeName(error), message: failure.cause.message, data: failure.cause.data)
        case let localized as any LocalizedError:
            self.init(
                type: Self.typeName(error), message: Self.cut(localized.errorDescription ?? String(describing: error)))
        default:
            self.init(type: Self.typeName(error), message: Self.cut(String(describing: error)))
        }
    }

    init(_ object: ErrorObject?) {
        self.init(type: object?.type ?? "Error", message: object?.message ?? "", data: object?.data)
    }

    /// What is recorded.
    package var object: ErrorObject {
        ErrorObject(message: message, type: type, data: data)
    }

    private static func typeName(_ error: any Error) -> String {
        String(describing: Swift.type(of: error))
    }

    private static func cut(_ message: String) -> String {
        guard message.utf8.count > messageLengthMax else { return message }
        var kept = message.utf8.prefix(messageLengthMax - 3)
        while String(kept) == nil { kept = kept.dropLast() }
        return "\(Substring(kept))..."
    }
}

/// A recorded failure of an operation. Its cause's message and data go with it when it leaves the handler.
protocol OperationFailure: Error {
    var cause: RecordedError { get }
}
