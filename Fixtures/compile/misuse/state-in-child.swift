// A child whose result is on record does not run again: what it changes outside would be missing on replay.
import Indelible

final class Basket {
    var items: [String] = []
}

func fill(_ context: DurableContext) async throws -> Int {
    let basket = Basket()
    try await context.runInChildContext { child in
        basket.items.append("apple")  // error: capture of 'basket' with non-Sendable
        try await child.wait(for: .seconds(1))
    }
    return basket.items.count
}
