import Indelible
import IndelibleTesting
import Testing

/// One of AWS's conformance requirements: what a handler does, and what the history and the result must be.
struct BatchConformanceRow: Sendable, CustomTestStringConvertible {
    let id: String
    let history: String
    /// Nil: the execution fails.
    let result: Shown?
    /// What events recorded, by their text in the history.
    let payloads: [String: String]
    /// Names of operations, by the text of their first event.
    let names: [String: String]
    let isFlat: Bool
    let handler: @Sendable (DurableContext) async throws -> Shown

    init(
        _ id: String, _ history: String, _ result: Shown?, payloads: [String: String] = [:],
        names: [String: String] = [:], isFlat: Bool = false,
        handler: @escaping @Sendable (DurableContext) async throws -> Shown
    ) {
        (self.id, self.history, self.result, self.payloads) = (id, history, result, payloads)
        (self.names, self.isFlat, self.handler) = (names, isFlat, handler)
    }

    var testDescription: String { id }

    /// Runs the handler, and compares what came of it.
    ///
    /// - Parameter subTypes: Of the batch, and of its items.
    func check(subTypes: (batch: String, item: String)) async throws {
        let function = DurableFunction("conformance-\(id)") { (context: DurableContext) in try await handler(context) }
        let test = try await TestEngine(functions: [function])
        let execution = try await test.engine.start(function)
        if let result {
            #expect(try await execution.result() == result)
        } else {
            await #expect(throws: ExecutionError.self) { try await execution.result() }
        }
        let history = try await execution.history()
        #expect(history.map(\.id) == Array(1...history.count))
        let outline = HistoryOutline(history)
        #expect(outline.description == self.history)
        for (text, payload) in payloads { #expect(outline[text]?.text == payload) }
        for (text, name) in names { #expect(outline[text]?.operation?.name == name) }
        check(outline, subTypes)
    }

    /// What holds for every batch.
    private func check(_ outline: HistoryOutline, _ subTypes: (batch: String, item: String)) {
        for entry in outline.entries {
            guard let operation = entry.event.operation else { continue }
            let parts = operation.path.split(separator: "-")
            let parent = parts.count == 1 ? nil : isFlat ? "1" : parts.dropLast().joined(separator: "-")
            #expect(operation.parentPath == parent)
            if entry.text.contains(".c") {
                #expect(operation.kind == (parts.count % 2 == 1 ? subTypes.batch : subTypes.item))
            }
        }
    }
}
