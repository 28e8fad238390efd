import ExecutionEngine
import ExecutionModel
import LogStorage

extension Core {
    /// Whether there is nothing on the disk that might be the execution: it is in memory, or gone.
    func isSettled(_ number: ExecutionNumber) -> Bool { engine.isResident(number) || dropped[number] != nil }

    /// The index has everything before `position`.
    mutating func noteIndexed(to position: LSN) {
        guard !dropped.isEmpty else { return }
        dropped = dropped.filter { $0.value >= position }
    }

    /// Takes up an execution that was read from the disk, unless it is in memory by now.
    mutating func install(_ loaded: LoadedExecution, in turn: inout Turn) {
        let state = loaded.state
        guard !engine.isResident(state.number), dropped[state.number] == nil else { return }
        engine.install(state)
        indexed[state.number] = loaded.indexed
        unreadable[state.number] = nil
        let function = FunctionKey(state.start)
        // Held before this process had code for it: the code that there is now has not had its try.
        if state.hold != nil, scheduler.registration(of: function) != nil { retryHeld(state.number, of: function) }
        takeUp(state.number, in: &turn)
    }

    /// What the index has to know of an execution before it may leave memory.
    func standing(of state: ExecutionState) -> (standing: IndexEntry.Standing, due: Timestamp?) {
        switch state.readiness(at: lastTime) {
        case .ended: isSettled(state) ? (.closed, state.nextDue) : (.attention, nil)
        case .waiting, .paused: (.waiting, state.nextDue)
        case .inFlight, .runnable, .held: (.attention, nil)
        }
    }

    /// Whether nothing more is to be done about an ended execution until its retention is over.
    private func isSettled(_ state: ExecutionState) -> Bool {
        guard !state.isInFlight, !state.start.isPlain else { return false }
        guard let parent = state.start.parent else { return true }
        if engine.isResident(parent.execution) { return !isOwed(state.number) }
        return toldParents.contains(state.number)
    }

    /// Whether the execution can leave memory: nothing is to be done about it before `horizon`, and nobody asks for it.
    private func isIdle(_ state: ExecutionState, until horizon: Timestamp, since: Timestamp) -> Bool {
        guard !pins.holds(state.number), state.lastTime <= since else { return false }
        if !pins.hasNoNames,
            pins.holds(nameHash: NameHash.of(function: state.start.function, name: state.start.name))
        {
            return false
        }
        switch state.readiness(at: lastTime) {
        case .inFlight: return false
        case .ended: return isSettled(state) && (state.nextDue ?? horizon) >= horizon
        case .waiting, .paused: return (state.nextDue ?? horizon) >= horizon
        // Until somebody registers its function there is nothing that it could do. The tables keep no timer of it.
        case .runnable, .held:
            return scheduler.registration(of: FunctionKey(state.start)) == nil && state.nextDue == nil
        }
    }

    enum Eviction {
        case gone
        /// It could leave, but the tables do not say what it needs now.
        case stale
        case stays
    }

    /// Lets an execution leave memory if the tables have all of it and nobody needs it soon.
    ///
    /// - Parameters:
    ///   - horizon: What is due before it stays.
    ///   - since: What has moved since then stays.
    mutating func evict(_ number: ExecutionNumber, horizon: Timestamp, since: Timestamp) -> Eviction {
        guard let state = engine.execution(number), let tabled = indexed[number] else {
            indexed[number] = nil
            return .stays
        }
        guard state.sequence == tabled.sequence, isIdle(state, until: horizon, since: since) else { return .stays }
        let (standing, due) = standing(of: state)
        guard standing == tabled.standing, due == tabled.due else { return .stale }
        scheduler.withdraw(number, of: FunctionKey(state.start))
        _ = timers.arm(number, at: nil)
        _ = owedToParents.arm(number, at: nil)
        retriesOfHeld.remove(number)
        toldParents.remove(number)
        indexed[number] = nil
        engine.evict(number)
        return .gone
    }
}

/// What the tables say of an execution that is in memory.
struct Indexed {
    var sequence: UInt32
    var standing: IndexEntry.Standing
    var due: Timestamp?

    init(_ entry: IndexEntry) {
        (sequence, standing, due) = (entry.sequence, entry.standing, entry.due)
    }
}
