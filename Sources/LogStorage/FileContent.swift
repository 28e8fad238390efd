/// The bytes of a file in sectors of 512: the unit that a disk writes whole or not at all.
///
/// Sectors share the buffers they were written from, so that copies of a disk cost little.
struct FileContent: Sendable {
    static let sectorByteCount = 512

    struct Sector: Sendable {
        var buffer: [UInt8]
        var offset: Int

        var bytes: ArraySlice<UInt8> { buffer[offset..<offset + FileContent.sectorByteCount] }
    }

    /// Nil: nothing was written there, or it was given back. It reads as zeros and takes no room.
    private(set) var sectors: [Sector?] = []
    private(set) var size = 0
    /// How many sectors take room.
    private(set) var usedSectorCount = 0

    /// Sets one sector, wherever the file ends.
    mutating func set(_ index: Int, _ sector: Sector?) {
        while index >= sectors.count { sectors.append(nil) }
        if sectors[index] != nil { usedSectorCount -= 1 }
        if sector != nil { usedSectorCount += 1 }
        sectors[index] = sector
    }

    mutating func resize(to size: Int) {
        self.size = size
    }

    /// Makes what lies beyond the size zeros, in case the file grows again.
    mutating func clearBeyondSize() {
        let sectorByteCount = Self.sectorByteCount
        let end = (size + sectorByteCount - 1) / sectorByteCount
        while sectors.count > end {
            if sectors.removeLast() != nil { usedSectorCount -= 1 }
        }
        let used = size % sectorByteCount
        if used > 0, end == sectors.count, let last = sectors[end - 1] {
            let bytes = last.bytes.prefix(used) + [UInt8](repeating: 0, count: sectorByteCount - used)
            sectors[end - 1] = Sector(buffer: Array(bytes), offset: 0)
        }
    }

    subscript(index: Int) -> Sector? {
        index < sectors.count ? sectors[index] : nil
    }

    func read(at offset: Int, count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        guard offset < size else { return bytes }
        let end = count < size - offset ? offset + count : size
        bytes.reserveCapacity(end - offset)
        var next = offset
        while next < end {
            let start = next % Self.sectorByteCount
            let length = min(Self.sectorByteCount - start, end - next)
            if let sector = self[next / Self.sectorByteCount] {
                bytes.append(contentsOf: sector.buffer[sector.offset + start..<sector.offset + start + length])
            } else {
                bytes.append(contentsOf: repeatElement(0, count: length))
            }
            next += length
        }
        return bytes
    }
}
