import Testing

@testable import LogStorage

@Suite struct LogDirectoryTests {
    private static let path = LogFixture.directory

    private static func files(_ names: [String]) -> MemoryFiles {
        MemoryFiles(Dictionary(uniqueKeysWithValues: names.map { (path + "/" + $0, []) }))
    }

    @Test(arguments: LogFileKind.allCases)
    func `each sort of file has names of its own`(kind: LogFileKind) {
        for number in [1, 99_999_999, 100_000_000] as [UInt64] {
            let name = kind.name(number)
            for other in LogFileKind.allCases { #expect(other.number(of: name) == (other == kind ? number : nil)) }
            #expect(SegmentNames.isTemporary(SegmentNames.temporary(name)))
            #expect(!SegmentNames.isTemporary(name))
        }
        for name in ["1", "00000000", "000000001", "0000000a", "+0000001", ""] {
            #expect(kind.number(of: name + "." + kind.rawValue) == nil)
            #expect(!SegmentNames.isTemporary(name + "." + kind.rawValue + ".tmp"))
        }
    }

    @Test func `a survey tells the files of a log apart`() throws {
        let directory = try LogDirectory(
            surveying: Self.path,
            fileSystem: Self.files([
                "lock", "recovery", "recovery.tmp", "notes", "notes.tmp", "00000002.segment", "00000001.segment",
                "00000003.segment.tmp", "00000004.rewrite", "00000005.rewrite.tmp", "00000007.table", "00000006.table",
                "00000008.table.tmp", "00000009.manifest", "00000010.manifest.tmp",
            ]))
        #expect(directory.segments == [1, 2])
        #expect(directory.rewrites == [4])
        #expect(directory.tables == [6, 7])
        #expect(directory.manifests == [9])
        #expect(
            directory.temporaries == [
                "00000003.segment.tmp", "00000005.rewrite.tmp", "00000008.table.tmp", "00000010.manifest.tmp",
                "recovery.tmp",
            ])
    }

    @Test(arguments: ["00000001.rewrite", "00000001.table", "00000003.manifest"])
    func `a log that lost its segments is not taken for an empty directory`(name: String) {
        let damage = LogDamage(segment: 1, offset: 0, reason: .missing)
        #expect(throws: LogError.damaged(damage)) {
            try LogDirectory(surveying: Self.path, fileSystem: Self.files([name]))
        }
    }

    @Test func `an opening removes what any writer left in the making, and nothing else`() throws {
        let files = Self.files(
            LogFileKind.allCases.map { SegmentNames.temporary($0.name(7)) } + ["recovery", "recovery.tmp", "lock"])
        try LogFixture(files).open().close()
        #expect(files.list(Self.path) == ["00000001.segment", "lock", "recovery"])
        files.contents[Self.path + "/notes.tmp"] = [1]
        files.contents[Self.path + "/00000001.table.tmp"] = [1]
        try LogFixture(files).open().close()
        #expect(files.list(Self.path).contains("notes.tmp"))
        #expect(!files.list(Self.path).contains("00000001.table.tmp"))
    }
}
