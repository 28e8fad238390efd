import LogStorage

/// The physical limit that commits are compared with: a 4 KiB write and `fdatasync`, over and over, by one thread, on a
/// file whose blocks are written already.
struct RawSyncRate {
    private static let fileSize = 16 << 20
    private static let blockSize = 4 << 10

    private let path: String
    private let fileSystem: any LogFileSystem
    private let file: any LogFile
    private var block: [UInt8]
    private var offset = 0

    /// - Parameter path: On the file system that is measured; a file of 16 MiB is made there.
    init(path: String, _ fileSystem: any LogFileSystem) throws {
        self.fileSystem = fileSystem
        self.path = path
        if try fileSystem.exists(path) { try fileSystem.remove(path) }
        file = try fileSystem.open(path, .create)
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        for offset in stride(from: 0, to: Self.fileSize, by: zeros.count) { try file.write(zeros, at: offset) }
        try file.sync()
        // No zeros: some devices treat them as a special case.
        block = (0..<Self.blockSize).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) }
    }

    /// Syncs a second over `duration`.
    mutating func measure(_ duration: Duration) throws -> Double {
        let start = ContinuousClock.now
        var count = 0
        while true {
            block[0] &+= 1
            try file.write(block, at: offset)
            try file.syncData()
            offset = (offset + Self.blockSize) % Self.fileSize
            count += 1
            let elapsed = ContinuousClock.now - start
            if elapsed >= duration { return Double(count) / elapsed.seconds }
        }
    }

    func remove() {
        file.close()
        do {
            try fileSystem.remove(path)
        } catch {
            Talk.say("\(error)")
        }
    }
}

extension Duration {
    var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }

    var microseconds: Double { seconds * 1e6 }
}
