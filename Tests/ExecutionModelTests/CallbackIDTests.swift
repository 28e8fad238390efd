import Testing

@testable import ExecutionModel

@Suite struct CallbackIDTests {
    static let ids = [0, 1, 127, 128, 1 << 20, UInt64.max].flatMap { number in
        [0, 1, UInt32.max].map { ordinal in
            CallbackID(
                execution: ExecutionID(number: ExecutionNumber(number), random: EventVectors.random),
                ordinal: OperationOrdinal(ordinal))
        }
    }

    @Test(arguments: ids)
    func `a callback id survives its text`(id: CallbackID) {
        #expect(CallbackID(id.description) == id)
        #expect(id.description.wholeMatch(of: /[A-Za-z0-9+\/]+={0,2}/) != nil)
    }

    @Test func `a checkpoint token survives its text and is no callback id`() {
        let token = CheckpointToken(execution: ExecutionIDTests.id, invocation: 3, sequence: 300)
        #expect(CheckpointToken(token.description) == token)
        #expect(CallbackID(token.description) == nil)
    }

    @Test(arguments: ids)
    func `a callback id is no checkpoint token`(id: CallbackID) {
        #expect(CheckpointToken(id.description) == nil)
    }

    @Test func `a text cut or changed anywhere is another id or none`() {
        let id = CallbackIDTests.ids[4]
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

@Suite struct Base64Tests {
    /// RFC 4648 §10.
    static let vectors = [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ]

    @Test(arguments: vectors)
    func `bytes and text agree with the RFC`(bytes: String, text: String) {
        #expect(Base64.encode(Array(bytes.utf8)) == text)
        #expect(Base64.decode(text) == Array(bytes.utf8))
    }

    @Test(arguments: ["Z", "Zg", "Zg=", "Zh==", "Zm9=", "Zg==Zg==", "====", "Z===", "Zm9v\n", "Zm-_", "Zé=="])
    func `what the encoder never writes is refused`(text: String) {
        #expect(Base64.decode(text) == nil)
    }
}
