/// A function that a handler can invoke and that records nothing of its own: its call is recorded, and what came of it.
///
/// It runs at least once for each call: a process that dies in the middle of it runs it again. What it throws fails the
/// call, a serdes that is unavailable too; whether to call again is the caller's decision.
///
/// A call that is made before the function is registered is listed like an execution, and is kept.
///
/// ```swift
/// let rate = PlainFunction("rate") { (pair: CurrencyPair) in try await exchange.rate(of: pair) }
/// ```
public struct PlainFunction<Input, Output>: EngineFunction, InvokableFunction {
    /// 1 to 140 characters of `[a-zA-Z0-9-_]`.
    public let name: String
    public let invocable: InvocableFunction
    public let target: InvokeTarget<Input, Output>

    private init(
        _ name: String, _ options: FunctionOptions,
        encodeInput: nonisolated(nonsending) @escaping @Sendable (Input, SerdesPlace) async throws -> [UInt8]?,
        decodeOutput: nonisolated(nonsending) @escaping @Sendable ([UInt8]?, SerdesPlace) async throws -> Output,
        run: @escaping @Sendable ([UInt8]?, SerdesPlace) async throws -> [UInt8]?
    ) {
        self.name = name
        invocable = InvocableFunction(name: name, options: options, code: .plain(run))
        target = InvokeTarget(
            reference: invocable.reference, encodeInput: encodeInput, decodeOutput: decodeOutput)
    }
}

extension PlainFunction where Input: Codable & SendableMetatype, Output: Codable & SendableMetatype {
    /// - Parameters:
    ///   - name: See ``name``.
    ///   - options: Of these only the version, the invocation timeout, the concurrency limit and the serdes matter.
    ///   - body: Runs off every actor.
    public init(
        _ name: String, options: FunctionOptions = FunctionOptions(),
        body: @escaping @concurrent @Sendable (Input) async throws -> Output
    ) {
        let coding = FunctionCoding(name: name, serdes: options.serdes)
        self.init(
            name, options, encodeInput: coding.input(of: Input.self), decodeOutput: coding.output(of: Output.self)
        ) { bytes, place in
            let input = try await coding.decodeInput(bytes, as: Input.self, place)
            return try await coding.encodeOutput(try await body(input), place)
        }
    }
}

extension PlainFunction where Input: Codable & SendableMetatype, Output == Void {
    /// A function without a result.
    //
    // Disfavoured, since a closure of one expression also fits here, its value dropped.
    @_disfavoredOverload
    public init(
        _ name: String, options: FunctionOptions = FunctionOptions(),
        body: @escaping @concurrent @Sendable (Input) async throws -> Void
    ) {
        let coding = FunctionCoding(name: name, serdes: options.serdes)
        self.init(name, options, encodeInput: coding.input(of: Input.self), decodeOutput: { _, _ in }) {
            bytes, place in
            try await body(try await coding.decodeInput(bytes, as: Input.self, place))
            return nil
        }
    }
}

extension PlainFunction where Input == Void, Output: Codable & SendableMetatype {
    /// A function without an input.
    public init(
        _ name: String, options: FunctionOptions = FunctionOptions(),
        body: @escaping @concurrent @Sendable () async throws -> Output
    ) {
        let coding = FunctionCoding(name: name, serdes: options.serdes)
        self.init(
            name, options, encodeInput: { _, _ in nil }, decodeOutput: coding.output(of: Output.self)
        ) { _, place in try await coding.encodeOutput(try await body(), place) }
    }
}

extension PlainFunction where Input == Void, Output == Void {
    /// A function with neither an input nor a result.
    //
    // Disfavoured, since a closure of one expression also fits here, its value dropped.
    @_disfavoredOverload
    public init(
        _ name: String, options: FunctionOptions = FunctionOptions(),
        body: @escaping @concurrent @Sendable () async throws -> Void
    ) {
        self.init(name, options, encodeInput: { _, _ in nil }, decodeOutput: { _, _ in }) { _, _ in
            try await body()
            return nil
        }
    }
}
