import IndelibleTesting
import Testing

/// Runs each test of a suite twice: with handlers parked while their executions are suspended, and with none.
///
/// The record must be the same either way. A test that counts how often a handler runs says which way it means.
struct BothWays: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        // Called for the suite as well, whose scope is each of its tests'.
        guard testCase != nil else { return try await function() }
        try await TestEngine.$parkedHandlersMax.withValue(0) { try await function() }
        try await TestEngine.$parkedHandlersMax.withValue(64) { try await function() }
    }
}

extension Trait where Self == BothWays {
    /// With handlers parked, and without: see ``BothWays``.
    static var bothWays: BothWays { BothWays() }
}
