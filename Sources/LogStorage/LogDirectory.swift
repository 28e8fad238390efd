/// What a directory holds of a log.
struct LogDirectory {
    let path: String
    /// The numbers of the segments, ascending.
    var segments: [UInt64] = []
    /// The numbers of the rewrite segments, ascending.
    var rewrites: [UInt64] = []
    /// The numbers of the tables, ascending.
    var tables: [UInt64] = []
    /// The numbers of the manifests, ascending.
    var manifests: [UInt64] = []
    /// The names of files of any sort that were being made.
    var temporaries: [String] = []

    /// Names that any directory may hold: what `mkfs` makes.
    private static let harmless: Set<String> = ["lost+found"]

    /// Segments that are known to be there.
    init(path: String, segments: [UInt64]) {
        self.path = path
        self.segments = segments
    }

    /// Looks without changing anything.
    ///
    /// - Throws: ``LogError/notALog(path:found:)`` for a file, and for a directory that holds other things and no segment.
    ///   ``LogError/damaged(_:)`` where there is no segment, and yet a file that is only made beside one: a log that lost
    ///   its segments is not taken for an empty directory.
    init(surveying path: String, fileSystem: any LogFileSystem) throws(LogError) {
        self.path = path
        let names: [String]
        do throws(FileSystemError) {
            names = try fileSystem.list(path)
        } catch {
            if error.reason == .notADirectory { throw .notALog(path: path, found: "a file") }
            throw .storage(error)
        }
        var foreign: String?
        for name in names where !take(name) { foreign = foreign ?? name }
        segments.sort()
        rewrites.sort()
        tables.sort()
        manifests.sort()
        guard segments.isEmpty else { return }
        if !(rewrites.isEmpty && tables.isEmpty && manifests.isEmpty) {
            throw .damaged(LogDamage(segment: 1, offset: 0, reason: .missing))
        }
        if let foreign { throw .notALog(path: path, found: foreign) }
    }

    /// Notes what the file is. False: it is not a log's.
    private mutating func take(_ name: String) -> Bool {
        for kind in LogFileKind.allCases {
            guard let number = kind.number(of: name) else { continue }
            switch kind {
            case .segment: segments.append(number)
            case .rewrite: rewrites.append(number)
            case .table: tables.append(number)
            case .manifest: manifests.append(number)
            }
            return true
        }
        if SegmentNames.isTemporary(name) {
            temporaries.append(name)
            return true
        }
        return name == SegmentNames.lock || name == SegmentNames.recovery || Self.harmless.contains(name)
    }

    func path(ofSegment number: UInt64) -> String { path + "/" + SegmentNames.segment(number) }

    /// The first number that is missing among the segments, which start at 1.
    var missing: UInt64? {
        for (index, number) in segments.enumerated() where number != UInt64(index) + 1 { return UInt64(index) + 1 }
        return nil
    }
}

extension SegmentHeader {
    /// Reads an append segment's header and checks that it is that segment's.
    static func read(_ file: any LogFile, number: UInt64) throws(LogError) -> SegmentHeader {
        try read(file, of: .append(number))
    }

    /// Reads the header of the file with that name and checks that it is that one's.
    static func read(_ file: any LogFile, of id: LogFileID) throws(LogError) -> SegmentHeader {
        func damage(_ reason: LogDamage.Reason) -> LogError {
            .damaged(LogDamage(segment: id.number, offset: 0, reason: reason, sort: id.sort))
        }
        let bytes: [UInt8]
        do throws(FileSystemError) {
            bytes = try file.read(at: 0, count: encodedByteCount)
        } catch {
            throw .storage(error)
        }
        let header: SegmentHeader
        do throws(SegmentHeaderError) {
            header = try SegmentHeader(decoding: bytes.span.bytes)
        } catch .newerVersion(let version) {
            throw .newerVersion(segment: id.number, version: version, supported: FormatLimits.version)
        } catch .unknownFeatures {
            throw .newerVersion(segment: id.number, version: nil, supported: FormatLimits.version)
        } catch {
            throw damage(.header(error))
        }
        guard header.file.sort == id.sort else { throw damage(.wrongSort) }
        guard header.number == id.number else { throw damage(.numberMismatch(header: header.number)) }
        return header
    }
}
