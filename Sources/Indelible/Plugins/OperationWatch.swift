import ExecutionEngine
import ExecutionModel

/// What plugins have been told of a run's operations, and what they are to be told next: each start and each end once in an
/// invocation, and an end in the first invocation that sees it.
///
/// Part of the run's state. It says what to tell; telling happens outside the lock.
struct OperationWatch {
    private struct Open {
        let identity: OperationIdentity
        /// Whether the history has a record of the operation.
        let isRecorded: Bool
        var isReplayed: Bool
        var startTime: Timestamp?
        /// Its place in the order of beginning.
        let place: Int
        var body: Body?
    }

    private struct Body {
        let attempt: Int
        /// Whether its end has been told, since its run is parked.
        var isSuspended = false
    }

    private struct Ended {
        let row: Operation
        let place: Int
    }

    private var open: [OperationID: Open] = [:]
    /// What has ended, and is not told.
    private var untold: [OperationID: Ended] = [:]
    private var suspended: [ObservedBody] = []
    private var lastPlace = 0
    /// A callback is open when what opened it has returned; everything else closes what it has opened.
    private var openCallbackCount = 0

    private mutating func nextPlace() -> Int {
        lastPlace += 1
        return lastPlace
    }

    // MARK: Rows

    /// Takes in rows that changed.
    mutating func note(_ rows: [Operation]) {
        for row in rows where row.identity.type != .execution {
            open[row.identity.id]?.startTime = row.startTime
            if row.status.isTerminal { untold[row.identity.id] = Ended(row: row, place: nextPlace()) }
        }
    }

    /// What has ended from outside, and no handler has looked at.
    mutating func takeUntold() -> [ObservedOperation] {
        guard !untold.isEmpty else { return [] }
        let ended = untold.values.filter { $0.row.identity.type.endsFromOutside }.sorted { $0.place < $1.place }
        untold = [:]
        return ended.map { ended in
            let known = close(ended.row.identity)
            return ObservedOperation(ended.row, isReplayed: known?.isReplayed ?? true)
        }
    }

    // MARK: Operations

    /// An operation begins. Gives what is to be told of it, if anything.
    ///
    /// - Parameter row: What the history holds.
    mutating func begin(_ identity: OperationIdentity, isRecorded: Bool, row: Operation?) -> ObservedOperation? {
        let hasEnded = row?.status.isTerminal ?? false
        // Its end is told when it is read, or has been told.
        if hasEnded, !(row?.isReplayedInside ?? false) { return nil }
        let operation = Open(
            identity: identity, isRecorded: isRecorded, isReplayed: row != nil, startTime: row?.startTime,
            place: nextPlace())
        open[identity.id] = operation
        if identity.type == .callback { openCallbackCount += 1 }
        return hasEnded ? nil : observed(operation, status: row?.status ?? .started)
    }

    /// Takes an operation out of those that are open, and the callbacks in it that nobody has asked for.
    @discardableResult
    private mutating func close(_ identity: OperationIdentity) -> Open? {
        if identity.type == .context, openCallbackCount > 0 {
            let callbacks = open.values.filter { $0.identity.type == .callback && $0.identity.parentID == identity.id }
            for callback in callbacks { close(callback.identity) }
        }
        guard let closed = open.removeValue(forKey: identity.id) else { return nil }
        if identity.type == .callback { openCallbackCount -= 1 }
        return closed
    }

    /// The handler has been unwound, or a branch of it, before the operation ended.
    mutating func forget(_ identity: OperationIdentity) {
        close(identity)
    }

    /// An operation has come to its end in the handler. Gives what is to be told of it, if anything.
    ///
    /// - Parameters:
    ///   - row: What the history holds, where the run keeps it.
    ///   - error: What the operation throws.
    mutating func end(_ identity: OperationIdentity, row: Operation?, error: (any Error)?) -> ObservedOperation? {
        let ended = untold[identity.id]?.row ?? row.flatMap { $0.status.isTerminal ? $0 : nil }
        guard let known = open[identity.id] else {
            guard let row = untold.removeValue(forKey: identity.id)?.row else { return nil }
            return ObservedOperation(row, isReplayed: true)
        }
        close(identity)
        untold[identity.id] = nil
        // The handler goes on without it, since the execution was asked to end.
        if ended == nil, identity.type.endsFromOutside { return nil }
        if let ended { return ObservedOperation(ended, isReplayed: known.isReplayed) }
        return observed(known, status: error == nil ? .succeeded : .failed, error: error.map { RecordedError($0) })
    }

    private func observed(
        _ operation: Open, status: OperationStatus, error: RecordedError? = nil
    ) -> ObservedOperation {
        ObservedOperation(
            operation.identity, status: status, startTime: operation.startTime, error: error,
            isReplayed: operation.isReplayed, isRecorded: operation.isRecorded)
    }

    // MARK: Bodies

    /// The body that runs in an operation; nil: none does.
    func body(of id: OperationID) -> ObservedBody? {
        guard let operation = open[id], let body = operation.body else { return nil }
        return ObservedBody(operation: observed(operation, status: .started), attempt: body.attempt)
    }

    mutating func beginBody(of id: OperationID, attempt: Int) -> ObservedBody? {
        open[id]?.body = Body(attempt: attempt)
        return body(of: id)
    }

    /// Nil: its end has been told.
    mutating func endBody(of id: OperationID) -> ObservedBody? {
        guard let body = body(of: id), let isSuspended = open[id]?.body?.isSuspended else { return nil }
        open[id]?.body = nil
        return isSuspended ? nil : body
    }

    // MARK: Parking

    /// The run is parked: what runs in it has come to an end for this invocation.
    mutating func suspendBodies() {
        for operation in open.values.sorted(by: { $0.place > $1.place }) where operation.body != nil {
            if let body = body(of: operation.identity.id) { suspended.append(body) }
            open[operation.identity.id]?.body?.isSuspended = true
        }
    }

    /// The bodies that were suspended, the innermost first.
    mutating func takeSuspended() -> [ObservedBody] {
        defer { suspended = [] }
        return suspended
    }

    /// The run goes on in another invocation: gives what is open in it, the outermost first, as a replay would come to it.
    ///
    /// - Parameter status: Where an operation stands, where the run knows.
    mutating func resume(
        _ status: (OperationID) -> OperationStatus?
    ) -> [(operation: ObservedOperation, body: ObservedBody?)] {
        open.values.sorted { $0.place < $1.place }.compactMap { operation in
            let id = operation.identity.id
            open[id]?.isReplayed = operation.isRecorded
            guard untold[id] == nil else { return nil }
            if operation.body != nil { open[id]?.body?.isSuspended = false }
            guard let resumed = open[id] else { return nil }
            return (observed(resumed, status: status(id) ?? .started), body(of: id))
        }
    }
}

extension OperationType {
    /// Whether it is time, or somebody outside, that ends such an operation.
    fileprivate var endsFromOutside: Bool {
        switch self {
        case .wait, .callback, .chainedInvoke: true
        case .step, .context, .execution: false
        }
    }
}

extension Operation {
    /// Whether it is a context that has ended and whose body runs again on each replay.
    var isReplayedInside: Bool {
        if case .context(replayChildren: true) = details { true } else { false }
    }
}
