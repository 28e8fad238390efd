/// What a caller's wait for an execution's end means for time: production lets it pass, a virtual clock moves on.
package struct EngineWaits: Sendable {
    /// Somebody begins, and ends, to wait for an execution.
    package var begin: @Sendable () -> Void
    package var end: @Sendable () -> Void
    /// Lets `duration` pass, or throws when the task is cancelled.
    package var sleep: @Sendable (_ duration: Duration) async throws -> Void

    package init(
        begin: @escaping @Sendable () -> Void, end: @escaping @Sendable () -> Void,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.begin = begin
        self.end = end
        self.sleep = sleep
    }

    package static let realTime = EngineWaits(begin: {}, end: {}, sleep: { try await Task.sleep(for: $0) })
}
