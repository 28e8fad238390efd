import ExecutionModel
import Synchronization

/// Which of the two batch operations it is.
struct BatchKind: Sendable {
    let subType: String
    let itemSubType: String
    let itemName: String
    let summaryType: String

    static let map = BatchKind(
        subType: "Map", itemSubType: "MapIteration", itemName: "map-item", summaryType: "MapResult")
    static let parallel = BatchKind(
        subType: "Parallel", itemSubType: "ParallelBranch", itemName: "parallel-branch", summaryType: "ParallelResult")
}

/// What a caller asks of a batch.
struct BatchOptions {
    let kind: BatchKind
    let count: Int
    let concurrencyLimit: Int?
    let completion: BatchCompletion
    let nesting: BatchNesting
    /// Of the item at an index; nil or empty: the kind's own.
    let itemName: @Sendable (Int) -> String?

    func check() throws(ContextError) {
        if let concurrencyLimit, concurrencyLimit < 1 {
            throw ContextError(
                code: .invalidArgument, message: "a batch of concurrency \(concurrencyLimit) cannot start: at least 1")
        }
        try completion.check(count: count)
    }

    func name(of index: Int) throws(ContextError) -> String {
        var name = itemName(index) ?? ""
        if name.isEmpty { name = "\(kind.itemName)-\(index)" }
        guard name.isPrintableASCII(Limits.operationNameLengthMax) else {
            throw ContextError(
                code: .invalidName,
                message: "the item's name '\(name.prefix(64))' is not 1 to 256 printable ASCII characters")
        }
        return name
    }
}

/// Runs the items of a batch, each on a strand of its own, and gathers what they come to.
///
/// It runs on the strand of the operation itself: one place decides what starts and when it is over.
struct BatchRun: Sendable {
    let identity: OperationIdentity
    /// The inside of the operation.
    let scope: ContextScope
    let kind: BatchKind
    let nesting: BatchNesting
    let names: [String]
    /// The body of the item at an index: gives the bytes of its result.
    let body: @Sendable (Int, ContextScope) async throws -> [UInt8]?

    struct Outcome {
        var statuses: [BatchItemStatus?]
        var outcomes: [Int: BranchOutcome]
        var reason: BatchCompletionReason
    }

    private var run: HandlerRun { scope.run }

    /// Runs the items until the batch is over. What is running then is abandoned.
    ///
    /// Once an item has thrown a cancellation no other starts; each that runs is told of it too, and may undo what it has
    /// done.
    nonisolated(nonsending) func run(_ state: BatchState) async throws -> Outcome {
        var state = state
        var outcomes: [Int: BranchOutcome] = [:]
        let mailbox = Mailbox(owner: scope.strand)
        var running: [Int: Strand] = [:]
        var cancellation: (any Error)?
        do {
            try requireNoMoreItems()
            while state.reason == nil {
                while cancellation == nil, let index = state.startNext() {
                    running[index] = try start(index, mailbox)
                }
                if state.reason != nil { break }
                if let cancellation, running.isEmpty { throw cancellation }
                let (index, outcome) = try await next(mailbox)
                running[index] = nil
                switch outcome {
                case .aborted(let error) where error is ExecutionCancelledError: cancellation = cancellation ?? error
                case .aborted(let error): throw error
                case .succeeded, .failed:
                    outcomes[index] = outcome
                    // A cancelled batch decides nothing any more.
                    if cancellation == nil { state.end(index, succeeded: outcome.isSuccess) }
                }
            }
            try await abandon(running, mailbox, &state, &outcomes)
        } catch {
            await giveUp(running, after: error)
            throw error
        }
        return Outcome(statuses: state.statuses, outcomes: outcomes, reason: state.reason ?? .allCompleted)
    }

    /// Runs the items again that had ended when a batch did whose result was too large to be recorded.
    nonisolated(nonsending) func replay(_ summary: BatchSummary) async throws -> Outcome {
        guard summary.totalCount <= names.count else { throw divergeOverItems() }
        let indexes = summary.indexes
        var statuses = [BatchItemStatus?](repeating: nil, count: names.count)
        for index in indexes.started { statuses[index] = .started }
        var outcomes: [Int: BranchOutcome] = [:]
        let mailbox = Mailbox(owner: scope.strand)
        for index in indexes.completed {
            if nesting == .nested { try requireEnded(index) }
            // One at a time: each answers from the record, or runs over it.
            let strand = try start(index, mailbox)
            do {
                let (_, outcome) = try await next(mailbox)
                if case .aborted(let error) = outcome { throw error }
                outcomes[index] = outcome
                statuses[index] = outcome.isSuccess ? .succeeded : .failed
            } catch {
                await giveUp([index: strand], after: error)
                throw error
            }
        }
        return Outcome(statuses: statuses, outcomes: outcomes, reason: summary.completionReason)
    }

    /// The context of an item that the summary says had ended must have.
    private func requireEnded(_ index: Int) throws {
        let item = itemIdentity(index)
        guard let row = run.row(item.id), row.status.isTerminal else {
            throw run.diverge(recorded: nil, attempted: item)
        }
    }

    /// Items start in order, so of those that the history holds and the handler does not give, it holds the first.
    private func requireNoMoreItems() throws {
        if run.hasRow(lostItem) || run.hasRow(OperationPath(in: lostItem).next) { throw divergeOverItems() }
    }

    /// The id of the item after the last.
    private var lostItem: OperationID { OperationPath.branch(names.count, of: identity.id) }

    private func divergeOverItems() -> ReplayError {
        let lost = run.row(lostItem) ?? run.row(OperationPath(in: lostItem).next)
        return run.diverge(recorded: lost?.identity, attempted: identity)
    }

    private nonisolated(nonsending) func next(_ mailbox: Mailbox) async throws -> (Int, BranchOutcome) {
        while true {
            if let ended = run.state.withLock({ _ in mailbox.take() }) { return ended }
            try await run.awaitBranch(of: mailbox, on: scope.strand)
        }
    }

    // MARK: Items

    private func itemIdentity(_ index: Int) -> OperationIdentity {
        OperationIdentity(
            id: OperationPath.branch(index, of: identity.id), parentID: identity.id, type: .context,
            subType: kind.itemSubType, name: names[index])
    }

    private func start(_ index: Int, _ mailbox: Mailbox) throws -> Strand {
        let item = itemIdentity(index)
        let row = run.row(item.id)
        try requireNesting(item, row)
        return run.startBranch(
            index, of: scope.strand, context: nesting == .nested ? item.id : nil,
            isEnding: row?.status.isTerminal ?? false, telling: mailbox
        ) { strand in await outcome(of: index, item, on: strand) }
    }

    /// A record under a flat item's id is that of a nested batch; operations of a nested item that has none are those of a
    /// flat one.
    private func requireNesting(_ item: OperationIdentity, _ row: Operation?) throws {
        switch nesting {
        case .nested:
            guard row == nil, let inner = run.row(OperationPath(in: item.id).next) else { return }
            throw run.diverge(recorded: inner.identity, attempted: item)
        case .flat:
            if let row { throw run.diverge(recorded: row.identity, attempted: item) }
        }
    }

    /// Nil: the invocation is over for the item.
    private func outcome(of index: Int, _ item: OperationIdentity, on strand: Strand) async -> BranchOutcome? {
        let inside = ContextScope(
            run: run, strand: strand, prefix: item.id, parentID: nesting == .nested ? item.id : identity.id,
            isReplaying: scope.isReplaying, lastTime: scope.lastTime, isToldOfCancel: scope.isToldOfCancel,
            isPast: scope.isPast || run.row(identity.id)?.status.isTerminal ?? false)
        do {
            return try await run.observed(item, isRecorded: nesting == .nested) {
                do { return try await end(of: index, item, inside) } catch { throw run.passing(error, on: strand) }
            }
        } catch is Suspension {
            return nil
        } catch let error where error is any FatalFailure || error is ExecutionCancelledError {
            return .aborted(error)
        } catch {
            return .failed(RecordedError(error))
        }
    }

    private func end(
        of index: Int, _ item: OperationIdentity, _ inside: ContextScope
    ) async throws -> BranchOutcome {
        guard nesting == .nested else { return .succeeded(try await flat(index, item, inside)) }
        let end = try await RecordedContext(identity: item, scope: inside).end { try await body(index, $0) }
        switch end.outcome {
        case .succeeded(let bytes): return .succeeded(bytes)
        case .failed(let error):
            if let cancelled = error.cancellation { throw cancelled }
            return .failed(error)
        }
    }

    private func flat(_ index: Int, _ item: OperationIdentity, _ inside: ContextScope) async throws -> [UInt8]? {
        do {
            return try await run.observedBody(of: item) { try await body(index, inside) }
        } catch {
            if run.isCancelled { throw run.end(.abandoned) }
            if run.isSuspending { throw Suspension() }
            throw error
        }
    }

    // MARK: The end

    /// Cuts off what still runs. An item whose end is in the record, or on its way there, has ended all the same.
    private nonisolated(nonsending) func abandon(
        _ running: [Int: Strand], _ mailbox: Mailbox, _ state: inout BatchState, _ outcomes: inout [Int: BranchOutcome]
    ) async throws {
        let strands = running.sorted { $0.key < $1.key }.map(\.value)
        for _ in 0..<(await run.orphan(strands, sparesEnding: true)) {
            let (index, outcome) = try await next(mailbox)
            if case .aborted = outcome { continue }
            outcomes[index] = outcome
            state.end(index, succeeded: outcome.isSuccess)
        }
    }

    /// The operation itself comes to no end here. When the invocation is over, its items unwind too, and are waited for;
    /// otherwise they are cut off.
    private nonisolated(nonsending) func giveUp(_ running: [Int: Strand], after error: any Error) async {
        guard error is Suspension || run.isSuspending else {
            await run.orphan(running.sorted { $0.key < $1.key }.map(\.value))
            return
        }
        // In order: what a task that is waited for does next depends on which are over already.
        for (_, strand) in running.sorted(by: { $0.key < $1.key }) {
            await run.state.withLock { _ in strand.task }?.value
        }
    }
}

extension BranchOutcome {
    var isSuccess: Bool {
        if case .succeeded = self { true } else { false }
    }
}
