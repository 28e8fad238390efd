// A plain function records nothing: it has no context, and borrows none.
import Indelible

func invoke(_ context: DurableContext) async throws -> Int {
    let plain = PlainFunction("plain") { (number: Int) in
        try await context.step { _ in number }  // error: capture of 'context' with non-Sendable
    }
    return try await context.invoke(plain, input: 1)
}
