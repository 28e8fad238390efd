import LogStorage

/// Runs blocking work on a thread of its own and returns its result.
///
/// For what waits for a disk: the cooperative pool has as many threads as cores, and one that blocks stops every task.
package func onOwnThread<R: Sendable, E: Error>(
    _ body: @escaping @Sendable () throws(E) -> R
) async throws(E) -> R {
    let result: Result<R, E> = await withUnsafeContinuation { continuation in
        let thread = LogThread {
            do throws(E) {
                continuation.resume(returning: .success(try body()))
            } catch {
                continuation.resume(returning: .failure(error))
            }
        }
        thread.detach()
    }
    return try result.get()
}
