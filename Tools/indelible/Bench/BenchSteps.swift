import ArgumentParser
import EngineRuntime
import Indelible
import LogStorage

/// The whole path: handlers, SDK, engine and log.
struct BenchSteps: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "steps",
        abstract: "Runs durable executions of so many steps each, all at the same time.",
        discussion: """
            A step returns a struct of four fields, about 60 bytes of JSON.

              indelible bench steps --executions 1 --steps 2000 --json
              indelible bench steps --executions 1000 --steps 20 --json
            """)

    @OptionGroup var options: BenchOptions

    func run() async throws {
        let result = try await BenchRun(name: "steps", options: options).measure { directory, fileSystem in
            try await execute(directory, fileSystem)
        }
        try options.format.report(result, lines: result.lines)
    }

    private func execute(_ directory: String, _ fileSystem: any LogFileSystem) async throws -> BenchMeasurement {
        let latencies = Latencies()
        let function = DurableFunction<Int, Int>("bench") { steps, context in
            var own: [Double] = []
            own.reserveCapacity(steps)
            for _ in 0..<steps {
                let receipt = Receipt.random()
                let begin = ContinuousClock.now
                _ = try await context.step("authorize") { _ in receipt }
                own.append((ContinuousClock.now - begin).microseconds)
            }
            latencies.add(own)
            return steps
        }
        let options = EngineOptions()
        let engine = try await DurableEngine.open(
            at: directory, functions: [function], options: options, runtimeOptions: RuntimeOptions(options),
            seams: Seams(fileSystem: fileSystem), waits: .realTime)
        let start = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<self.options.executions {
                group.addTask { [steps = self.options.steps] in
                    let execution = try await engine.start(function, input: steps, name: "bench-\(number)")
                    _ = try await execution.result()
                }
            }
            try await group.waitForAll()
        }
        let elapsed = ContinuousClock.now - start
        try await engine.close(grace: .seconds(1))
        return BenchMeasurement(elapsed: elapsed, latencies: latencies.all)
    }
}
