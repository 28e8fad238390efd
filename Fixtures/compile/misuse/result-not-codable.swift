// What cannot be recorded cannot be a result.
import Indelible

struct Connection {
    var socket: Int
}

func connect(_ context: DurableContext) async throws -> Connection {
    try await context.step { _ in Connection(socket: 1) }  // error: cannot convert return expression
}
