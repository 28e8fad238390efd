import Indelible

func count(_ context: DurableContext) async throws -> Int {
    var count = 0
    try await context.runInChildContext { child in
        count += 1  // error: mutation of captured var 'count'
        try await child.wait(for: .seconds(1))
    }
    return count
}
