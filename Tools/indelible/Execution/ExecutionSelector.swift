import ArgumentParser
import ExecutionModel

/// How a person names an execution: its id, its number, or its function and name.
enum ExecutionSelector: ExpressibleByArgument, CustomStringConvertible {
    case id(ExecutionID)
    case number(ExecutionNumber)
    case name(function: String, name: String)

    static let help = ArgumentHelp(
        "An id ('17-0f3a…'), a number ('17'), or function and name ('payment/order-000017').", valueName: "execution")

    init?(argument: String) {
        if let id = ExecutionID(argument) {
            self = .id(id)
        } else if let number = UInt64(argument) {
            self = .number(ExecutionNumber(number))
        } else {
            let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
            self = .name(function: String(parts[0]), name: String(parts[1]))
        }
    }

    var description: String {
        switch self {
        case .id(let id): "\(id)"
        case .number(let number): "\(number)"
        case .name(let function, let name): "\(function)/\(name)"
        }
    }
}
