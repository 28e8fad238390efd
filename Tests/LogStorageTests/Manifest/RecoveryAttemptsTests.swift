import Testing

@testable import LogStorage

@Suite struct RecoveryAttemptsTests {
    private static let path = LogFixture.directory + "/recovery"

    private func attempts(_ files: any LogFileSystem) -> RecoveryAttempts {
        RecoveryAttempts(directory: LogFixture.directory, fileSystem: files)
    }

    @Test func `openings count until one succeeds`() throws {
        let files = MemoryFiles()
        for count in 0..<5 { #expect(try attempts(files).begin() == count) }
        try attempts(files).succeeded()
        #expect(files.contents.isEmpty)
        #expect(try attempts(files).begin() == 0)
        try attempts(files).succeeded()
        try attempts(files).succeeded()
    }

    @Test func `a file that does not check counts as one`() throws {
        let files = MemoryFiles()
        for _ in 0..<3 { _ = try attempts(files).begin() }
        let bytes = files.contents[Self.path]!
        for offset in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[offset] ^= 1 << UInt8(bit)
                files.contents = [Self.path: damaged]
                #expect(try attempts(files).begin() == 1, "byte \(offset) bit \(bit)")
            }
            files.contents = [Self.path: Array(bytes[..<offset])]
            #expect(try attempts(files).begin() == 1, "cut at \(offset)")
        }
        files.contents = [Self.path: bytes + [0]]
        #expect(try attempts(files).begin() == 1)
        #expect(try attempts(files).begin() == 2)
    }

    @Test func `an attempt is durable before it goes on, and ends durably`() throws {
        let disk = SimulatedDisk(recordsCrashPoints: true)
        try disk.createDirectory(LogFixture.directory)
        var begun: [Int] = []
        for _ in 0..<3 {
            _ = try attempts(disk).begin()
            begun.append(disk.operations.count)
        }
        let succeeding = disk.operations.count
        try attempts(disk).succeeded()
        let succeeded = disk.operations.count
        for point in disk.crashPoints where point.operationCount > 1 {
            for sample in 0..<60 as Range<UInt64> {
                let count = try attempts(point.disk(seed: sample)).begin()
                let least = begun.count { $0 <= point.operationCount }
                if point.operationCount >= succeeded {
                    #expect(count == 0)
                } else if point.operationCount > succeeding {
                    #expect(count == 0 || count == 3)
                } else {
                    #expect((least...least + 1).contains(count), "call \(point.operationCount), sample \(sample)")
                }
            }
        }
    }

    @Test func `an opening that cannot count does not begin`() throws {
        let disk = SimulatedDisk()
        try disk.createDirectory(LogFixture.directory)
        for operations in [DiskOperation.Class.read, .write, .sync] {
            disk.fail(nth: 1, of: operations, code: 5)
            #expect(throws: FileSystemError.self) { try attempts(disk).begin() }
            disk.stopFailing()
        }
    }
}
