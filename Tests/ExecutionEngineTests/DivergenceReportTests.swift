import ExecutionModel
import Testing

@testable import ExecutionEngine

/// What a divergence looks like to whoever has to decide about it.
@Suite struct DivergenceReportTests {
    static func identity(
        _ id: String, _ name: String?, _ type: OperationType = .step, _ subType: String? = "Step"
    ) -> OperationIdentity {
        OperationIdentity(id: OperationID(id), type: type, subType: subType, name: name)
    }

    /// Steps `a` to `e`, a wait without a name, and a step `g`.
    static let siblings: [OperationIdentity] =
        ["a", "b", "c", "d", "e"].enumerated().map { identity("\($0.offset + 1)", $0.element) } + [
            identity("6", nil, .wait, "Wait"), identity("7", "g"),
        ]

    static func report(_ attempted: OperationIdentity) -> DivergenceReport {
        let recorded = siblings.first { $0.id == attempted.id }
        return DivergenceReport(Divergence(recorded: recorded, attempted: attempted), siblings: siblings)
    }

    @Test(
        arguments: [
            (identity("2", "x"), .renamed), (identity("2", nil), .renamed),
            (identity("2", "b", .context, "RunInChildContext"), .changedKind),
            (identity("2", "b", .step, nil), .changedKind),
            (identity("2", "x", .callback, "Callback"), .inserted), (identity("6", "x"), .inserted),
            (identity("2", nil, .wait, "Wait"), .inserted), (identity("2", "c"), .removed),
            (identity("2", "d"), .reordered),
            (identity("2", "g"), .reordered), (identity("6", "g"), .removed),
            // Further back is no sign of anything: the operation may be another of that name.
            (identity("5", "b"), .renamed),
            // Past the end of what is recorded.
            (identity("8", "a"), .inserted),
        ] as [(OperationIdentity, DivergenceReport.Cause)])
    func `the likely cause is guessed from what stands around`(
        attempted: OperationIdentity, cause: DivergenceReport.Cause
    ) {
        #expect(Self.report(attempted).likelyCause == cause)
    }

    @Test(arguments: [
        ("1", []), ("2", ["1"]), ("4", ["1", "2", "3"]), ("6", ["3", "4", "5"]), ("9", ["5", "6", "7"]),
    ])
    func `the last three operations before it are named`(id: String, agreed: [String]) {
        #expect(Self.report(Self.identity(id, "x")).agreed.map(\.id.rawValue) == agreed)
    }

    @Test(
        arguments: [
            (identity("2", "x"), "the history holds Step 'b' at 2, the handler asked for Step 'x': it looks renamed"),
            (
                identity("2", "b", .context, nil),
                "the history holds Step 'b' at 2, the handler asked for CONTEXT 'b': it looks as if its kind had changed"
            ),
            (
                identity("6", "x"),
                "the history holds Wait at 6, the handler asked for Step 'x': an operation looks inserted before it"
            ),
            (
                identity("2", "c"),
                "the history holds Step 'b' at 2, the handler asked for Step 'c': it looks removed, or moved behind the next"
            ),
            (
                identity("2", "d"),
                "the history holds Step 'b' at 2, the handler asked for Step 'd': the operations look reordered"
            ),
            (
                identity("8", "x"),
                "the history holds nothing at 8, the handler asked for Step 'x': an operation looks inserted before it"
            ),
        ])
    func `one line says it all`(attempted: OperationIdentity, summary: String) {
        #expect(Self.report(attempted).summary == summary)
    }

    @Test func `a held execution reports the operations of the context in which it parted`() throws {
        let driver = EngineDriver.invoked()
        try driver.checkpoint([
            .step("1", .start), .context("2", .start), .step("2-1", .start, parent: "2"), .step("3", .start),
            .step("2-2", .start, parent: "2"),
        ])
        #expect(driver.execution.holdReport == nil)
        let recorded = try #require(driver.execution.operation(OperationID("2-2"))).identity
        var attempted = recorded
        attempted.name = "refund"
        let divergence = Divergence(recorded: recorded, attempted: attempted)
        driver.finish(.held(divergence))
        let report = try #require(driver.execution.holdReport)
        #expect(report.divergence == divergence)
        #expect(report.agreed.map(\.id.rawValue) == ["2-1"])
        #expect(report.likelyCause == .renamed)
        _ = driver.invoke()
        #expect(driver.execution.holdReport == nil)
    }
}
