import Foundation
import Testing

@testable import DemoPayments

@Suite struct DemoFilesTests {
    private let directory = FileManager.default.temporaryDirectory.path + "/demo-files-\(UUID().uuidString)"

    @Test func `a directory is made, and that of an earlier run is taken again`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let files = DemoFiles(directory)
        try files.prepare()
        try files.prepare()
        try Data().write(to: URL(fileURLWithPath: files.ledger))
        try Data().write(to: URL(fileURLWithPath: files.approvals))
        try files.prepare()
    }

    @Test func `what holds something else is refused and left as it is`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        let note = directory + "/note.txt"
        try Data("mine".utf8).write(to: URL(fileURLWithPath: note))
        #expect(throws: DemoFilesError.foreign(directory, holds: "note.txt")) { try DemoFiles(directory).prepare() }
        #expect(throws: DemoFilesError.notADirectory(note)) { try DemoFiles(note).prepare() }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["note.txt"])
    }
}
