import EngineRuntime
import ExecutionModel
import LogStorage

/// Opens a log after a crash, as the next process would, and reads what it holds.
struct LogCheck {
    let directory: String

    /// What is wrong with the record, given that these were acknowledged; empty when nothing is.
    func faults(of acknowledged: Set<Acknowledged>) async throws -> [String] {
        // Recovery first: it cuts the torn tail and takes up what was under way. Nothing runs without functions.
        try await EngineRuntime.open(at: directory, functions: []).close(grace: .zero)
        let recorded = try recordedSteps()
        var faults: [String] = []
        for step in acknowledged {
            switch recorded[StepPlace(execution: step.execution, step: step.step)] {
            case nil: faults.append("\(step) was acknowledged and is not recorded")
            case [step.value]: continue
            case let values?: faults.append("\(step) was acknowledged, and recorded is \(values)")
            }
        }
        return faults
    }

    private struct StepPlace: Hashable {
        var execution: String
        var step: Int
    }

    /// The results of every step in the log; more than one for a step that succeeded twice.
    private func recordedSteps() throws -> [StepPlace: [UInt64]] {
        var names: [UInt64: String] = [:]
        var steps: [StepPlace: [UInt64]] = [:]
        try LogInspector(directory: directory, fileSystem: PosixFileSystem()).forEachRecord { record in
            switch try Event(kind: record.kind, decodingBody: record.body) {
            case .executionStarted(let start):
                names[record.execution] = start.name
            case .stepSucceeded(.existing(let ordinal), .inline(let bytes)?, nil):
                guard let name = names[record.execution], let value = UInt64(String(decoding: bytes, as: UTF8.self))
                else { throw CrashTestError("the record at LSN \(record.lsn.rawValue) is no step of ours") }
                // The handler makes nothing but steps, so a step's ordinal is its number.
                steps[StepPlace(execution: name, step: Int(ordinal.rawValue)), default: []].append(value)
            default:
                break
            }
        }
        return steps
    }
}
