import ExecutionModel

/// What a command came to: facts to record, and what must happen once they are durable.
///
/// `decide` makes it and changes nothing; the runtime applies and enqueues `events` in one step, and releases `reply`
/// and `effects` when the log says that those events, and all that the decision saw, are durable.
package struct Decision<Reply: Sendable>: Sendable {
    /// Executions that begin with the events: recorded in the same append, before them.
    package var children: [ChildStart] = []
    package var events: [Event]
    package var effects: [Effect]
    package var reply: Reply

    package init(events: [Event] = [], effects: [Effect] = [], reply: Reply) {
        self.events = events
        self.effects = effects
        self.reply = reply
    }
}

/// An execution that a decision about another one starts.
package struct ChildStart: Hashable, Sendable {
    package var number: ExecutionNumber
    package var start: ExecutionStart
}

/// Something to do outside the engine's state, once its cause is durable.
///
/// What can be read off the state (a timer to arm, a handler to invoke) is no effect: the runtime derives it after every
/// decision just as recovery does.
package enum Effect: Hashable, Sendable {
    /// The invocation in flight is over for the engine (timed out, stopped): its task should be cancelled, and what it
    /// still says is refused.
    case cancelInvocation
    /// The execution reached its end: those who wait for its result may have it.
    case executionEnded
}
