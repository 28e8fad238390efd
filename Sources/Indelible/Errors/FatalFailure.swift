/// Errors that say that something is wrong with the handler or its record, not with the work: they pass child contexts
/// unrecorded, end whole batches, and no policy retries them. Where one is recorded, every replay throws it as it is.
protocol FatalFailure: Error {
    /// What tells it from others of its type.
    var recordedCode: String? { get }
}

extension FatalError: FatalFailure {
    var recordedCode: String? { nil }
}

extension ContextError: FatalFailure {
    var recordedCode: String? { code.description }
}

extension SerdesError: FatalFailure {
    var recordedCode: String? { code.description }
}

/// Never recorded by an operation: the run in which it is thrown is over.
extension ReplayError: FatalFailure {
    var recordedCode: String? { nil }
}

/// Two kinds of error mean more than a failure to the operation that is recorded with them: they are known again by data that
/// begin with a word which is no JSON, as that of a ``RecordableError`` of the same name is.
extension RecordedError {
    private static let fatalMark = "fatal"
    private static let cancellationMark = "cancelled"

    /// As an operation is recorded that throws it.
    init(ofOperation error: any Error) {
        self.init(error)
        switch error {
        case let fatal as any FatalFailure: mark(Self.fatalMark, fatal.recordedCode)
        case let cancelled as ExecutionCancelledError: mark(Self.cancellationMark, cancelled.reason)
        default: break
        }
    }

    private mutating func mark(_ mark: String, _ text: String?) {
        self = RecordedError(type: type, message: message, data: text.map { "\(mark) \($0)" } ?? mark)
    }

    private func text(after mark: String) -> String?? {
        guard let data, data.hasPrefix(mark) else { return nil }
        return .some(data == mark ? nil : String(data.dropFirst(mark.count + 1)))
    }

    /// The fatal error that an operation was recorded with.
    var fatalFailure: (any FatalFailure)? {
        guard let code = text(after: Self.fatalMark) else { return nil }
        switch type {
        case "\(FatalError.self)": return FatalError(message)
        case "\(ContextError.self)": return ContextError(code: .init(description: code ?? ""), message: message)
        case "\(SerdesError.self)": return SerdesError(.init(description: code ?? ""), message: message)
        default: return nil
        }
    }

    /// The cancellation that an operation was recorded with.
    var cancellation: ExecutionCancelledError? {
        guard type == ExecutionCancelledError.recordedType, let reason = text(after: Self.cancellationMark) else {
            return nil
        }
        return ExecutionCancelledError(reason: reason)
    }

    /// An error that came from outside the execution: whatever it says, it is neither fatal to it nor its cancellation.
    init(outside error: RecordedError) {
        let isMarked = error.fatalFailure != nil || error.cancellation != nil
        self = isMarked ? RecordedError(type: error.type, message: error.message, stackTrace: error.stackTrace) : error
    }
}
