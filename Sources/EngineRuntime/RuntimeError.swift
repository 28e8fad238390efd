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
    /// The index, a cache, cannot be read. Opened again, the engine makes it anew from the log.
    case index(IndexError)
    /// A file that the index needs is not there.
    case unreadableFile(LogFileID)
    /// The snapshot of an execution is intact but not one that this version knows.
    case unreadableSnapshot(ExecutionNumber, SnapshotError)
    /// The events of an execution are not all where the index says that they are.
    case unreadableExecution(ExecutionNumber, missing: LogFileID?)
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
        case .index(let error):
            "the index cannot be read: \(error); open the log again, and it is made anew"
        case .unreadableFile(let file): "\(file.name) is missing; run 'indelible log verify' for the extent"
        case .unreadableSnapshot(let number, let error):
            "the snapshot of execution \(number.rawValue) is intact but cannot be used: \(error); open the log with the version that wrote it"
        case .unreadableExecution(let number, let missing):
            "the history of execution \(number.rawValue) is not whole\(missing.map { ": \($0.name) is missing" } ?? ""); run 'indelible log verify' for the extent"
        case .unknownFunction(let function):
            "no function named '\(function.name)' with version \(function.version) is registered with this engine; pass it to open(at:functions:) or register(_:)"
        case .unknownExecution(let number): "no execution has the number \(number.rawValue) in this log"
        case .closed: "the engine is closed; open it again"
        case .cancelled: "the wait was cancelled; the execution goes on"
        }
    }
}
