import Indelible
import LogStorage
import Testing

@Suite struct JSONPreviewTests {
    /// What the record shows of a value; nil: it has no preview.
    static func preview(_ json: String, _ preview: JSONPreview) async throws -> String? {
        let serdes = FileSerdes(
            at: "values", base: .bytes, mode: .always, preview: preview, fileSystem: try FileSerdesTests.disk())
        let record = String(decoding: try await serdes.encode(json) ?? [], as: UTF8.self)
        // It is read back all the same.
        #expect(try await serdes.decode(String.self, from: Array(record.utf8)) == json)
        guard let start = record.firstRange(of: #","preview":"#)?.upperBound else { return nil }
        return String(record[start...].dropLast())
    }

    static let order = """
        {"id":7,"card":{"number":"4111","holder":{"name":"Ada"}},"tags":["a","b"],"note":null,\
        "lines":[{"sku":"x","price":1.50},{"sku":"y","price":2}],"a.b":1,"paid":true}
        """

    static let cases: [(JSONPreview, String?)] = [
        (
            JSONPreview(.includeAll),
            #"{"id":7,"card":{"number":"4111","holder":{"name":"Ada"}},"tags":["a","b"],"note":null,"#
                + #""lines":{"sku":"y","price":2},"paid":true}"#
        ),
        (JSONPreview(.excludeAll), nil),
        (JSONPreview(.excludeAll, include: ["id", "name"]), #"{"id":7,"card":{"holder":{"name":"Ada"}}}"#),
        (JSONPreview(.excludeAll, include: [.path("card")]), #"{"card":{"number":"4111","holder":{"name":"Ada"}}}"#),
        (JSONPreview(.excludeAll, include: [.path("name"), .path("holder")]), nil),
        (JSONPreview(.excludeAll, include: ["lines"], exclude: ["sku"]), #"{"lines":{"price":2}}"#),
        (JSONPreview(.excludeAll, include: ["tags"]), #"{"tags":["a","b"]}"#),
        (JSONPreview(.excludeAll, mask: ["number", "tags"]), #"{"card":{"number":"***"},"tags":"***"}"#),
        (JSONPreview(.excludeAll, mask: [.path("card.holder")]), #"{"card":{"holder":"***"}}"#),
        (JSONPreview(.excludeAll, include: ["card"], mask: ["card"]), #"{"card":"***"}"#),
        (
            JSONPreview(.includeAll, exclude: ["card", "lines", "tags"], mask: ["card", "id", .path("card.number")]),
            #"{"id":"***","note":null,"paid":true}"#
        ),
        (JSONPreview(.excludeAll, include: ["a.b", .path("a.b")]), nil),
    ]

    @Test(arguments: 0..<cases.count)
    func `fields are shown, masked or left out as the lists say`(index: Int) async throws {
        let (preview, expected) = Self.cases[index]
        #expect(try await Self.preview(Self.order, preview) == expected)
    }

    static let shapes: [(String, String?)] = [
        ("7", nil), (#""text""#, nil), ("[1,2]", nil), (#"[{"a":1}]"#, nil), ("{}", nil), ("", nil),
        (#" { "a" : 1 , "b" : [ 1 , 2 ] } "#, #"{"a":1,"b":[ 1 , 2 ]}"#),
        (#"{"a":[[1,{"b":2}],{"b":3},4]}"#, #"{"a":{"b":3}}"#),
        (#"{"a":[],"b":{}}"#, #"{"a":[]}"#),
        (#"{"a":[{"b":1},{"b":{"c":2}}]}"#, #"{"a":{"b":{"c":2}}}"#),
        (#"{"a":[{"b":{"c":2}},{"b":1}]}"#, #"{"a":{"b":1}}"#),
        (#"{"\u0061":1,"q\"":"x\\","e":-1.5e+3}"#, #"{"\u0061":1,"q\"":"x\\","e":-1.5e+3}"#),
        // No JSON: nothing is shown of it.
        (#"{"a":1"#, nil), (#"{"a":1}}"#, nil), (#"{"a":}"#, nil), (#"{"a" 1}"#, nil), (#"{"a":1,}"#, nil),
        (#"{a:1}"#, nil), (#"{"a":"x}"#, nil), (#"{"a":nope}"#, nil), (#"{"a":"\"#, nil), ("{\"a\":\"\u{1}\"}", nil),
        (#"{"a":0x10}"#, nil), (#"{"a":nan}"#, nil),
        (#"{"a":"# + String(repeating: "[", count: 600) + String(repeating: "]", count: 600) + "}", nil),
    ]

    @Test(arguments: shapes)
    func `arrays are flattened, and what is no JSON object shows nothing`(json: String, expected: String?) async throws
    {
        #expect(try await Self.preview(json, JSONPreview(.includeAll)) == expected)
    }

    @Test func `bytes that are no text have no preview`() async throws {
        let serdes = FileSerdes(
            at: "values", base: .bytes, mode: .always, preview: JSONPreview(.includeAll),
            fileSystem: try FileSerdesTests.disk())
        let record = try await serdes.encode(Array(#"{"a":""#.utf8) + [0xFF] + Array(#""}"#.utf8))
        #expect(try !#require(FileSerdesTests.text(record)).contains("preview"))
    }

    @Test(arguments: [1, 2, 3, 7, 40, 4_000])
    func `a preview has at most 4,096 bytes, and leaves out what does not fit`(length: Int) async throws {
        let fields = (0..<1_000).map { index in
            #""f\#(index)":{"deep":{"deeper":"\#(String(repeating: "é", count: length))"}}"#
        }
        let json = "{\"huge\":\"\(String(repeating: "x", count: 5_000))\",\(fields.joined(separator: ",")),\"z\":1}"
        let preview = try #require(try await Self.preview(json, JSONPreview(.includeAll)))
        #expect(preview.utf8.count <= 4_096)
        #expect(!preview.contains("huge"))
        #expect(length > 100 || preview.utf8.count > 2_000)
    }

    @Test func `a preview is made from what the base writes, so a secret of its never shows`() async throws {
        struct Card: Codable { var number: String, name: String }
        let disk = try FileSerdesTests.disk()
        let redacted = FileSerdes(
            at: "values", base: .redacting("number"), mode: .always, preview: JSONPreview(.includeAll), fileSystem: disk
        )
        let record = FileSerdesTests.text(try await redacted.encode(Card(number: "4111", name: "Ada")))
        #expect(record?.hasSuffix(#""preview":{"name":"Ada","number":"***"}}"#) == true)
    }
}
