// The types of an invoke are those of its function.
import Indelible

let quote = PlainFunction("quote") { (place: String) in place.count }

func ask(_ context: DurableContext) async throws {
    _ = try await context.invoke(quote, input: 7)  // error: cannot convert value of type 'Int' to expected argument type 'String'
    _ = try await context.invoke(quote)  // error: String
}
