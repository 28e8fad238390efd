import Testing

@testable import ExecutionModel

/// The forms in which a caller names a function. SPEC.md, "Chained invoke".
@Suite struct FunctionReferenceTests {
    static let account = "123456789012"
    static let arn = "arn:aws:lambda:eu-central-1:123456789012:function:"

    static func reference(
        _ name: String, _ qualifier: String? = nil, account: String? = nil, region: String? = nil
    ) -> FunctionReference {
        var reference = FunctionReference(name: name, qualifier: qualifier)
        reference.account = account
        reference.region = region
        return reference
    }

    @Test(
        arguments: [
            ("pay", reference("pay")), ("pay:7", reference("pay", "7")), ("pay:$LATEST", reference("pay", "$LATEST")),
            ("pay:live-2_b", reference("pay", "live-2_b")), ("P-a_y9", reference("P-a_y9")),
            ("\(account):function:pay", reference("pay", account: account)),
            ("\(account):function:pay:7", reference("pay", "7", account: account)),
            ("\(arn)pay", reference("pay", account: account, region: "eu-central-1")),
            ("\(arn)pay:live", reference("pay", "live", account: account, region: "eu-central-1")),
            // Words of the grammar are names as good as any.
            ("arn", reference("arn")), ("arn:7", reference("arn", "7")), ("function", reference("function")),
            ("pay:function", reference("pay", "function")),
            ("function:function", reference("function", "function")), ("lambda", reference("lambda")),
            ("\(account):function:function", reference("function", account: account)),
            ("\(account)", reference(account)), ("\(account):7", reference(account, "7")),
        ])
    func `a function is read in each of its forms`(text: String, reference: FunctionReference) {
        #expect(FunctionReference(text) == reference)
    }

    @Test(
        arguments: [
            "", ":", "pay:", ":pay", "pay::7", "pay:7:8", "pay 1", "pay:a b", "pay:$latest", "pay:$LATEST1", "päy",
            "pay/7", "function:pay:7:8", "12345678901:function:pay", "1234567890123:function:pay",
            "12345678901x:function:pay", "\(account):layer:pay", "\(account):function:", "\(account):function:pay:7:8",
            "arn:aws:lambda:eu-central-1:\(account):function", "arn:aws:lambda:eu-central-1:\(account):pay:7",
            "arn:aws:lambda::\(account):function:pay", "arn:aws:lambda:eu-central-1::function:pay",
            "arn::lambda:eu-central-1:\(account):function:pay", "arn:aws:sqs:eu-central-1:\(account):function:pay",
            "ARN:aws:lambda:eu-central-1:\(account):function:pay", "\(arn)", "\(arn)pay:7:8",
        ])
    func `nothing else names one`(text: String) {
        #expect(FunctionReference(text) == nil)
    }

    @Test func `names, qualifiers and the whole have their longest`() {
        let name = String(repeating: "n", count: Limits.functionNameLengthMax)
        #expect(FunctionReference(name)?.name == name)
        #expect(FunctionReference(name + "n") == nil)
        let alias = String(repeating: "q", count: 128)
        #expect(FunctionReference("p:\(alias)")?.qualifier == alias)
        #expect(FunctionReference("p:\(alias)q") == nil)
        let whole = Self.arn + name + ":" + String(repeating: "q", count: 256 - Self.arn.count - name.count - 1)
        #expect(whole.utf8.count == FunctionReference.lengthMax)
        #expect(FunctionReference(whole) != nil)
        #expect(FunctionReference(whole + "q") == nil)
    }

    @Test func `a part of a longer text is read where it stands`() {
        let line = "call \(Self.account):function:pay:7 now"
        let words = line.split(separator: " ")
        #expect(FunctionReference(words[1])?.qualifier == "7")
        #expect(FunctionReference(words[0])?.name == "call")
    }

    @Test(
        arguments: [
            ("$LATEST", true), ("0", true), ("007", true), (String(repeating: "9", count: 32), true),
            (String(repeating: "9", count: 33), false), ("", false), ("live", false), ("7a", false), ("$latest", false),
            ("١", false),
        ])
    func `a version is the latest or digits`(text: String, isVersion: Bool) {
        #expect(text.isVersion == isVersion)
    }
}
