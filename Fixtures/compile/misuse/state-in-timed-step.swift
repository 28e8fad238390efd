import Indelible

func slow(_ context: DurableContext) async throws -> Int {
    var count = 0
    try await context.step("slow", timeout: .minutes(1)) { _ in
        count += 1  // error: mutation of captured var 'count'
    }
    return count
}
