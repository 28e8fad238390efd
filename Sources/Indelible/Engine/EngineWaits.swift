/// How time passes for whoever waits: by itself, or as a virtual clock has it.
package struct EngineWaits: Sendable {
    /// Lets `duration` pass, or throws when the task is cancelled.
    package var sleep: @Sendable (_ duration: Duration) async throws -> Void
    /// Calls `body` when `duration` has passed, unless what it returns is called before.
    package var after: @Sendable (_ duration: Duration, _ body: @escaping @Sendable () -> Void) -> @Sendable () -> Void

    package init(
        sleep: @escaping @Sendable (Duration) async throws -> Void,
        after: @escaping @Sendable (Duration, @escaping @Sendable () -> Void) -> @Sendable () -> Void
    ) {
        self.sleep = sleep
        self.after = after
    }

    package static let realTime = EngineWaits(
        sleep: { try await Task.sleep(for: $0) },
        after: { duration, body in
            let task = Task {
                do { try await Task.sleep(for: duration) } catch { return }  // Nobody waits any more.
                body()
            }
            return { task.cancel() }
        })
}
