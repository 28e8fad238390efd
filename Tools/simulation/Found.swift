import Synchronization

/// What a task has found out for its driver.
final class Found: Sendable {
    private let content = Mutex<[String: Bool]?>(nil)

    var value: [String: Bool]? { content.withLock { $0 } }

    func set(_ value: [String: Bool]) { content.withLock { $0 = value } }
}
