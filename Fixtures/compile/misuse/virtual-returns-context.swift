// What a virtual context passes on as it is must be free of it.
import Indelible

func leak(_ context: DurableContext) async throws {
    let inner = try await context.runInVirtualContext { inner in inner }  // error: DurableContext
    try await inner.wait(for: .seconds(1))
}
