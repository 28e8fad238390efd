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

    /// What an invoke calls it by.
    var reference: String { "\(name):\(version)" }

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
public struct FunctionReference<Input, Output>: InvokableFunction {
    /// A name, or anything else that the engine resolves: `name:qualifier`, an Amazon Resource Name.
    public let name: String
    public let target: InvokeTarget<Input, Output>

    private init(
        _ name: String, _ version: Int?,
        encodeInput: nonisolated(nonsending) @escaping @Sendable (Input, SerdesPlace) async throws -> [UInt8]?,
        decodeOutput: nonisolated(nonsending) @escaping @Sendable ([UInt8]?, SerdesPlace) async throws -> Output
    ) {
        self.name = name
        target = InvokeTarget(
            reference: version.map { "\(name):\($0)" } ?? name, encodeInput: encodeInput, decodeOutput: decodeOutput)
    }
}

extension FunctionReference where Input: Codable & SendableMetatype, Output: Codable & SendableMetatype {
    /// - Parameters:
    ///   - name: 1 to 140 characters of `[a-zA-Z0-9-_]`, or an Amazon Resource Name.
    ///   - version: Nil: what the engine has under the name, `$LATEST` or the greatest number.
    ///   - serdes: The serdes of the function.
    public init(_ name: String, version: Int? = nil, serdes: any Serdes = .json) {
        let coding = FunctionCoding(name: name, serdes: serdes)
        self.init(
            name, version, encodeInput: coding.input(of: Input.self), decodeOutput: coding.output(of: Output.self))
    }
}

extension FunctionReference where Input: Codable & SendableMetatype, Output == Void {
    /// To a function without a result: as the others.
    public init(_ name: String, version: Int? = nil, serdes: any Serdes = .json) {
        let coding = FunctionCoding(name: name, serdes: serdes)
        self.init(name, version, encodeInput: coding.input(of: Input.self), decodeOutput: { _, _ in })
    }
}

extension FunctionReference where Input == Void, Output: Codable & SendableMetatype {
    /// To a function without an input: as the others.
    public init(_ name: String, version: Int? = nil, serdes: any Serdes = .json) {
        let coding = FunctionCoding(name: name, serdes: serdes)
        self.init(name, version, encodeInput: { _, _ in nil }, decodeOutput: coding.output(of: Output.self))
    }
}

extension FunctionReference where Input == Void, Output == Void {
    /// To a function with neither an input nor a result: as the others.
    public init(_ name: String, version: Int? = nil) {
        self.init(name, version, encodeInput: { _, _ in nil }, decodeOutput: { _, _ in })
    }
}
