import ExecutionModel
import Indelible

/// A moment at which a run is interrupted.
enum CrashPoint: Hashable {
    /// A handler is there.
    case handler(HandlerPoint)
    /// Nothing goes on: everything waits for time, or for what comes from outside.
    case atRest
    /// The execution has ended.
    case ended

    /// How it can be interrupted there. Where no handler runs, no invocation can be cancelled.
    var interruptions: [CrashInterruption] {
        switch self {
        case .handler: CrashInterruption.allCases
        case .atRest, .ended: CrashInterruption.allCases.filter { $0 != .timeout }
        }
    }

    /// For messages.
    var words: String {
        switch self {
        case .handler(.beforeAppend): "before a record"
        case .handler(.appended): "after a record, before the handler knew"
        case .handler(.acknowledged): "after a record"
        case .handler(.insideStep): "in the middle of a step"
        case .handler(.beforeEnd): "after the handler, before its end was recorded"
        case .atRest: "at rest"
        case .ended: "after the end"
        }
    }
}

/// How a run is interrupted.
enum CrashInterruption: String, CaseIterable {
    case powerCut = "power cut"
    case kill = "process killed"
    case timeout = "invocation cancelled"
    case shutdown = "engine shut down"
}
