/// One branch of a ``DurableContext/parallel(_:maxConcurrency:completion:nesting:serdes:itemSerdes:branches:)``: what it
/// does, and what the history calls it.
public struct DurableBranch<Result>: Sendable {
    let name: String?
    let body: @concurrent @Sendable (DurableContext) async throws -> Result

    /// - Parameters:
    ///   - name: 1 to 256 printable ASCII characters; nil: `parallel-branch-0`, `parallel-branch-1` …
    ///   - body: Makes its durable calls on the context it is given; using the outer one does not compile.
    public init(
        _ name: String? = nil, body: @escaping @concurrent @Sendable (DurableContext) async throws -> Result
    ) {
        self.name = name
        self.body = body
    }
}

/// Gathers the branches of a `parallel`, which `if` and `for` may choose, as long as they choose the same on every replay.
@resultBuilder
public enum DurableBranchBuilder<Result> {
    public static func buildExpression(_ branch: DurableBranch<Result>) -> [DurableBranch<Result>] { [branch] }
    public static func buildExpression(_ branches: [DurableBranch<Result>]) -> [DurableBranch<Result>] { branches }
    public static func buildBlock(_ branches: [DurableBranch<Result>]...) -> [DurableBranch<Result>] {
        branches.flatMap { $0 }
    }
    public static func buildOptional(_ branches: [DurableBranch<Result>]?) -> [DurableBranch<Result>] { branches ?? [] }
    public static func buildEither(first branches: [DurableBranch<Result>]) -> [DurableBranch<Result>] { branches }
    public static func buildEither(second branches: [DurableBranch<Result>]) -> [DurableBranch<Result>] { branches }
    public static func buildArray(_ branches: [[DurableBranch<Result>]]) -> [DurableBranch<Result>] {
        branches.flatMap { $0 }
    }
}
