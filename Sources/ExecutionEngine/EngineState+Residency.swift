import ExecutionModel

extension EngineState {
    /// Whether the execution is in memory.
    package func isResident(_ number: ExecutionNumber) -> Bool { executions[number] != nil }
}
