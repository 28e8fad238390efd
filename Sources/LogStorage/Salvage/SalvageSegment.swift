/// A segment's file, and what it takes to check its frames: salt and dictionary, also of a header that does not check.
struct SalvageSegment {
    let header: SegmentHeader
    /// False: of the header only the number, the salt and the dictionary can be relied on.
    let isHeaderSound: Bool
    /// Whether compressed bodies can be trusted: no checksum covers what a wrong dictionary makes of them.
    let isDictionarySound: Bool
    let file: any LogFile
    /// Whether the file lacks bytes that it was made with: rightly so only in a segment that has a successor.
    let isCut: Bool

    private let handle: LogFileHandle

    /// - Parameter logID: That of the segments before; nil while none is known.
    /// - Returns: Nil for a file that cannot be opened, of another log, or without a frame that checks.
    init?(
        _ id: LogFileID, in directory: String, logID: LogID?, _ fileSystem: any LogFileSystem
    ) throws(LogError) {
        let number = id.number
        let size: Int
        do throws(FileSystemError) {
            let original = try fileSystem.open(directory + "/" + id.name, .read)
            handle = LogFileHandle(ForgivingFile(original))
            size = try original.size()
        } catch {
            return nil
        }
        file = handle.file
        let bytes: [UInt8]
        do throws(FileSystemError) { bytes = try file.read(at: 0, count: SegmentHeader.encodedByteCount) } catch {
            return nil
        }
        let stated = bytes.count < 56 ? .max : bytes.span.bytes.littleEndian(UInt64.self, at: 48)
        isCut = UInt64(size) < stated
        do throws(SegmentHeaderError) {
            let header = try SegmentHeader(decoding: bytes.span.bytes)
            if let logID, header.logID != logID { return nil }
            guard header.file.sort == id.sort else { return nil }
            self.header = header
            isHeaderSound = true
            isDictionarySound = true
            return
        } catch .newerVersion(let version) {
            throw .newerVersion(segment: number, version: version, supported: FormatLimits.version)
        } catch .unknownFeatures {
            throw .newerVersion(segment: number, version: nil, supported: FormatLimits.version)
        } catch {
            guard bytes.count == SegmentHeader.encodedByteCount else { return nil }
        }
        let (dictionary, isDictionarySound) = Self.dictionary(bytes.span.bytes)
        self.isDictionarySound = isDictionarySound
        isHeaderSound = false
        let byteCounts = FormatLimits.segmentByteCounts
        var header = SegmentHeader(
            logID: logID ?? LogID(high: 0, low: 0), number: number, firstLSN: .first,
            byteCount: min(max(size, byteCounts.lowerBound), byteCounts.upperBound) / 4_096 * 4_096, creationTime: 0,
            salt: bytes.span.bytes.littleEndian(UInt64.self, at: 64),
            writerEpoch: bytes.span.bytes.littleEndian(UInt32.self, at: 72), predecessor: nil, dictionary: dictionary)
        if id.sort == .rewrite {
            header.rewrite = SegmentHeader.Rewrite(framesEnd: header.byteCount, lastFrameCRC: 0, recordCount: 0)
        }
        self.header = header
        // The salt is right if any frame says so: its checksums start from it.
        do throws(FileSystemError) {
            var scanner = FrameScanner(file, header: header, end: header.byteCount)
            var position: Int? = SegmentHeader.encodedByteCount
            while let offset = position, try scanner.soundHeader(at: offset) == nil {
                position = try scanner.nextMagic(after: offset)
            }
            if position == nil { return nil }
        } catch {
            return nil
        }
    }

    /// The dictionary of a header that does not check: the stored one if its own checksum holds, or else the built-in one
    /// if that is what the checksum or the bytes say.
    private static func dictionary(_ bytes: RawSpan) -> (SegmentDictionary, isSound: Bool) {
        let length = Int(bytes.littleEndian(UInt32.self, at: 108))
        let checksum = bytes.littleEndian(UInt32.self, at: 112)
        let builtIn = SegmentDictionary.builtIn
        if length <= FormatLimits.dictionaryByteCountMax {
            let stored = bytes.extracting(SegmentHeader.fieldsByteCount..<SegmentHeader.fieldsByteCount + length)
            let content = stored.withUnsafeBytes { [UInt8]($0) }
            if content == builtIn.bytes { return (builtIn, true) }
            if Checksum.unsalted(stored) == checksum { return (SegmentDictionary(content), true) }
        }
        return (builtIn, Checksum.unsalted(builtIn.bytes.span.bytes) == checksum)
    }
}

/// A file whose unreadable blocks read as zeros: for what lies beside them.
final class ForgivingFile: LogFile {
    private let file: any LogFile

    /// What a device gives or refuses as one.
    private static let block = 4_096

    init(_ file: any LogFile) {
        self.file = file
    }

    func read(at offset: Int, count: Int) throws(FileSystemError) -> [UInt8] {
        do throws(FileSystemError) { return try file.read(at: offset, count: count) } catch {
            let end = min(offset + count, try file.size())
            var bytes: [UInt8] = []
            var next = offset
            while next < end {
                let length = min(Self.block - next % Self.block, end - next)
                do throws(FileSystemError) {
                    bytes += try file.read(at: next, count: length)
                } catch {
                    bytes += [UInt8](repeating: 0, count: length)
                }
                next += length
                // A read that the end of the file cut.
                while bytes.count < next - offset { bytes.append(0) }
            }
            return bytes
        }
    }

    func readUncached(at offset: Int, count: Int) throws(FileSystemError) -> [UInt8] {
        try read(at: offset, count: count)
    }
    func size() throws(FileSystemError) -> Int { try file.size() }
    func close() { file.close() }

    // Nothing of a damaged log is ever changed.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        preconditionFailure("a salvage writes to its source")
    }
    func syncData() { preconditionFailure("a salvage writes to its source") }
    func sync() { preconditionFailure("a salvage writes to its source") }
    func truncate(to size: Int) { preconditionFailure("a salvage writes to its source") }
    func deallocate(from offset: Int) { preconditionFailure("a salvage writes to its source") }
}
