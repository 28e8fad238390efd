import Foundation
import FuzzTargets
import Testing

/// The corpus of the fuzzers: inputs that were hard on a decoder once, and those that fuzzing starts from.
@Suite struct FuzzCorpusTests {
    private static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/fuzz")

    /// A decoder that traps ends the whole run: the name of the file is the last thing in its output.
    @Test(arguments: FuzzTarget.allCases)
    func `a decoder stands every input of its corpus, cut anywhere`(target: FuzzTarget) throws {
        let folder = Self.folder.appending(path: target.rawValue)
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(!files.isEmpty, "Fixtures/fuzz/\(target.rawValue) has no seed")
        for file in files {
            let bytes = Array(try Data(contentsOf: file))
            target.run(bytes)
            for length in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 40)) {
                target.run(Array(bytes.prefix(length)))
            }
        }
    }

    @Test func `every folder is the corpus of a target`() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        #expect(Set(names).subtracting(["README.md"]) == Set(FuzzTarget.allCases.map(\.rawValue)))
    }
}
