import Foundation
import IndelibleTesting
import Synchronization

/// The time of a test's engine, for what is made before the engine is.
final class EngineTime: Sendable {
    private let engine = Mutex<TestEngine?>(nil)

    func attach(_ engine: TestEngine) {
        self.engine.withLock { $0 = engine }
    }

    var nanoseconds: UInt64 {
        UInt64((engine.withLock { $0 }?.now.timeIntervalSince1970 ?? 0) * 1_000) * 1_000_000
    }
}
