import Testing

@testable import ExecutionModel

@Suite struct CheckpointTokenTests {
    static let token = CheckpointToken(
        execution: ExecutionNumber(17), invocation: 3, sequence: 300,
        check: CheckpointToken.check(invocation: 3, secret: EventVectors.secret))

    /// SPEC.md, "Names in text".
    @Test func `a token has the text that the specification gives, which is no callback id's`() {
        let text = "x8Sw5haQKwYB06r4V01Nu5URA6wC"
        #expect(Self.token.description == text)
        #expect(CheckpointToken(text) == Self.token)
        #expect(CallbackID(text) == nil)
    }

    @Test func `each invocation has a check of its own`() {
        let checks = (1...100).map { CheckpointToken.check(invocation: $0, secret: EventVectors.secret) }
        #expect(Set(checks).count == 100)
    }

    @Test func `a text cut or changed anywhere is another token or none`() {
        let text = Array(Self.token.description)
        for length in 0..<text.count { #expect(CheckpointToken(String(text[..<length])) == nil) }
        for index in text.indices {
            var changed = text
            changed[index] = changed[index] == "A" ? "B" : "A"
            #expect(CheckpointToken(String(changed)) != Self.token)
        }
    }
}
