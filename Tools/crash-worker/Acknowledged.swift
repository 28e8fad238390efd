/// A step's result that a handler was given: one line of the killed process's output.
struct Acknowledged: Hashable, LosslessStringConvertible {
    var execution: String
    var step: Int
    var value: UInt64

    var description: String { "\(execution) \(step) \(value)" }
}

extension Acknowledged {
    init?(_ description: String) {
        let parts = description.split(separator: " ")
        guard parts.count == 3, let step = Int(parts[1]), let value = UInt64(parts[2]) else { return nil }
        self.init(execution: String(parts[0]), step: step, value: value)
    }
}
