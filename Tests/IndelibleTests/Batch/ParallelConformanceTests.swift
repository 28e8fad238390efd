import Indelible
import Testing

/// AWS's conformance requirements 8-1 to 8-22, each handler as its prose says.
@Suite(.bothWays) struct ParallelConformanceTests {
    /// Branches that return their texts; nil throws.
    private static func batch(
        _ context: DurableContext, _ results: [String?], _ completion: BatchCompletion = .allSuccessful,
        name: String? = "batch"
    ) async throws -> BatchResult<String> {
        try await context.parallel(name, maxConcurrency: 1, completion: completion) {
            for result in results {
                DurableBranch { _ in
                    guard let result else { throw Flaky() }
                    return result
                }
            }
        }
    }

    private static func shown(_ batch: BatchResult<String>) -> Shown { .list(batch.results.map { .text($0) }) }

    private static func step(_ text: String) -> DurableBranch<String> {
        DurableBranch { context in try await context.step { _ in text } }
    }

    static let rows: [BatchConformanceRow] = [
        BatchConformanceRow(
            "8-1", "a.cS b.cS c.sS c.sOK b.cOK d.cS e.sS e.sOK d.cOK a.cOK INV X", ["task-1", "task-2"],
            payloads: ["c.sOK": #""task-1""#, "b.cOK": #""task-1""#, "e.sOK": #""task-2""#, "d.cOK": #""task-2""#],
            names: ["a.cS": "parallel", "b.cS": "parallel-branch-0", "d.cS": "parallel-branch-1"]
        ) { context in
            let batch = try await context.parallel("parallel", maxConcurrency: 1) {
                step("task-1")
                step("task-2")
            }
            return shown(batch)
        },
        BatchConformanceRow(
            "8-2", "a.cS b.cS b.cOK c.cS c.cOK a.cOK INV X", ["alpha", "beta"],
            payloads: ["b.cOK": #""alpha""#, "c.cOK": #""beta""#]
        ) { shown(try await batch($0, ["alpha", "beta"], name: nil)) },
        BatchConformanceRow(
            "8-3", "a.cS b.cS b.cOK c.cS c.cOK a.cOK INV X", ["one", "two"],
            payloads: ["b.cOK": #""one""#, "c.cOK": #""two""#],
            names: ["a.cS": "named", "b.cS": "first", "b.cOK": "first", "c.cS": "second", "c.cOK": "second"]
        ) { context in
            let batch = try await context.parallel("named", maxConcurrency: 1) {
                DurableBranch("first") { _ in "one" }
                DurableBranch("second") { _ in "two" }
            }
            return shown(batch)
        },
        BatchConformanceRow(
            "8-4", "a.cS b.cS b.cOK c.cS c.cOK d.cS d.cOK a.cOK INV X", ["hello", 42, ["k": "v"]],
            payloads: ["b.cOK": #""hello""#, "c.cOK": "42", "d.cOK": #"{"k":"v"}"#]
        ) { context in
            let (text, number, object) = try await context.parallel(
                "hetero", maxConcurrency: 1, DurableBranch { _ in "hello" }, DurableBranch { _ in 42 },
                DurableBranch { _ in ["k": "v"] })
            return [.text(text), .number(number), .fields(object.mapValues { .text($0) })]
        },
        BatchConformanceRow("8-5", "a.cS a.cOK INV X", []) { context in
            let batch = try await batch(context, [])
            #expect(batch.completionReason == .allCompleted)
            #expect(batch.totalCount == 0)
            return shown(batch)
        },
        BatchConformanceRow(
            "8-6", "a.cS b.cS b.cOK c.cS c.cF a.cOK INV X",
            [
                "completionReason": "FAILURE_TOLERANCE_EXCEEDED", "status": "FAILED", "successCount": 1,
                "failureCount": 1, "totalCount": 2,
            ], payloads: ["b.cOK": #""ok""#]
        ) { try await batch($0, ["ok", nil, "never"], .tolerating(failures: 0)).summary },
        BatchConformanceRow("8-7", "a.cS b.cS b.cF a.cOK INV X(F)", nil) { context in
            shown(try await batch(context, [nil, "never"], .tolerating(failures: 0)).throwIfError())
        },
        BatchConformanceRow(
            "8-8", "a.cS b.cS b.cOK c.cS c.cOK a.cOK INV X",
            ["completionReason": "MIN_SUCCESSFUL_REACHED", "successCount": 2, "totalCount": 2]
        ) {
            try await batch($0, ["s0", "s1", "s2", "s3"], .successful(2))
                .shown("completionReason", "successCount", "totalCount")
        },
        BatchConformanceRow(
            "8-9", "a.cS b.cS b.cOK c.cS c.cF d.cS d.cOK a.cOK INV X",
            [
                "completionReason": "ALL_COMPLETED", "status": "FAILED", "successCount": 2, "failureCount": 1,
                "totalCount": 3,
            ]
        ) { try await batch($0, ["ok", nil, "ok"], .tolerating(failures: 1)).summary },
        BatchConformanceRow(
            "8-10", "a.cS b.cS b.cF c.cS c.cF a.cOK INV X",
            ["completionReason": "FAILURE_TOLERANCE_EXCEEDED", "successCount": 0, "failureCount": 2, "totalCount": 2]
        ) {
            try await batch($0, [nil, nil, "never"], .tolerating(failures: 1))
                .shown("completionReason", "successCount", "failureCount", "totalCount")
        },
        BatchConformanceRow(
            "8-12", "a.cS b.sS b.sOK c.sS c.sOK a.cOK INV X", ["fa", "fb"],
            payloads: ["b.sOK": #""fa""#, "c.sOK": #""fb""#], isFlat: true
        ) { context in
            let batch = try await context.parallel("flat", maxConcurrency: 1, nesting: .flat) {
                step("fa")
                step("fb")
            }
            return shown(batch)
        },
        BatchConformanceRow(
            "8-13", "a.cS b.cS b.cF c.cS c.cF a.cOK INV X",
            ["completionReason": "FAILURE_TOLERANCE_EXCEEDED", "successCount": 0, "failureCount": 2, "totalCount": 2]
        ) {
            try await batch($0, [nil, nil, "never", "never"], .tolerating(percentage: 25))
                .shown("completionReason", "successCount", "failureCount", "totalCount")
        },
        BatchConformanceRow(
            "8-14", "a.cS b.cS c.sS c.sOK b.cOK d.cS e.wS INV e.wOK d.cOK a.cOK INV X", ["b0", "b1"],
            payloads: ["c.sOK": #""b0""#, "b.cOK": #""b0""#, "d.cOK": #""b1""#]
        ) { context in
            let batch = try await context.parallel("replay", maxConcurrency: 1) {
                step("b0")
                DurableBranch { context in
                    try await context.wait(for: .seconds(2))
                    return "b1"
                }
            }
            return shown(batch)
        },
        BatchConformanceRow(
            "8-15", "a.cS b.cS b.cOK c.cS c.cOK a.cOK INV X", ["x", "y"],
            payloads: ["b.cOK": #"{"wrapped":"x"}"#, "c.cOK": #"{"wrapped":"y"}"#]
        ) { context in
            let batch = try await context.parallel("serdes", maxConcurrency: 1, itemSerdes: WrappingSerdes()) {
                DurableBranch { _ in "x" }
                DurableBranch { _ in "y" }
            }
            return shown(batch)
        },
        BatchConformanceRow(
            "8-16", "a.cS b.cS b.cF c.cS c.cF d.cS d.cF a.cOK INV X",
            [
                "completionReason": "ALL_COMPLETED", "status": "FAILED", "successCount": 0, "failureCount": 3,
                "totalCount": 3,
            ]
        ) { try await batch($0, [nil, nil, nil], .tolerating(failures: 3)).summary },
        BatchConformanceRow(
            "8-17", "a.cS b.cS b.cOK c.cS c.cF d.cS d.cOK a.cOK INV X",
            [
                "completionReason": "ALL_COMPLETED", "status": "FAILED", "successCount": 2, "failureCount": 1,
                "totalCount": 3,
            ]
        ) { try await batch($0, ["ok", nil, "ok"], .successful(3)).summary },
        BatchConformanceRow(
            "8-18", "a.cS b.cS b.cF c.cS c.cF a.cOK INV X",
            ["completionReason": "FAILURE_TOLERANCE_EXCEEDED", "successCount": 0, "failureCount": 2, "totalCount": 2]
        ) {
            try await batch($0, [nil, nil, "ok2", "ok3"], BatchCompletion(minSuccessful: 3, toleratedFailures: 1))
                .shown("completionReason", "successCount", "failureCount", "totalCount")
        },
        BatchConformanceRow("8-19", "INV X(F)", nil) { context in
            let batch = try await context.parallel("bad", maxConcurrency: 0) {
                step("never")
                step("never")
            }
            return shown(batch)
        },
        BatchConformanceRow(
            "8-20", "a.cS b.cS b.cOK c.cS c.cF d.cS d.cOK a.cOK INV X",
            ["hasFailure": true, "successCount": 2, "failureCount": 1, "errorCount": 1]
        ) { context in
            let batch = try await batch(context, ["ok0", nil, "ok2"], .tolerating(failures: 1))
            return [
                "hasFailure": .flag(batch.hasFailure), "successCount": .number(batch.succeeded.count),
                "failureCount": .number(batch.failed.count), "errorCount": .number(batch.errors.count),
            ]
        },
        BatchConformanceRow(
            "8-21", "a.cS b.cS c.cS d.cS e.sS e.sOK d.cOK f.cS g.sS g.sOK f.cOK c.cOK b.cOK a.cOK INV X",
            [["i1", "i2"]], payloads: ["e.sOK": #""i1""#, "g.sOK": #""i2""#, "b.cOK": #"["i1","i2"]"#]
        ) { context in
            let outer = try await context.parallel("outer", maxConcurrency: 1) {
                DurableBranch { context in
                    try await context.parallel("inner", maxConcurrency: 1) {
                        step("i1")
                        step("i2")
                    }.results
                }
            }
            return .list(outer.results.map { .list($0.map { .text($0) }) })
        },
        BatchConformanceRow(
            "8-22", "a.cS b.cS b.cF c.cS c.cOK d.cS d.cOK e.cS e.cOK a.cOK INV X",
            [
                "completionReason": "ALL_COMPLETED", "status": "FAILED", "successCount": 3, "failureCount": 1,
                "totalCount": 4,
            ]
        ) { try await batch($0, [nil, "ok", "ok", "ok"], .tolerating(percentage: 25)).summary },
    ]

    @Test(arguments: rows)
    func `parallel does what AWS requires`(row: BatchConformanceRow) async throws {
        try await row.check(subTypes: ("Parallel", "ParallelBranch"))
    }

    @Test func `requirement 8-11, branches at the same time give their results in the order of the branches`()
        async throws
    {
        let function = DurableFunction("conformance-8-11") { (context: DurableContext) in
            try await context.parallel("concurrent", maxConcurrency: 2) {
                for index in 0..<3 { DurableBranch { _ in "r\(index)" } }
            }.results
        }
        try await expect(["r0", "r1", "r2"], of: function, "Parallel")
    }
}
