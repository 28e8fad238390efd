import Testing

@testable import ExecutionModel

@Suite struct CallbackIDTests {
    static let ids = [0, 1, 127, 128, 1 << 20, UInt64.max].flatMap { number in
        [0, 1, UInt32.max].map { ordinal in
            CallbackID(
                execution: ExecutionNumber(number), ordinal: OperationOrdinal(ordinal), secret: EventVectors.secret)
        }
    }

    /// SPEC.md, "Names in text".
    @Test(arguments: [
        (17, 2, "y9oeAzrbp/FocxNKx06SuhURAg=="), (300, 300, "y+Z9nORteRgHkfhql1Th1BKsAqwC"),
    ])
    func `a callback id has the text that the specification gives`(number: UInt64, ordinal: UInt32, text: String) {
        let id = CallbackID(
            execution: ExecutionNumber(number), ordinal: OperationOrdinal(ordinal), secret: EventVectors.secret)
        #expect(id.description == text)
        #expect(CallbackID(text) == id)
    }

    @Test(arguments: ids)
    func `a callback id survives its text, which is no token's`(id: CallbackID) {
        #expect(CallbackID(id.description) == id)
        #expect(id.description.wholeMatch(of: /[A-Za-z0-9+\/]+={0,2}/) != nil)
        #expect(CheckpointToken(id.description) == nil)
    }

    @Test func `callbacks of one execution share no part of their checks`() {
        let checks = (0..<100).map {
            CallbackID(execution: ExecutionNumber(17), ordinal: OperationOrdinal($0), secret: EventVectors.secret).check
        }
        #expect(Set(checks.map(\.high)).count == 100)
        #expect(Set(checks.map(\.low)).count == 100)
        #expect(!checks.contains(ExecutionIDTests.id.check))
    }

    @Test func `a text cut or changed anywhere is another id or none`() {
        let id = Self.ids[4]
        let text = Array(id.description)
        for length in 0..<text.count { #expect(CallbackID(String(text[..<length])) == nil) }
        for index in text.indices {
            var changed = text
            changed[index] = changed[index] == "A" ? "B" : "A"
            #expect(CallbackID(String(changed)) != id)
        }
        #expect(CallbackID(String(repeating: "A", count: 2_000)) == nil)
    }
}
