/// A line of the worker's standard output: where it stands. The first one comes when every order is started or found.
package struct WorkerReport: Codable, Hashable, Sendable {
    /// Payments that this process found in the log, begun and not ended, when it opened it.
    package var recovered: Int
    /// Payments that have ended.
    package var done: Int

    package init(recovered: Int, done: Int) {
        self.recovered = recovered
        self.done = done
    }
}
