import Foundation
import Synchronization

/// The seeds of random tests: fixed ones, or the one in `INDELIBLE_SEED`, to repeat a failure.
enum TestSeeds {
    static let given = ProcessInfo.processInfo.environment["INDELIBLE_SEED"].flatMap { UInt64($0) }

    static func some(_ count: Int) -> [UInt64] {
        given.map { [$0] } ?? (1...UInt64(count)).map { $0 }
    }
}

/// What a callback on any thread has done.
final class Flag: Sendable {
    private let value = Mutex(false)
    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
}

final class Order: Sendable {
    private let value = Mutex<[Int]>([])
    var items: [Int] { value.withLock { $0 } }
    func add(_ item: Int) { value.withLock { $0.append(item) } }
}
