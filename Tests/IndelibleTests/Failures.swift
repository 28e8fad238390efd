import Indelible
import IndelibleTesting
import Testing

/// What an execution ends with that comes to no result.
func failure<Output>(
    of execution: ExecutionHandle<Output>, sourceLocation: SourceLocation = #_sourceLocation
) async throws -> ExecutionError {
    let error = await #expect(throws: ExecutionError.self, sourceLocation: sourceLocation) {
        _ = try await execution.result()
    }
    return try #require(error, sourceLocation: sourceLocation)
}

/// An error that is recorded whole.
struct Declined: RecordableError, Equatable, CustomStringConvertible {
    var code: Int
    var description: String { "declined with \(code)" }
}

extension [HistoryEvent] {
    /// The history without its invocations: where something quick is awaited they depend on who is first.
    var operations: String { filter { $0.type != "InvocationCompleted" }.notation }
}
