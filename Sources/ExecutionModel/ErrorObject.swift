/// An error as it is recorded, replayed and sent: AWS's `ErrorObject`. Every part is optional.
package struct ErrorObject: Hashable, Sendable {
    package var message: String?
    /// The name of the error's type: what a replay and other languages know it by.
    package var type: String?
    /// What the error carries beside its message; opaque to the engine.
    package var data: String?
    package var stackTrace: [String]

    package init(message: String? = nil, type: String? = nil, data: String? = nil, stackTrace: [String] = []) {
        self.message = message
        self.type = type
        self.data = data
        self.stackTrace = stackTrace
    }

    /// Bytes of its parts together, and two for each line of its stack trace, so that empty lines count too.
    package var byteCount: Int {
        (message?.utf8.count ?? 0) + (type?.utf8.count ?? 0) + (data?.utf8.count ?? 0)
            + stackTrace.reduce(0) { $0 + $1.utf8.count + 2 }
    }
}
