import ExecutionModel

/// A handler with a name: code whose executions survive crashes, restarts and year-long waits.
///
/// ```swift
/// let greet = DurableFunction("greet") { (name: String, context: DurableContext) in
///     try await context.wait("a moment", for: .minutes(5))
///     return try await context.step("send") { _ in try await mail.send("Hello, \(name)") }
/// }
/// ```
///
/// The closure runs off every actor and may be passed to any number of engines. Its input and its result are recorded.
public struct DurableFunction<Input, Output>: AnyDurableFunction {
    /// What executions refer to, for as long as they are kept: 1 to 140 characters of `[a-zA-Z0-9-_]`.
    public let name: String
    public let invocable: InvocableFunction
    let encodeInput: @Sendable (Input) throws -> [UInt8]?
    let decodeOutput: @Sendable ([UInt8]?) throws -> Output

    private init(
        _ name: String, _ options: FunctionOptions, encodeInput: @escaping @Sendable (Input) throws -> [UInt8]?,
        decodeOutput: @escaping @Sendable ([UInt8]?) throws -> Output,
        handle: @escaping @Sendable ([UInt8]?, DurableContext) async throws -> [UInt8]?
    ) {
        self.name = name
        self.encodeInput = encodeInput
        self.decodeOutput = decodeOutput
        invocable = InvocableFunction(name: name, options: options, handle: handle)
    }
}

extension DurableFunction where Input: Codable & SendableMetatype, Output: Codable & SendableMetatype {
    /// - Parameters:
    ///   - name: See ``name``.
    ///   - options: Its limits, its serdes, and what happens when its code no longer matches a history.
    ///   - handler: Runs from its beginning each time an execution goes on: see ``DurableContext``.
    public init(
        _ name: String, options: FunctionOptions = FunctionOptions(),
        handler: @escaping @concurrent @Sendable (Input, DurableContext) async throws -> Output
    ) {
        let serdes = options.serdes
        self.init(
            name, options,
            encodeInput: { try serdes.encoded($0, as: "the input of function '\(name)'") },
            decodeOutput: { try serdes.decoded(Output.self, from: $0, as: "the result of function '\(name)'") }
        ) { bytes, context in
            let input = try serdes.decoded(Input.self, from: bytes, as: "the input of function '\(name)'")
            return try serdes.encoded(try await handler(input, context), as: "the result of function '\(name)'")
        }
    }
}

extension DurableFunction where Input: Codable & SendableMetatype, Output == Void {
    /// A function without a result.
    //
    // Disfavoured, since a closure of one expression also fits here, its value dropped.
    @_disfavoredOverload
    public init(
        _ name: String, options: FunctionOptions = FunctionOptions(),
        handler: @escaping @concurrent @Sendable (Input, DurableContext) async throws -> Void
    ) {
        let serdes = options.serdes
        self.init(
            name, options,
            encodeInput: { try serdes.encoded($0, as: "the input of function '\(name)'") },
            decodeOutput: { _ in }
        ) { bytes, context in
            let input = try serdes.decoded(Input.self, from: bytes, as: "the input of function '\(name)'")
            try await handler(input, context)
            return nil
        }
    }
}

extension DurableFunction where Input == Void, Output: Codable & SendableMetatype {
    /// A function without an input.
    public init(
        _ name: String, options: FunctionOptions = FunctionOptions(),
        handler: @escaping @concurrent @Sendable (DurableContext) async throws -> Output
    ) {
        let serdes = options.serdes
        self.init(
            name, options, encodeInput: { _ in nil },
            decodeOutput: { try serdes.decoded(Output.self, from: $0, as: "the result of function '\(name)'") }
        ) { _, context in
            try serdes.encoded(try await handler(context), as: "the result of function '\(name)'")
        }
    }
}

extension DurableFunction where Input == Void, Output == Void {
    /// A function with neither an input nor a result.
    //
    // Disfavoured, since a closure of one expression also fits here, its value dropped.
    @_disfavoredOverload
    public init(
        _ name: String, options: FunctionOptions = FunctionOptions(),
        handler: @escaping @concurrent @Sendable (DurableContext) async throws -> Void
    ) {
        self.init(name, options, encodeInput: { _ in nil }, decodeOutput: { _ in }) { _, context in
            try await handler(context)
            return nil
        }
    }
}
