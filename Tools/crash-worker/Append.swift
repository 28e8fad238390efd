import ArgumentParser
import ChildProcesses
import Foundation
import Indelible

/// The process that is killed: runs executions without end, and reports every step's result once it has been given to the
/// handler, that is, once it is acknowledged.
struct Append: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs executions until it is killed; a line on standard output for each acknowledged step.",
        shouldDisplay: false)

    @Option(help: "The log's directory.") var data: String
    @Option(help: "Executions at a time.") var parallel = 8

    static let stepsPerExecution = 5

    func run() async throws {
        let function = DurableFunction<Int, Int>("crash") { _, context in
            for number in 0..<Self.stepsPerExecution {
                // Another value each time the body runs, so that a result that is recorded anew shows.
                let value = try await context.step("step \(number)") { _ in UInt64.random(in: .min ... .max) }
                Self.report(Acknowledged(execution: context.executionName, step: number, value: value))
            }
            return Self.stepsPerExecution
        }
        let engine = try await DurableEngine.open(at: data, functions: [function])
        let first = try await engine.executions().count
        let result = await withTaskGroup(of: (any Error)?.self) { group in
            group.addTask {
                await StopSignal.wait()
                return nil
            }
            for lane in 0..<parallel {
                group.addTask {
                    do {
                        for number in 0... {
                            let name = "e-\(first)-\(lane)-\(number)"
                            _ = try await engine.start(function, input: lane, name: name).result()
                        }
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        try await engine.close(grace: .seconds(1))
        if let result { throw result }
    }

    /// One `write`, so that a line is there whole or not at all.
    private static func report(_ acknowledged: Acknowledged) {
        FileHandle.standardOutput.write(Data("\(acknowledged)\n".utf8))
    }
}
