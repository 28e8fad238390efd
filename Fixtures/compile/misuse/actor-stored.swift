// An actor that keeps the context could use it at any time.
import Indelible

actor Keeper {
    private var context: DurableContext?

    func keep(_ context: DurableContext) {
        self.context = context
    }
}

func leak(_ context: DurableContext, _ keeper: Keeper) async throws {
    await keeper.keep(context)  // error: sending 'context' risks causing data races
    try await context.wait(for: .seconds(1))
}
