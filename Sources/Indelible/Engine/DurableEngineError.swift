import EngineRuntime
import ExecutionEngine
import LogStorage

/// Why an engine did not do what it was asked.
public struct DurableEngineError: Error, Sendable, CustomStringConvertible {
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        public let description: String

        /// No function of this name is registered with the engine.
        public static let unknownFunction = Code(description: "unknownFunction")
        /// The function has an execution of this name already, started with another input.
        public static let nameTaken = Code(description: "nameTaken")
        /// A name, a payload or a duration breaks a limit. The message names it.
        public static let invalidArgument = Code(description: "invalidArgument")
        /// The log holds no such execution or callback.
        public static let notFound = Code(description: "notFound")
        /// The callback was completed before, or has timed out.
        public static let callbackEnded = Code(description: "callbackEnded")
        /// The execution is not in a state that the command is for: it has ended, or it has not.
        public static let conflict = Code(description: "conflict")
        /// The execution did not end within the time given. It goes on.
        public static let timedOut = Code(description: "timedOut")
        /// The engine is closing or closed.
        public static let closed = Code(description: "closed")
        /// Another process, or another engine in this one, has the log open.
        public static let logInUse = Code(description: "logInUse")
        /// The path is a file, or a directory that holds other things.
        public static let notALog = Code(description: "notALog")
        /// A newer version of this library wrote the log. Nothing was changed.
        public static let newerFormat = Code(description: "newerFormat")
        /// What the log holds is not what was written. The message names the place.
        public static let damaged = Code(description: "damaged")
        /// The disk is full: new work is refused, running work goes on in the room that is left.
        public static let noRoom = Code(description: "noRoom")
        /// The log failed, and the engine has stopped. What was asked may or may not have been recorded: open it again.
        public static let logFailed = Code(description: "logFailed")
    }

    public let code: Code
    /// What happened, to what, and what to do.
    public let message: String
    public let cause: (any Error)?

    init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    public var description: String { message }
}

extension DurableEngineError {
    init(_ error: RuntimeError) {
        switch error {
        case .refused(let refusal): self.init(Code(refusal.code), refusal.message, cause: error)
        case .log(let error): self.init(Code(error), "\(error)", cause: error)
        case .unreadableEvent: self.init(.newerFormat, "\(error)", cause: error)
        case .impossibleRecord, .payloadMissing, .index, .unreadableFile, .unreadableSnapshot, .unreadableExecution:
            self.init(.damaged, "\(error)", cause: error)
        case .unknownFunction: self.init(.unknownFunction, "\(error)", cause: error)
        case .unknownExecution: self.init(.notFound, "\(error)", cause: error)
        case .closed, .cancelled: self.init(.closed, "\(error)", cause: error)
        }
    }
}

extension DurableEngineError.Code {
    fileprivate init(_ code: EngineError.Code) {
        switch code {
        case .invalidParameterValue: self = .invalidArgument
        case .executionAlreadyStarted: self = .nameTaken
        case .resourceNotFound: self = .notFound
        case .callbackTimeout: self = .callbackEnded
        case .resourceConflict: self = .conflict
        }
    }

    fileprivate init(_ error: LogError) {
        switch error {
        case .outcomeUnknown, .storage: self = .logFailed
        case .closed: self = .closed
        case .noRoom: self = .noRoom
        case .appendTooLarge: self = .invalidArgument
        case .inUse: self = .logInUse
        case .notALog: self = .notALog
        case .newerVersion, .newerManifest: self = .newerFormat
        case .damaged, .declined: self = .damaged
        case .noSuchRecord: self = .notFound
        }
    }
}

/// Runs a call of the runtime; a cancelled wait is a `CancellationError`, anything else a ``DurableEngineError``.
nonisolated(nonsending) func asking<Answer>(
    _ body: nonisolated(nonsending) () async throws(RuntimeError) -> Answer
) async throws -> Answer {
    do throws(RuntimeError) {
        return try await body()
    } catch {
        if case .cancelled = error { throw CancellationError() }
        throw DurableEngineError(error)
    }
}
