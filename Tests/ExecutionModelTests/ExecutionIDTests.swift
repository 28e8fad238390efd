import Testing

@testable import ExecutionModel

@Suite struct ExecutionIDTests {
    static let id = ExecutionID(number: ExecutionNumber(17), secret: EventVectors.secret)

    /// SPEC.md, "Names in text".
    @Test func `an execution id is its number and a check of 32 digits`() {
        #expect(Self.id.description == "17-d2c4ab8905f7855719ee290e079ecc78")
        #expect(!Self.id.description.contains("\(EventVectors.secret)"))
        #expect(ExecutionID("17-d2c4ab8905f7855719ee290e079ecc78") == Self.id)
    }

    @Test(arguments: [
        "", "17", "17-", "-d2c4ab8905f7855719ee290e079ecc78", "017-d2c4ab8905f7855719ee290e079ecc78",
        "+17-d2c4ab8905f7855719ee290e079ecc78", "17-D2C4AB8905F7855719EE290E079ECC78",
        "17-d2c4ab8905f7855719ee290e079ecc7", "17-d2c4ab8905f7855719ee290e079ecc780",
        "17-d2c4ab8905f7855719ee290e079ecc7g", "18446744073709551616-d2c4ab8905f7855719ee290e079ecc78",
    ])
    func `an execution has one spelling`(text: String) {
        #expect(ExecutionID(text) == nil)
    }
}

@Suite struct ExecutionARNTests {
    static let arn = ExecutionARN(function: "pay", version: "$LATEST", name: "order-1", id: ExecutionIDTests.id)
    static let text =
        "arn:indelible:lambda:local:000000000000:function:pay:$LATEST/durable-execution/order-1/"
        + "17-d2c4ab8905f7855719ee290e079ecc78"

    @Test func `an ARN follows the grammar of AWS and ends in the execution's id`() {
        #expect(Self.arn.description == Self.text)
        #expect(ExecutionARN(Self.text) == Self.arn)
    }

    @Test(arguments: [
        ("arn:", "urn:"), (":lambda:", ":s3:"), ("000000000000", "00000000000"), ("000000000000", "00000000000x"),
        (":function:", ":layer:"), (":$LATEST", ""), ("durable-execution", "execution"), ("/order-1/", "/"),
        ("/order-1/", "//"), ("17-", "x-"), ("pay", ""),
    ])
    func `what breaks the grammar is no ARN`(part: String, replacement: String) throws {
        let range = try #require(Self.text.firstRange(of: part))
        #expect(ExecutionARN(Self.text.replacingCharacters(in: range, with: replacement)) == nil)
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<Index>, with replacement: String) -> String {
        self[..<range.lowerBound] + replacement + self[range.upperBound...]
    }
}
