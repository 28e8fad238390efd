#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension FileImage {
    /// Writes bytes to the cache: whole sectors share the buffer, the ends are merged with what is there.
    mutating func put(_ bytes: [UInt8], at offset: Int) {
        let sectorByteCount = FileContent.sectorByteCount
        var next = 0
        while next < bytes.count {
            let index = (offset + next) / sectorByteCount
            let start = (offset + next) % sectorByteCount
            let length = min(sectorByteCount - start, bytes.count - next)
            if length == sectorByteCount {
                change(.sector(index, FileContent.Sector(buffer: bytes, offset: next)))
            } else {
                var merged = cached[index].map { Array($0.bytes) } ?? [UInt8](repeating: 0, count: sectorByteCount)
                merged.replaceSubrange(start..<start + length, with: bytes[next..<next + length])
                change(.sector(index, FileContent.Sector(buffer: merged, offset: 0)))
            }
            next += length
        }
        if offset + bytes.count > cached.size { change(.size(offset + bytes.count)) }
    }
}

/// Calls on open files. A file that was removed lives on for those who have it open.
extension DiskImage {
    mutating func read(
        _ number: Int, _ path: String, at offset: Int, count: Int
    ) throws(FileSystemError) -> [UInt8] {
        try beginOrThrow(.read, path, at: offset, length: count)
        return files[number]!.cached.read(at: offset, count: count)
    }

    mutating func readUncached(
        _ number: Int, _ path: String, at offset: Int, count: Int
    ) throws(FileSystemError) -> [UInt8] {
        try beginOrThrow(.read, path, at: offset, length: count)
        files[number]!.dropCleanPages()
        return files[number]!.cached.read(at: offset, count: count)
    }

    mutating func size(_ number: Int, _ path: String) throws(FileSystemError) -> Int {
        try beginOrThrow(.size, path)
        return files[number]!.cached.size
    }

    mutating func write(
        _ number: Int, _ path: String, _ bytes: [UInt8], at offset: Int
    ) throws(FileSystemError) {
        var failure = begin(.write, path, at: offset, length: bytes.count)
        var fitting = bytes.count
        if let code = failure {
            fitting = code == ENOSPC ? 0 : Int.random(in: 0...bytes.count, using: &random)
        }
        let room = fittingByteCount(number, fitting, at: offset)
        if room < fitting {
            fitting = room
            failure = failure ?? ENOSPC
        }
        files[number]!.put(fitting == bytes.count ? bytes : Array(bytes[..<fitting]), at: offset)
        changed()
        if let failure { throw FileSystemError(.write, path, code: failure) }
    }

    mutating func sync(_ number: Int, _ path: String, includesSize: Bool) throws(FileSystemError) {
        let operation: FileSystemError.Operation = includesSize ? .sync : .syncData
        let failure = begin(operation, path)
        if failure == nil, lies() { return }
        if failure == nil {
            files[number]!.settle { change in
                if case .size = change { includesSize } else { true }
            }
        } else {
            // The kernel marks all pages clean, whether they reached the disk or not.
            var random = random
            files[number]!.settle(reaches: { _ in Bool.random(using: &random) })
            self.random = random
        }
        changed()
        if let failure { throw FileSystemError(operation, path, code: failure) }
    }

    mutating func truncate(_ number: Int, _ path: String, to size: Int) throws(FileSystemError) {
        try beginOrThrow(.truncate, path, at: size)
        clear(number, from: size)
        if size != files[number]!.cached.size { files[number]!.change(.size(size)) }
        changed()
    }

    mutating func deallocate(_ number: Int, _ path: String, from offset: Int) throws(FileSystemError) {
        try beginOrThrow(.deallocate, path, at: offset)
        clear(number, from: offset)
        changed()
    }

    /// Gives the sectors behind `offset` back, and zeros the rest of the one that it lies in.
    private mutating func clear(_ number: Int, from offset: Int) {
        let sectorByteCount = FileContent.sectorByteCount
        let before = files[number]!.cached
        let partial = offset % sectorByteCount
        var index = offset / sectorByteCount
        if partial > 0 {
            if let sector = before[index] {
                let bytes = sector.bytes.prefix(partial) + [UInt8](repeating: 0, count: sectorByteCount - partial)
                files[number]!.change(.sector(index, FileContent.Sector(buffer: Array(bytes), offset: 0)))
            }
            index += 1
        }
        while index < before.sectors.count {
            if before[index] != nil { files[number]!.change(.sector(index, nil)) }
            index += 1
        }
    }

    /// How many of `count` bytes at `offset` can be written before the disk is full.
    private func fittingByteCount(_ number: Int, _ count: Int, at offset: Int) -> Int {
        guard capacity < .max, count > 0 else { return count }
        let sectorByteCount = FileContent.sectorByteCount
        var free = max(0, capacity - usedByteCount) / sectorByteCount
        for index in offset / sectorByteCount...(offset + count - 1) / sectorByteCount
        where files[number]!.cached[index] == nil {
            if free == 0 { return max(0, index * sectorByteCount - offset) }
            free -= 1
        }
        return count
    }
}
