/// A function whatever its types: what an engine registers. ``DurableFunction`` and ``PlainFunction`` are the conformances.
public protocol EngineFunction: Sendable {
    var name: String { get }
    /// The function from bytes to bytes.
    var invocable: InvocableFunction { get }
}

/// A function as an engine sees it: from recorded bytes to bytes to record.
public struct InvocableFunction: Sendable {
    package let name: String
    package let options: FunctionOptions
    let code: Code

    /// What runs.
    enum Code: Sendable {
        case durable(@Sendable ([UInt8]?, DurableContext) async throws -> [UInt8]?)
        case plain(@Sendable ([UInt8]?, SerdesPlace) async throws -> [UInt8]?)
    }

    /// `$LATEST`, or the number that the function was given.
    package var version: String { options.version.map { "\($0)" } ?? "$LATEST" }

    package var isPlain: Bool {
        if case .plain = code { true } else { false }
    }
}

/// A function that a handler can invoke: a ``DurableFunction``, a ``PlainFunction``, or a ``FunctionReference``.
public protocol InvokableFunction<Input, Output>: Sendable {
    associatedtype Input
    associatedtype Output

    var target: InvokeTarget<Input, Output> { get }
}

/// How a function is called whose types are known.
public struct InvokeTarget<Input, Output>: Sendable {
    /// `name`, or `name:version`.
    package let reference: String
    let encodeInput: nonisolated(nonsending) @Sendable (Input, SerdesPlace) async throws -> [UInt8]?
    let decodeOutput: nonisolated(nonsending) @Sendable ([UInt8]?, SerdesPlace) async throws -> Output
}

/// A function that is registered elsewhere, by its name: in this engine under other types, or with one that a server runs.
///
/// ```swift
/// let charge = FunctionReference<Order, Receipt>("charge", version: 3)
/// let receipt = try await context.invoke(charge, input: order)
/// ```
public struct FunctionReference<Input: Codable & SendableMetatype, Output: Codable & SendableMetatype>:
    InvokableFunction
{
    /// A name, or anything else that the engine resolves: `name:qualifier`, an Amazon Resource Name.
    public let name: String
    public let target: InvokeTarget<Input, Output>

    /// - Parameters:
    ///   - name: 1 to 140 characters of `[a-zA-Z0-9-_]`, or an Amazon Resource Name.
    ///   - version: Nil: what the engine has under the name, `$LATEST` or the greatest number.
    ///   - serdes: The serdes of the function.
    public init(_ name: String, version: Int? = nil, serdes: any Serdes = .json) {
        self.name = name
        target = InvokeTarget(
            reference: version.map { "\(name):\($0)" } ?? name,
            encodeInput: { try await serdes.encoded($0, for: $1, as: "the input of function '\(name)'") },
            decodeOutput: {
                try await serdes.decoded(Output.self, from: $0, for: $1, as: "the result of function '\(name)'")
            })
    }
}
