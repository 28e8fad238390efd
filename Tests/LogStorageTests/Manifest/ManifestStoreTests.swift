import Testing

@testable import LogStorage

@Suite struct ManifestStoreTests {
    private static let directory = LogFixture.directory

    private static func path(_ number: UInt64) -> String { directory + "/" + LogFileKind.manifest.name(number) }

    private static func manifest(_ number: UInt64) -> Manifest {
        var manifest = Manifest.sample
        manifest.number = number
        manifest.next.manifest = number + 1
        return manifest
    }

    /// A log's directory with these manifests.
    private func store(_ numbers: [UInt64]) throws -> (ManifestStore, MemoryFiles) {
        let files = MemoryFiles([Self.directory + "/00000004.segment": []])
        let store = ManifestStore(directory: Self.directory, fileSystem: files)
        for number in numbers { try store.write(Self.manifest(number)) }
        return (store, files)
    }

    @Test func `without a manifest there is none`() throws {
        let (store, _) = try store([])
        let (manifest, rejected) = try store.newest()
        #expect(manifest == nil)
        #expect(rejected.isEmpty)
        #expect(try store.nextNumbers(after: nil) == Manifest.NextNumbers())
    }

    @Test func `the newest counts`() throws {
        let (store, files) = try store([1, 2, 10])
        #expect(try store.newest().manifest == Self.manifest(10))
        try store.removeOthers(than: [2, 10])
        #expect(files.contents.keys.sorted() == [Self.path(2), Self.directory + "/00000004.segment", Self.path(10)])
    }

    @Test func `one that was passed over is not kept between the two that count`() throws {
        let (store, files) = try store([1, 2, 3, 4])
        try store.removeOthers(than: [4, 2])
        #expect(files.contents.keys.sorted() == [Self.path(2), Self.path(4), Self.directory + "/00000004.segment"])
        #expect(try store.newest(below: 4).manifest == Self.manifest(2))
    }

    @Test func `a damaged one is fallen back from, and said`() throws {
        let (store, files) = try store([1, 2, 3, 4])
        files.contents[Self.path(4)]![40] ^= 1
        files.contents[Self.path(3)] = files.contents[Self.path(2)]
        let (manifest, rejected) = try store.newest()
        #expect(manifest == Self.manifest(2))
        #expect(rejected.map(\.name) == ["00000004.manifest", "00000003.manifest"])
        #expect(rejected.last?.reason == .numberMismatch(manifest: 2))
        // Number 4 is not given again: a manifest of that number may be read some day.
        #expect(try store.nextNumbers(after: manifest).manifest == 5)
    }

    @Test func `no number of a file that is there is given again`() throws {
        let (store, files) = try store([1])
        for name in ["00000009.table", "00000012.rewrite", "00000003.manifest"] {
            files.contents[Self.directory + "/" + name] = []
        }
        let expected = Manifest.NextNumbers(rewrite: 13, table: 10, manifest: 4)
        #expect(try store.nextNumbers(after: Self.manifest(1)) == expected)
        #expect(try store.nextNumbers(after: nil) == expected)
    }

    @Test(arguments: [(8, 2, 2), (96, 1, nil)] as [(Int, UInt8, UInt32?)])
    func `one of a newer version is refused, and not fallen back from`(offset: Int, byte: UInt8, version: UInt32?)
        throws
    {
        let (store, files) = try store([1, 2])
        files.contents[Self.path(2)] = Self.manifest(2).resealed(at: offset, [byte])
        let before = files.contents
        #expect(throws: LogError.newerManifest(number: 2, version: version, supported: 1)) { try store.newest() }
        #expect(files.contents == before)
        // Damage that looks like a newer version is damage.
        files.contents[Self.path(2)] = Self.manifest(2).encoded()
        files.contents[Self.path(2)]![offset] = byte
        #expect(try store.newest().manifest == Self.manifest(1))
    }

    @Test func `a read that fails says nothing of the manifest`() throws {
        let disk = SimulatedDisk()
        try disk.createDirectory(Self.directory)
        disk.replace(Self.directory + "/00000004.segment", with: [])
        let store = ManifestStore(directory: Self.directory, fileSystem: disk)
        try store.write(Self.manifest(1))
        try store.write(Self.manifest(2))
        // The list, the opening, the size, the bytes.
        for nth in 1...4 {
            disk.fail(nth: nth, of: .read, code: 5)
            #expect {
                try store.newest()
            } throws: {
                guard case .storage(let cause)? = $0 as? LogError else { return false }
                return cause.reason == .inputOutput
            }
            disk.stopFailing()
        }
        #expect(try store.newest().manifest?.number == 2)
    }

    @Test func `a file that two manifests do not list is removed, and a newer one is not`() throws {
        let (store, files) = try store([7])
        var other = Self.manifest(8)
        // Dropped since: append segment 1, table 6. New: append segment 4.
        other.appendSegments.remove(at: 0)
        other.tables.remove(at: 1)
        other.tables.insert(TableInfo(number: 8, byteCount: 64, entryCount: 0, checksum: 0), at: 0)
        other.next = Manifest.NextNumbers(rewrite: 4, table: 9, manifest: 9)
        other.positionSegment = 5
        let names = [
            "00000001.segment", "00000002.segment", "00000003.segment", "00000004.segment", "00000005.segment",
            "00000001.rewrite", "00000002.rewrite", "00000003.rewrite", "00000004.rewrite",
            "00000004.table", "00000005.table", "00000006.table", "00000007.table", "00000008.table", "00000009.table",
        ]
        for name in names { files.contents[Self.directory + "/" + name] = [] }
        let removed = try store.removeUnlisted(by: [other, Self.manifest(7)])
        // Segment 4 holds what the index of manifest 7 does not cover.
        #expect(
            removed == ["00000002.segment", "00000001.rewrite", "00000003.rewrite", "00000004.table", "00000007.table"])
        #expect(
            try store.removeUnlisted(by: [other]) == [
                "00000001.segment", "00000004.segment", "00000006.table",
            ])
        #expect(try store.removeUnlisted(by: []).isEmpty)
        #expect(files.contents.keys.contains(Self.path(7)))
    }
}
