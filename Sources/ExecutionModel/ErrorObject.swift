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
}
