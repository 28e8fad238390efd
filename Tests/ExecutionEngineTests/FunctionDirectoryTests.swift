import ExecutionModel
import Testing

@testable import ExecutionEngine

/// Which version a caller means, of those that the process has code for.
@Suite struct FunctionDirectoryTests {
    static func directory(_ versions: [String]) -> FunctionDirectory {
        var directory = FunctionDirectory()
        for version in versions { directory.register(FunctionDirectory.Entry(version: version), as: "pay") }
        directory.register(FunctionDirectory.Entry(version: "99"), as: "ship")
        return directory
    }

    @Test(
        arguments: [
            (["1", "$LATEST", "2"], nil, "$LATEST"), (["1", "$LATEST", "2"], "2", "2"),
            (["1", "$LATEST", "2"], "$LATEST", "$LATEST"), (["1", "2"], nil, "2"), (["2", "1"], nil, "2"),
            (["9", "10"], nil, "10"), (["10", "9"], nil, "10"), (["099", "100"], nil, "100"),
            (["0100", "99"], nil, "0100"), (["0", "00"], "00", "00"),
            (["18446744073709551616", "18446744073709551615"], nil, "18446744073709551616"),
            (["1", "2"], "$LATEST", nil), (["1", "2"], "3", nil), (["1", "2"], "live", nil), (["1", "2"], "01", nil),
            ([], nil, nil), ([], "99", nil),
        ] as [([String], String?, String?)])
    func `a caller gets the version it names, or the newest`(
        versions: [String], qualifier: String?, resolved: String?
    ) {
        #expect(Self.directory(versions).resolve("pay", qualifier: qualifier)?.version == resolved)
    }

    @Test func `a version that is registered again is replaced, and no other`() {
        var directory = Self.directory(["1", "2"])
        let plain = FunctionDirectory.Entry(
            version: "2", isPlain: true, executionTimeout: Milliseconds(5),
            retention: RetentionPolicy(Milliseconds(6)))
        directory.register(plain, as: "pay")
        #expect(directory.resolve("pay", qualifier: nil) == plain)
        #expect(directory.resolve("pay", qualifier: "2") == plain)
        #expect(directory.resolve("pay", qualifier: "1") == FunctionDirectory.Entry(version: "1"))
        #expect(directory.resolve("ship", qualifier: nil)?.version == "99")
    }
}
