import DequeModule
import ExecutionModel

/// Which runnable executions may be invoked now: the concurrency limits of the engine and of each function, and the
/// queues of those that must wait.
///
/// It decides order and nothing else. Executions of functions that nobody registered wait here too, visibly.
struct Scheduler {
    private struct Function {
        var registration: FunctionRegistration?
        var registrationCount = 0
        var running = 0
        /// Those that were withdrawn are among them, and are not in ``Scheduler/waiting`` any more.
        var waiting = Deque<ExecutionNumber>()
        var withdrawnCount = 0

        var hasRoom: Bool {
            guard let registration else { return false }
            return running < (registration.concurrencyLimit ?? .max)
        }
    }

    private let limit: Int
    private(set) var runningCount = 0
    private var functions: [FunctionKey: Function] = [:]
    /// Executions that wait for a slot or a registration.
    private var waiting: Set<ExecutionNumber> = []
    /// Functions with waiting executions, in the order in which they take their turns.
    private var turns = Deque<FunctionKey>()

    init(limit: Int) {
        precondition(limit > 0, "an engine must be allowed one invocation")
        self.limit = limit
    }

    func registration(of function: FunctionKey) -> FunctionRegistration? {
        functions[function]?.registration
    }

    /// How often the function was registered: another number, other code.
    func registrationCount(of function: FunctionKey) -> Int {
        functions[function]?.registrationCount ?? 0
    }

    mutating func register(_ registration: FunctionRegistration) {
        functions[registration.key, default: Function()].registration = registration
        functions[registration.key]?.registrationCount += 1
    }

    /// Puts a runnable execution in its function's queue, once.
    mutating func offer(_ execution: ExecutionNumber, of function: FunctionKey) {
        guard waiting.insert(execution).inserted else { return }
        if functions[function, default: Function()].waiting.isEmpty { turns.append(function) }
        functions[function, default: Function()].waiting.append(execution)
    }

    /// Takes the next execution that may be invoked and counts it as running. Functions take turns, so that one with a
    /// long queue does not hold up the others.
    mutating func next() -> (execution: ExecutionNumber, registration: FunctionRegistration)? {
        guard runningCount < limit else { return nil }
        for (place, key) in turns.enumerated() {
            guard let function = functions[key], function.hasRoom, let registration = function.registration else {
                continue
            }
            turns.remove(at: place)
            guard let execution = functions[key]?.waiting.popFirst() else {
                preconditionFailure("\(key.name) has a turn and nothing waiting")
            }
            dropWithdrawn(key)
            if functions[key]?.waiting.isEmpty == false { turns.append(key) }
            waiting.remove(execution)
            functions[key]?.running += 1
            runningCount += 1
            return (execution, registration)
        }
        return nil
    }

    /// Takes an execution out of its queue for good: it has ended.
    mutating func withdraw(_ execution: ExecutionNumber, of key: FunctionKey) {
        guard waiting.remove(execution) != nil, let count = functions[key]?.withdrawnCount else { return }
        functions[key]?.withdrawnCount = count + 1
        dropWithdrawn(key)
        if functions[key]?.waiting.isEmpty == true { turns.removeAll { $0 == key } }
    }

    /// Keeps the head of a queue one that waits, and its length that of those that do, by a factor.
    private mutating func dropWithdrawn(_ key: FunctionKey) {
        guard var function = functions[key], function.withdrawnCount > 0 else { return }
        functions[key] = nil
        if function.withdrawnCount > function.waiting.count / 2 {
            function.waiting.removeAll { !waiting.contains($0) }
            function.withdrawnCount = 0
        }
        while let head = function.waiting.first, !waiting.contains(head) {
            function.waiting.removeFirst()
            function.withdrawnCount -= 1
        }
        functions[key] = function
    }

    /// Whether ``next()`` would give an execution.
    var hasNext: Bool {
        runningCount < limit && turns.contains { functions[$0]?.hasRoom ?? false }
    }

    /// Gives back the slot of an invocation that ended.
    mutating func release(_ function: FunctionKey) {
        precondition(
            functions[function].map { $0.running > 0 } ?? false, "a slot of \(function.name) was released twice")
        functions[function]?.running -= 1
        runningCount -= 1
    }

    var waitingCount: Int { waiting.count }

    /// The length of a function's queue, with those that were withdrawn.
    func queuedCount(of function: FunctionKey) -> Int { functions[function]?.waiting.count ?? 0 }
}
