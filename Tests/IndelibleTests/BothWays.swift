import IndelibleTesting
import Testing

/// Runs each test of a suite twice: with handlers parked while their executions are suspended, and with none.
///
/// The record must be the same either way. A test that counts how often a handler runs says which way it means.
struct BothWays: SuiteTrait, TestTrait, TestScoping {
    /// Bytes of a result that a restarted engine keeps in memory. A handler that replays reads the others from the log.
    var resultLengthInMemoryMax = 0

    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        // Called for the suite as well, whose scope is each of its tests'.
        guard testCase != nil else { return try await function() }
        try await TestEngine.$payloadLengthInMemoryMax.withValue(resultLengthInMemoryMax) {
            try await TestEngine.$parkedHandlersMax.withValue(0) { try await function() }
        }
        try await TestEngine.$parkedHandlersMax.withValue(64) { try await function() }
    }
}

extension Trait where Self == BothWays {
    /// With handlers parked, and without: see ``BothWays``.
    static var bothWays: BothWays { BothWays() }

    /// As ``bothWays``, for a test with thousands of results, whose reading would be all that it does.
    static func bothWays(resultLengthInMemoryMax: Int) -> BothWays {
        BothWays(resultLengthInMemoryMax: resultLengthInMemoryMax)
    }
}

/// Whether this run of the test keeps suspended handlers: then they go on without a replay, and their `catch` blocks hear
/// nothing of a suspension.
var handlersAreParked: Bool { TestEngine.parkedHandlersMax != 0 }

/// How often a handler runs that is suspended once.
var runsWithOneSuspension: Int { handlersAreParked ? 1 : 2 }
