/// A file of zeros that is to become the next segment. Its name ends in `.tmp` until it does.
struct SpareSegment: Sendable {
    var number: UInt64
    /// Bytes of zeros that are synced, header included.
    var size: Int
    /// Which entry of the growth table the size was made for.
    var sizeIndex: Int
    var file: any LogFile

    /// Bytes of zeros written and synced at a time: a larger sync would hold up the commits that run beside it.
    private static let chunk = 1 << 20

    /// Makes the file, or makes it longer, and syncs it. Zeros are really written: blocks that are only allocated cost a
    /// commit of the file system's journal when they are first used, about as much as the sync itself.
    static func writeZeros(_ file: any LogFile, from start: Int, to end: Int) throws(FileSystemError) {
        let zeros = [UInt8](repeating: 0, count: min(chunk, end - start))
        var offset = start
        while offset < end {
            let count = min(zeros.count, end - offset)
            try file.write(count == zeros.count ? zeros : Array(zeros[..<count]), at: offset)
            try file.syncData()
            offset += count
        }
        try file.sync()
    }
}
