import EngineRuntime
import ExecutionEngine
import ExecutionModel
import LogStorage
import Logging
import ServiceLifecycle

/// Durable executions in this process, on one directory: no server, no database.
///
/// ```swift
/// let engine = try await DurableEngine.open(at: "payments.log", functions: [pay])
/// let execution = try await engine.start(pay, input: order, name: "order-\(order.id)")
/// let receipt = try await execution.result()
/// ```
///
/// Whatever a call has returned for is recorded: it survives what ``EngineOptions/durability`` says. Opening the log
/// again, in this process or another, goes on with every execution where the record left it.
///
/// One process has a log open at a time. When writing to it fails, the engine stops: ``run()`` throws, ``health`` says
/// so, every call is refused, and the log can be opened again.
public final class DurableEngine: Sendable {
    package let runtime: EngineRuntime
    let waits: EngineWaits
    let options: EngineOptions
    private let environment: HandlerEnvironment
    let cache: RunCache?

    private init(
        _ runtime: EngineRuntime, options: EngineOptions, environment: HandlerEnvironment, cache: RunCache?,
        waits: EngineWaits
    ) {
        self.runtime = runtime
        self.options = options
        self.environment = environment
        self.cache = cache
        self.waits = waits
    }

    /// How many suspended handlers are kept in memory now: see ``EngineOptions/parkedHandlersMax``.
    public var parkedHandlerCount: Int { cache?.count ?? 0 }

    /// Opens the log in a directory, or makes one, and takes up every execution in it.
    ///
    /// Executions whose function is not among `functions` stay as they are, and say so, until it is registered. Nothing
    /// runs before all of `functions` are known.
    ///
    /// - Parameters:
    ///   - path: A directory that holds a log, is empty, or does not exist yet.
    ///   - functions: Those whose executions are to run; each version of a name once.
    ///   - options: See ``EngineOptions``.
    /// - Throws: ``DurableEngineError`` with the codes ``DurableEngineError/Code/logInUse``,
    ///   ``DurableEngineError/Code/notALog``, ``DurableEngineError/Code/newerFormat``,
    ///   ``DurableEngineError/Code/damaged``, ``DurableEngineError/Code/logFailed``, and
    ///   ``DurableEngineError/Code/invalidArgument`` for functions with bad names, or equal names and versions. The
    ///   directory is then as it was.
    public static func open(
        at path: String, functions: [any EngineFunction] = [], options: EngineOptions = EngineOptions()
    ) async throws -> DurableEngine {
        var runtimeOptions = RuntimeOptions(options)
        runtimeOptions.log.scrubbing.bytesPerSecond = options.scrubBytesPerSecond
        return try await open(
            at: path, functions: functions, options: options, runtimeOptions: runtimeOptions,
            seams: Seams(executor: options.handlerExecutor), waits: .realTime)
    }

    /// Opens a log through other files, another clock and another random source.
    package static func open(
        at path: String, functions: [any EngineFunction], options: EngineOptions, runtimeOptions: RuntimeOptions,
        seams: Seams, waits: EngineWaits, probe: (any HandlerProbe)? = nil
    ) async throws -> DurableEngine {
        var keys: Set<FunctionKey> = []
        for function in functions {
            try check(function)
            guard keys.insert(FunctionKey(function)).inserted else {
                throw DurableEngineError(
                    .invalidArgument,
                    "two functions are named '\(function.name)' and have one version; executions could not tell them apart"
                )
            }
        }
        let environment = HandlerEnvironment(
            logger: options.logger, executor: seams.executor, pool: seams.pool, sleep: waits.sleep,
            plugins: options.plugins,
            probe: probe)
        let cache =
            options.parkedHandlersMax > 0 ? RunCache(capacity: options.parkedHandlersMax, pool: seams.pool) : nil
        let registrations = functions.map { FunctionRegistration($0.invocable, environment, cache: cache) }
        let runtime = try await asking { () async throws(RuntimeError) in
            try await EngineRuntime.open(
                at: path, options: runtimeOptions, functions: registrations, parkedHandlers: cache, seams: seams)
        }
        for note in runtime.openingNotes { options.logger.warning("\(note)") }
        let engine = DurableEngine(runtime, options: options, environment: environment, cache: cache, waits: waits)
        engine.reportDamage()
        return engine
    }

    /// Makes a version of a function known, or replaces it. Executions that waited for it go on; those that are held because their
    /// history did not match it are tried once more.
    public func register(_ function: some EngineFunction) async throws {
        try Self.check(function)
        let registration = FunctionRegistration(function.invocable, environment, cache: cache)
        try await asking { () async throws(RuntimeError) in try await runtime.register(registration) }
    }

    private static func check(_ function: some EngineFunction) throws(DurableEngineError) {
        guard function.name.isIdentifier(Limits.functionNameLengthMax) else {
            throw DurableEngineError(
                .invalidArgument,
                """
                the function name '\(function.name)' is not 1 to \(Limits.functionNameLengthMax) characters of \
                [a-zA-Z0-9-_]
                """)
        }
    }

    /// Whether the engine works, and if not, why.
    public var health: EngineHealth { EngineHealth(runtime.health, warnings: runtime.warnings) }

    /// Stops starting handlers, gives those that run `grace` to end, cancels the rest, and closes the log.
    ///
    /// A handler that is cancelled leaves nothing in the record but what it had recorded: the next open runs it again.
    /// No call of this engine works after that. Closing twice is no error.
    public func close(grace: Duration = .seconds(10)) async throws {
        try await asking { () async throws(RuntimeError) in try await runtime.close(grace: grace) }
    }
}

extension FunctionKey {
    init(_ function: some EngineFunction) {
        self.init(function.name, version: function.invocable.version)
    }
}

extension DurableEngine: Service {
    /// Returns when the engine has closed, and throws when its log fails. As a service: a graceful shutdown closes the
    /// engine with ``EngineOptions/shutdownGrace``, a cancellation with none.
    public func run() async throws {
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await asking { () async throws(RuntimeError) in try await runtime.run() }
            } onGracefulShutdown: { [self] in
                closeInBackground(grace: options.shutdownGrace)
            }
        } onCancel: { [self] in
            closeInBackground(grace: .zero)
        }
    }

    private func closeInBackground(grace: Duration) {
        Task { [self] in
            do {
                try await close(grace: grace)
            } catch {
                // run() says so too, when the log has failed.
                options.logger.error("the engine did not close cleanly: \(error)")
            }
        }
    }
}
