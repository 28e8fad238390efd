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
public struct DurableFunction<Input, Output>: EngineFunction, InvokableFunction {
    /// What executions refer to, for as long as they are kept: 1 to 140 characters of `[a-zA-Z0-9-_]`.
    public let name: String
    public let invocable: InvocableFunction
    public let target: InvokeTarget<Input, Output>

    private init(
        _ name: String, _ options: FunctionOptions,
        encodeInput: nonisolated(nonsending) @escaping @Sendable (Input, SerdesPlace) async throws -> [UInt8]?,
        decodeOutput: nonisolated(nonsending) @escaping @Sendable ([UInt8]?, SerdesPlace) async throws -> Output,
        handle: @escaping @Sendable ([UInt8]?, DurableContext) async throws -> [UInt8]?
    ) {
        self.name = name
        invocable = InvocableFunction(name: name, options: options, code: .durable(handle))
        target = InvokeTarget(
            reference: invocable.reference, encodeInput: encodeInput, decodeOutput: decodeOutput)
    }
}

extension DurableContext {
    fileprivate var place: SerdesPlace { SerdesPlace(run.execution) }
}

extension DurableFunction where Input: Codable & SendableMetatype, Output: Codable & SendableMetatype {
    /// - Parameters:
    ///   - name: See ``name``.
    ///   - options: Its version, its limits, its serdes, and what happens when its code no longer matches a history.
    ///   - handler: Runs from its beginning each time an execution goes on: see ``DurableContext``.
    public init(
        _ name: String, options: FunctionOptions = FunctionOptions(),
        handler: @escaping @concurrent @Sendable (Input, DurableContext) async throws -> Output
    ) {
        let coding = FunctionCoding(name: name, serdes: options.serdes)
        self.init(
            name, options, encodeInput: coding.input(of: Input.self), decodeOutput: coding.output(of: Output.self)
        ) { bytes, context in
            let input = try await coding.decodeInput(bytes, as: Input.self, context.place)
            return try await coding.encodeOutput(try await handler(input, context), context.place)
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
        let coding = FunctionCoding(name: name, serdes: options.serdes)
        self.init(name, options, encodeInput: coding.input(of: Input.self), decodeOutput: { _, _ in }) {
            bytes, context in
            try await handler(try await coding.decodeInput(bytes, as: Input.self, context.place), context)
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
        let coding = FunctionCoding(name: name, serdes: options.serdes)
        self.init(
            name, options, encodeInput: { _, _ in nil }, decodeOutput: coding.output(of: Output.self)
        ) { _, context in
            try await coding.encodeOutput(try await handler(context), context.place)
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
        self.init(name, options, encodeInput: { _, _ in nil }, decodeOutput: { _, _ in }) { _, context in
            try await handler(context)
            return nil
        }
    }
}
