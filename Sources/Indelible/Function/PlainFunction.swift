/// A function that a handler can invoke and that records nothing of its own: its call is recorded, and what came of it.
///
/// It runs at least once for each call: a process that dies in the middle of it runs it again. What it throws fails the
/// call; whether to call again is the caller's decision.
///
/// ```swift
/// let rate = PlainFunction("rate") { (pair: CurrencyPair) in try await exchange.rate(of: pair) }
/// ```
public struct PlainFunction<Input: Codable & SendableMetatype, Output: Codable & SendableMetatype>: EngineFunction,
    InvokableFunction
{
    /// 1 to 140 characters of `[a-zA-Z0-9-_]`.
    public let name: String
    public let invocable: InvocableFunction
    public let target: InvokeTarget<Input, Output>

    /// - Parameters:
    ///   - name: See ``name``.
    ///   - options: Of these only the version, the invocation timeout, the concurrency limit and the serdes matter.
    ///   - body: Runs off every actor.
    public init(
        _ name: String, options: FunctionOptions = FunctionOptions(),
        body: @escaping @concurrent @Sendable (Input) async throws -> Output
    ) {
        let serdes = options.serdes
        self.name = name
        invocable = InvocableFunction(
            name: name, options: options,
            code: .plain { bytes, place in
                let input = try await serdes.decoded(
                    Input.self, from: bytes, for: place, as: "the input of function '\(name)'")
                return try await serdes.encoded(
                    try await body(input), for: place, as: "the result of function '\(name)'")
            })
        let reference = FunctionReference<Input, Output>(name, serdes: serdes)
        target = InvokeTarget(
            reference: "\(name):\(invocable.version)", encodeInput: reference.target.encodeInput,
            decodeOutput: reference.target.decodeOutput)
    }
}
