import Indelible
import Synchronization

/// The callbacks that this process's handlers opened.
enum Callbacks {
    private static let ids = Mutex<[String: CallbackID]>([:])

    static func note(_ id: CallbackID, of execution: String) {
        ids.withLock { $0[execution] = id }
    }

    static var noted: [String: CallbackID] { ids.withLock { $0 } }

    /// Waits until `count` are there.
    static func all(_ count: Int) async throws {
        while noted.count < count { try await Task.sleep(for: .milliseconds(10)) }
    }
}
