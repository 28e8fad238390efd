#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// A thread of the log's or the engine's own: its calls block, which nothing on the cooperative pool may.
///
/// Joined or detached once.
package struct LogThread: Sendable {
    private let handle: pthread_t

    package init(_ body: @escaping @Sendable () -> Void) {
        final class Body: Sendable {
            let run: @Sendable () -> Void
            init(_ run: @escaping @Sendable () -> Void) { self.run = run }
        }
        var handle = pthread_t()
        let context = Unmanaged.passRetained(Body(body)).toOpaque()
        let result = pthread_create(
            &handle, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                return nil
            }, context)
        precondition(result == 0, "no thread could be made: error \(result)")
        self.handle = handle
    }

    /// Waits until the body has returned. Once only, and not from the thread itself.
    package func join() {
        pthread_join(handle, nil)
    }

    /// Lets the thread go its way: nobody will wait for it.
    package func detach() {
        pthread_detach(handle)
    }
}
