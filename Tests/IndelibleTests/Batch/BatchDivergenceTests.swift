import Indelible
import IndelibleTesting
import Testing

/// Code that no longer agrees with the batch that its history holds.
@Suite(.bothWays) struct BatchDivergenceTests {
    typealias Body = @Sendable (DurableContext) async throws -> Void

    struct Change: Sendable, CustomTestStringConvertible {
        var name: String
        var old: Body
        var new: Body
        /// What the history holds there, and what was asked for; nil: the two agree.
        var mismatch: (recorded: String?, attempted: String)?

        var testDescription: String { name }
    }

    private static func map(
        _ count: Int, nesting: BatchNesting = .nested, name: String = "batch", kind: String = "map",
        step: String = "step",
        isLarge: Bool = false, itemName: (@Sendable (Int, Int) -> String)? = nil, waits: Bool = true
    ) -> Body {
        { context in
            if kind == "parallel" {
                _ = try await context.parallel(name, nesting: nesting) {
                    for _ in 0..<count { DurableBranch { context in try await context.wait(for: .hours(1)) } }
                }
                return
            }
            let serdes: any Serdes = isLarge ? PaddingSerdes() : .json
            _ = try await context.map(
                name, Array(0..<count), nesting: nesting, itemName: itemName, serdes: serdes, itemSerdes: .json
            ) { item, context in
                _ = try await context.step(step) { _ in item }
                if waits { try await context.wait(for: .hours(1)) }
                return item
            }
            try await context.wait("after", for: .hours(1))
        }
    }

    /// Of a batch in the middle.
    static let changes: [Change] = [
        Change(name: "the same", old: map(3), new: map(3), mismatch: nil),
        Change(name: "the same, flat", old: map(3, nesting: .flat), new: map(3, nesting: .flat), mismatch: nil),
        Change(
            name: "fewer items", old: map(3), new: map(2),
            mismatch: ("MapIteration 'map-item-2' at 1-3", "Map 'batch' at 1")),
        Change(
            name: "no items", old: map(3), new: map(0),
            mismatch: ("MapIteration 'map-item-0' at 1-1", "Map 'batch' at 1")),
        Change(
            name: "fewer items, flat", old: map(3, nesting: .flat), new: map(2, nesting: .flat),
            mismatch: ("Step 'step' at 1-3-1", "Map 'batch' at 1")),
        // How many there are is not recorded, so more of them cannot be told from items that had not begun.
        Change(name: "more items", old: map(2), new: map(3), mismatch: nil),
        Change(
            name: "nested became flat", old: map(2), new: map(2, nesting: .flat),
            mismatch: ("MapIteration 'map-item-0' at 1-1", "MapIteration 'map-item-0' at 1-1")),
        Change(
            name: "flat became nested", old: map(2, nesting: .flat), new: map(2),
            mismatch: ("Step 'step' at 1-1-1", "MapIteration 'map-item-0' at 1-1")),
        Change(
            name: "another name", old: map(2), new: map(2, name: "other"),
            mismatch: ("Map 'batch' at 1", "Map 'other' at 1")),
        Change(
            name: "another kind", old: map(2), new: map(2, kind: "parallel"),
            mismatch: ("Map 'batch' at 1", "Parallel 'batch' at 1")),
        Change(
            name: "other items' names", old: map(1), new: map(1, itemName: { _, _ in "other" }),
            mismatch: ("MapIteration 'map-item-0' at 1-1", "MapIteration 'other' at 1-1")),
        Change(
            name: "another step in an item", old: map(1), new: map(1, step: "other"),
            mismatch: ("Step 'step' at 1-1-1", "Step 'other' at 1-1-1")),
        Change(
            name: "another step in a flat item", old: map(1, nesting: .flat),
            new: map(1, nesting: .flat, step: "other"),
            mismatch: ("Step 'step' at 1-1-1", "Step 'other' at 1-1-1")),
    ]

    /// Of a batch that has ended.
    static let endedChanges: [Change] = [
        // The record is whole: nobody looks inside.
        Change(
            name: "fewer items, ended", old: map(3, waits: false), new: map(1, waits: false), mismatch: nil),
        Change(
            name: "another nesting, ended", old: map(3, waits: false), new: map(3, nesting: .flat, waits: false),
            mismatch: nil),
        // It is not: its items are asked again.
        Change(
            name: "the same, large", old: map(3, isLarge: true, waits: false), new: map(3, isLarge: true, waits: false),
            mismatch: nil),
        Change(
            name: "more items, large", old: map(3, isLarge: true, waits: false),
            new: map(5, isLarge: true, waits: false), mismatch: nil),
        Change(
            name: "fewer items, large", old: map(3, isLarge: true, waits: false),
            new: map(2, isLarge: true, waits: false), mismatch: ("MapIteration 'map-item-2' at 1-3", "Map 'batch' at 1")
        ),
        Change(
            name: "fewer items, large and flat", old: map(3, nesting: .flat, isLarge: true, waits: false),
            new: map(2, nesting: .flat, isLarge: true, waits: false),
            mismatch: ("Step 'step' at 1-3-1", "Map 'batch' at 1")),
        Change(
            name: "nested became flat, large", old: map(3, isLarge: true, waits: false),
            new: map(3, nesting: .flat, isLarge: true, waits: false),
            mismatch: ("MapIteration 'map-item-0' at 1-1", "MapIteration 'map-item-0' at 1-1")),
        Change(
            name: "flat became nested, large", old: map(3, nesting: .flat, isLarge: true, waits: false),
            new: map(3, isLarge: true, waits: false), mismatch: (nil, "MapIteration 'map-item-0' at 1-1")),
        Change(
            name: "other items' names, large", old: map(3, isLarge: true, waits: false),
            new: map(3, isLarge: true, itemName: { item, _ in "other-\(item)" }, waits: false),
            mismatch: ("MapIteration 'map-item-0' at 1-1", "MapIteration 'other-0' at 1-1")),
    ]

    @Test(arguments: changes + endedChanges)
    func `a change of a batch is held with what was recorded, and goes on under the old code`(change: Change)
        async throws
    {
        let old = DurableFunction("evolve") { (context: DurableContext) in try await change.old(context) }
        let new = DurableFunction("evolve") { (context: DurableContext) in try await change.new(context) }
        let test = try await TestEngine(functions: [old])
        let first = try await test.engine.start(old)
        await test.settle()
        try await test.restart(functions: [new])
        await test.advance(by: .hours(3))
        let execution = try #require(try await test.engine.execution(id: first.id, of: new))
        guard let mismatch = change.mismatch else {
            #expect(try await execution.status == .succeeded)
            return
        }
        let report = try #require(try await execution.description().standing.mismatch)
        #expect(report.recorded?.description == mismatch.recorded)
        #expect(report.attempted.description == mismatch.attempted)
        try await test.restart(functions: [old])
        try await test.engine.execution(id: first.id, of: old)?.result()
        expectNothingAfterItsContext(
            try await #require(try await test.engine.execution(id: first.id, of: old)).history())
    }

    @Test func `a branch that parts from the history ends all of them, tolerated or not`() async throws {
        func function(_ name: String) -> DurableFunction<Void, Int> {
            DurableFunction("part") { (context: DurableContext) in
                try await context.map([0, 1, 2], completion: .allCompleted) { item, context in
                    _ = try await context.step(item == 1 ? name : "same") { _ in item }
                    try await context.wait(for: .hours(1))
                    return item
                }.successCount
            }
        }
        let test = try await TestEngine(functions: [function("old")])
        let execution = try await test.engine.start(function("old"))
        await test.settle()
        try await test.engine.register(function("new"))
        await test.advance(by: .hours(2))
        #expect(try await execution.description().standing.mismatch?.attempted.name == "new")
        #expect(try await execution.history().allSatisfy { !$0.type.hasPrefix("ContextF") })
        try await test.engine.register(function("old"))
        #expect(try await execution.result() == 3)
    }
}
