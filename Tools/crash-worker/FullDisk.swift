import ArgumentParser
import Foundation
import Indelible

/// Fills a small file system and looks at what the engine makes of it.
struct FullDisk: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Fills a small file system: new work is refused, running work goes on, and nothing is lost.",
        discussion: "Tools/full-disk mounts one and runs this on it.")

    @Option(help: "A directory on a file system of 8 to 64 MiB, empty, all of which is filled.") var data: String

    /// Waits for an answer from outside: work that runs when the disk is full.
    private static let patient = DurableFunction<String, String>("patient") { input, context in
        let callback: DurableCallback<String> = try await context.createCallback("answer")
        Callbacks.note(callback.id, of: context.executionName)
        let answer = try await callback.result()
        return try await context.step("close") { _ in input + answer }
    }

    private static let bulky = DurableFunction<String, Int>("bulky") { input, context in
        try await context.step("length") { _ in input.count }
    }

    private static let patientCount = 20

    func run() async throws {
        let log = data + "/log"
        let ballast = data + "/ballast"
        // What is removed later, when space is to return.
        try Data(count: 2 << 20).write(to: URL(fileURLWithPath: ballast))

        var engine = try await DurableEngine.open(at: log, functions: [Self.patient, Self.bulky])
        for number in 0..<Self.patientCount {
            _ = try await engine.start(Self.patient, input: "hello ", name: "patient-\(number)")
        }
        try await Callbacks.all(Self.patientCount)
        let (acknowledged, refusal) = await fill(engine)
        print("full disk: \(acknowledged) executions acknowledged, then: \(refusal)")
        guard (refusal as? DurableEngineError)?.code == .noRoom else {
            throw CrashTestError("new work was refused, but not for want of room")
        }
        for (name, id) in Callbacks.noted { try await answer(id, of: name, engine) }
        print("full disk: \(Self.patientCount) executions that ran went on to their ends")
        try await engine.close(grace: .seconds(1))

        try FileManager.default.removeItem(atPath: ballast)
        engine = try await DurableEngine.open(at: log, functions: [Self.patient, Self.bulky])
        let succeeded = try await engine.executions(status: .succeeded).count
        guard succeeded == acknowledged + Self.patientCount else {
            throw CrashTestError("\(succeeded) executions are recorded, \(acknowledged + Self.patientCount) must be")
        }
        let length = try await engine.start(Self.bulky, input: "after", name: "after").result()
        try await engine.close(grace: .seconds(1))
        print(
            "full disk: space returned, the log was opened again, all \(succeeded) are there, new work runs (\(length))"
        )
    }

    /// Starts executions until one is refused.
    private func fill(_ engine: DurableEngine) async -> (acknowledged: Int, refusal: any Error) {
        // Digits that do not compress.
        for number in 0... {
            let input = (0..<2_000).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }.joined()
            do {
                let execution = try await engine.start(Self.bulky, input: input, name: "bulky-\(number)")
                _ = try await execution.result()
            } catch {
                return (number, error)
            }
        }
        preconditionFailure("a range without an end has ended")
    }

    private func answer(_ id: CallbackID, of name: String, _ engine: DurableEngine) async throws {
        try await engine.complete(callback: id, with: "world")
        let execution = try await engine.execution(named: name, of: Self.patient)
        let result = try await execution?.result(timeout: .seconds(10))
        guard result == "hello world" else { throw CrashTestError("\(name) came to '\(result ?? "nothing")'") }
    }
}
