import ExecutionEngine
import ExecutionModel
import LogStorage

/// Why the runtime could not do what it was asked.
package enum RuntimeError: Error {
    /// The engine's rules refuse the command; nothing was changed.
    case refused(EngineError)
    /// The log could not be opened, is full, or failed. After a failure the engine stops: what was asked may or may not
    /// have been recorded, and only reopening tells.
    case log(LogError)
    /// A record of an intact frame does not decode: another program's log, or a newer version's event.
    case unreadableEvent(lsn: UInt64, EventDecodingError)
    /// An event that cannot follow those before it: another program wrote the log.
    case impossibleRecord(lsn: UInt64, RecordError)
    /// A state names a record that does not hold the payload of that length: the log is not the one it was, or a snapshot
    /// is another program's.
    case payloadMissing(lsn: UInt64, length: Int)
    /// No function of this name is registered, so a new execution of it could not run.
    case unknownFunction(FunctionKey)
    case unknownExecution(ExecutionNumber)
    /// The engine is closing or closed.
    case closed
    /// The caller's task was cancelled while it waited. The execution goes on.
    case cancelled
}

extension RuntimeError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .refused(let error): "\(error)"
        case .log(let error): "\(error)"
        case .unreadableEvent(let lsn, let error):
            "the record at LSN \(lsn) is intact but not an event this version knows: \(error); open it with the version that wrote it"
        case .impossibleRecord(let lsn, let error):
            "the record at LSN \(lsn) is intact but cannot follow those before it: \(error); restore a copy of the log"
        case .payloadMissing(let lsn, let length):
            "the record at LSN \(lsn) should hold a payload of \(length) bytes and does not; run 'indelible log verify' and restore a copy of the log"
        case .unknownFunction(let function):
            "no function named '\(function.name)' with version \(function.version) is registered with this engine; pass it to open(at:functions:) or register(_:)"
        case .unknownExecution(let number): "no execution has the number \(number.rawValue) in this log"
        case .closed: "the engine is closed; open it again"
        case .cancelled: "the wait was cancelled; the execution goes on"
        }
    }
}
