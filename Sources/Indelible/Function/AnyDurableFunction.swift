/// A durable function whatever its types: what an engine registers.
///
/// ``DurableFunction`` is the one conformance.
public protocol AnyDurableFunction: Sendable {
    var name: String { get }
    /// The function from bytes to bytes.
    var invocable: InvocableFunction { get }
}

/// A function as an engine sees it: from recorded bytes to bytes to record.
public struct InvocableFunction: Sendable {
    package let name: String
    package let options: FunctionOptions
    let handle: @Sendable ([UInt8]?, DurableContext) async throws -> [UInt8]?

    init(
        name: String, options: FunctionOptions,
        handle: @escaping @Sendable ([UInt8]?, DurableContext) async throws -> [UInt8]?
    ) {
        self.name = name
        self.options = options
        self.handle = handle
    }
}
