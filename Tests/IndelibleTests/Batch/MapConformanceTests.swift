import Indelible
import IndelibleTesting
import Testing

/// AWS's conformance requirements 9-1 to 9-20, each handler as its prose says.
@Suite(.bothWays) struct MapConformanceTests {
    /// Items that return their texts; nil throws.
    private static func batch(
        _ context: DurableContext, _ items: [String?], _ completion: BatchCompletion = .allSuccessful
    ) async throws -> BatchResult<String> {
        try await context.map("batch", items, maxConcurrency: 1, completion: completion) { item, _ in
            guard let item else { throw Flaky() }
            return item
        }
    }

    private static func shown(_ batch: BatchResult<String>) -> Shown { .list(batch.results.map { .text($0) }) }

    static let rows: [BatchConformanceRow] = [
        BatchConformanceRow(
            "9-1", "a.cS b.cS c.sS c.sOK b.cOK d.cS e.sS e.sOK d.cOK a.cOK INV X", ["Hello, World!", "Hello, Kiro!"],
            payloads: [
                "c.sOK": #""Hello, World!""#, "b.cOK": #""Hello, World!""#, "e.sOK": #""Hello, Kiro!""#,
                "d.cOK": #""Hello, Kiro!""#,
            ], names: ["a.cS": "map", "b.cS": "map-item-0", "d.cS": "map-item-1"]
        ) { context in
            let batch = try await context.map("map", ["World", "Kiro"], maxConcurrency: 1) { item, context in
                try await context.step { _ in "Hello, \(item)!" }
            }
            return shown(batch)
        },
        BatchConformanceRow(
            "9-2", "a.cS b.cS b.cOK c.cS c.cOK a.cOK INV X", [2, 4], payloads: ["b.cOK": "2", "c.cOK": "4"]
        ) { context in
            .list(try await context.map([1, 2], maxConcurrency: 1) { item, _ in item * 2 }.results.map { .number($0) })
        },
        BatchConformanceRow(
            "9-3", "a.cS b.cS b.cOK c.cS c.cOK d.cS d.cOK a.cOK INV X", [10, 21, 32],
            payloads: ["b.cOK": "10", "c.cOK": "21", "d.cOK": "32"]
        ) { context in
            let items = Array([10, 20, 30].enumerated())
            let batch = try await context.map("indexed", items, maxConcurrency: 1) { item, _ in
                item.element + item.offset
            }
            return .list(batch.results.map { .number($0) })
        },
        BatchConformanceRow("9-4", "a.cS a.cOK INV X", []) { context in
            let batch = try await batch(context, [])
            #expect(batch.completionReason == .allCompleted)
            #expect(batch.totalCount == 0)
            return shown(batch)
        },
        BatchConformanceRow(
            "9-5", "a.cS b.cS b.cOK c.cS c.cF a.cOK INV X",
            [
                "completionReason": "FAILURE_TOLERANCE_EXCEEDED", "status": "FAILED", "successCount": 1,
                "failureCount": 1, "totalCount": 2,
            ], payloads: ["b.cOK": #""ok""#]
        ) { try await batch($0, ["ok", nil, "never"], .tolerating(failures: 0)).summary },
        BatchConformanceRow("9-6", "a.cS b.cS b.cF a.cOK INV X(F)", nil) { context in
            shown(try await batch(context, [nil, "never"], .tolerating(failures: 0)).throwIfError())
        },
        BatchConformanceRow(
            "9-7", "a.cS b.cS b.cOK c.cS c.cOK a.cOK INV X",
            ["completionReason": "MIN_SUCCESSFUL_REACHED", "successCount": 2, "totalCount": 2]
        ) {
            try await batch($0, ["s0", "s1", "s2", "s3"], .successful(2))
                .shown("completionReason", "successCount", "totalCount")
        },
        BatchConformanceRow(
            "9-8", "a.cS b.cS b.cOK c.cS c.cF d.cS d.cOK a.cOK INV X",
            [
                "completionReason": "ALL_COMPLETED", "status": "FAILED", "successCount": 2, "failureCount": 1,
                "totalCount": 3,
            ]
        ) { try await batch($0, ["ok", nil, "ok"], .tolerating(failures: 1)).summary },
        BatchConformanceRow(
            "9-9", "a.cS b.cS b.cF c.cS c.cF a.cOK INV X",
            ["completionReason": "FAILURE_TOLERANCE_EXCEEDED", "successCount": 0, "failureCount": 2, "totalCount": 2]
        ) {
            try await batch($0, [nil, nil, "never"], .tolerating(failures: 1))
                .shown("completionReason", "successCount", "failureCount", "totalCount")
        },
        BatchConformanceRow(
            "9-10", "a.cS b.cS b.cF c.cS c.cF a.cOK INV X",
            ["completionReason": "FAILURE_TOLERANCE_EXCEEDED", "successCount": 0, "failureCount": 2, "totalCount": 2]
        ) {
            try await batch($0, [nil, nil, "never", "never"], .tolerating(percentage: 25))
                .shown("completionReason", "successCount", "failureCount", "totalCount")
        },
        BatchConformanceRow(
            "9-12", "a.cS b.sS b.sOK c.sS c.sOK a.cOK INV X", ["fa", "fb"],
            payloads: ["b.sOK": #""fa""#, "c.sOK": #""fb""#], isFlat: true
        ) { context in
            let batch = try await context.map("flat", ["fa", "fb"], maxConcurrency: 1, nesting: .flat) {
                item, context in try await context.step { _ in item }
            }
            return shown(batch)
        },
        BatchConformanceRow(
            "9-13", "a.cS b.cS b.cOK c.cS c.cOK a.cOK INV X", [10, 20], payloads: ["b.cOK": "10", "c.cOK": "20"],
            names: [
                "a.cS": "named-items", "b.cS": "item-1", "b.cOK": "item-1", "c.cS": "item-2", "c.cOK": "item-2",
                "a.cOK": "named-items",
            ]
        ) { context in
            let batch = try await context.map(
                "named-items", [1, 2], maxConcurrency: 1, itemName: { item, _ in "item-\(item)" }
            ) { item, _ in item * 10 }
            return .list(batch.results.map { .number($0) })
        },
        BatchConformanceRow(
            "9-14", "a.cS b.cS b.cOK c.cS c.cOK a.cOK INV X", ["X", "Y"],
            payloads: ["b.cOK": "wrapped:X", "c.cOK": "wrapped:Y"]
        ) { context in
            let batch = try await context.map(
                "serdes", ["x", "y"], maxConcurrency: 1, itemSerdes: PrefixingSerdes()
            ) { item, _ in item.uppercased() }
            return shown(batch)
        },
        BatchConformanceRow(
            "9-15", "a.cS b.cS c.sS c.sOK b.cOK d.cS e.wS INV e.wOK f.sS f.sOK d.cOK a.cOK INV X", ["r0", "r1"],
            payloads: ["c.sOK": #""r0""#, "b.cOK": #""r0""#, "f.sOK": #""r1""#, "d.cOK": #""r1""#]
        ) { context in
            let batch = try await context.map("suspend", [0, 1], maxConcurrency: 1) { item, context in
                if item == 1 { try await context.wait(for: .seconds(1)) }
                return try await context.step { _ in "r\(item)" }
            }
            return shown(batch)
        },
        BatchConformanceRow(
            "9-16", "a.cS b.cS b.cOK c.cS c.cOK d.cS d.cOK e.cS e.cOK a.cOK INV X",
            ["successCount": 4, "totalCount": 4],
            payloads: [
                "a.cOK": #"{"completionReason":"ALL_COMPLETED","failureCount":0,"startedCount":0,"startedIndexes":[],"#
                    + #""status":"SUCCEEDED","successCount":4,"totalCount":4,"type":"MapResult"}"#
            ]
        ) { context in
            try await context.map("large", [0, 1, 2, 3], maxConcurrency: 1) { item, _ in
                String(repeating: "\(item)", count: 70 << 10)
            }.shown("successCount", "totalCount")
        },
        BatchConformanceRow(
            "9-17", "a.cS b.cS b.cOK c.cS c.cOK a.cOK d.wS INV d.wOK INV X", ["A", "B"],
            payloads: ["b.cOK": #""A""#, "c.cOK": #""B""#]
        ) { context in
            let batch = try await context.map("then wait", ["a", "b"], maxConcurrency: 1) { item, _ in item.uppercased()
            }
            try await context.wait(for: .seconds(1))
            return shown(batch)
        },
        BatchConformanceRow(
            "9-18", "a.cS b.cS b.cOK c.cS c.cF a.cOK d.wS INV d.wOK INV X",
            [
                "completionReason": "ALL_COMPLETED", "status": "FAILED", "successCount": 1, "failureCount": 1,
                "totalCount": 2,
            ], payloads: ["b.cOK": #""ok""#]
        ) { context in
            let batch = try await batch(context, ["ok", nil], .tolerating(failures: 1))
            try await context.wait(for: .seconds(1))
            return batch.summary
        },
        BatchConformanceRow(
            "9-19", "a.cS b.cS b.cOK c.cS c.cOK a.cOK INV X", ["X", "Y"], payloads: ["a.cOK": "OPSERDE:X,Y"]
        ) { context in shown(try await joined(context)) },
        BatchConformanceRow(
            "9-20", "a.cS b.cS b.cOK c.cS c.cOK a.cOK d.wS INV d.wOK INV X", ["X", "Y"],
            payloads: ["a.cOK": "OPSERDE:X,Y"]
        ) { context in
            let batch = try await joined(context)
            try await context.wait(for: .seconds(1))
            return shown(batch)
        },
    ]

    /// Whose whole result is one line.
    private static func joined(_ context: DurableContext) async throws -> BatchResult<String> {
        try await context.map(
            "joined", ["x", "y"], maxConcurrency: 1, serdes: JoiningSerdes(), itemSerdes: .json
        ) { item, _ in item.uppercased() }
    }

    @Test(arguments: rows)
    func `map does what AWS requires`(row: BatchConformanceRow) async throws {
        try await row.check(subTypes: ("Map", "MapIteration"))
    }

    @Test func `requirement 9-11, items at the same time give their results in the order of the items`() async throws {
        let function = DurableFunction("conformance-9-11") { (context: DurableContext) in
            try await context.map("concurrent", [0, 1, 2], maxConcurrency: 2) { item, _ in "r\(item)" }.results
        }
        try await expect(["r0", "r1", "r2"], of: function, "Map")
    }
}

/// Requirements 8-11 and 9-11: only the batch's start has its place.
func expect(_ result: [String], of function: DurableFunction<Void, [String]>, _ kind: String) async throws {
    let test = try await TestEngine(functions: [function])
    let execution = try await test.engine.start(function)
    #expect(try await execution.result() == result)
    let outline = try await execution.outline()
    #expect(outline.entries[0].event.id == 2)
    #expect(outline.entries[0].event.operation?.kind == kind)
    #expect(outline.description.hasSuffix("a.cOK INV X"))
    #expect(outline.entries.count == 10)
}
