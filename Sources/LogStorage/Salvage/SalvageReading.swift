/// Goes over the frames of one segment, past what does not check.
struct SalvageReading {
    /// The LSN after what has been handed on.
    private(set) var nextLSN: LSN

    private let segment: SalvageSegment
    private var scanner: FrameScanner
    private let decoder: FrameDecoder
    private var offset = SegmentHeader.encodedByteCount
    /// The frames of a group that is not complete.
    private var group: [SalvagedPiece] = []

    init(_ segment: SalvageSegment, nextLSN: LSN) {
        self.segment = segment
        self.nextLSN = nextLSN
        decoder = FrameDecoder(segment: segment.header)
        scanner = FrameScanner(segment.file, header: segment.header, end: segment.header.byteCount)
    }

    /// - Parameters:
    ///   - successor: The header of the next segment, which says where this one ends, if it checks.
    ///   - row: What the manifest says of that.
    mutating func run(
        successor: SegmentHeader?, row: SealedSegment?, _ take: (SalvagedPiece) throws -> Void
    ) throws {
        if let row {
            scanner.end = min(row.end, segment.header.byteCount)
        } else if let successor {
            scanner.end = successor.endOfPredecessor(segment.header)
        }
        let isSealed = row != nil || successor != nil
        // Below it all was acknowledged. Above it, where no successor states the end, begins an append that a crash cut at
        // the first place that does not check: what is behind was dropped by every recovery.
        let durable = isSealed ? LSN(.max) : try durableLSN()
        if segment.isHeaderSound { try lose(until: segment.header.firstLSN, take) }
        while offset < scanner.end {
            let start = group.first?.firstLSN ?? nextLSN
            guard let (header, piece) = try next() else {
                // Out of a group's middle nothing more can follow.
                if start >= durable { break }
                guard let found = try nextSound() else { break }
                offset = found
                continue
            }
            if case .directory = piece, start >= durable { break }
            offset += header.byteCount(at: offset)
            // The end of the group before is lost.
            if header.groupIndex == 0, start < durable { try hand(take) }
            if header.groupIndex == 0 { group.removeAll() }
            group.append(piece)
            if header.isLastOfGroup { try hand(take) }
        }
        // Whole or not, what is left of an acknowledged group was acknowledged.
        if (group.first?.firstLSN ?? nextLSN) < durable { try hand(take) }
        if !isSealed { try lose(until: durable, take) }
    }

    /// The same of a rewrite segment, each of whose frames stands for itself.
    ///
    /// - Returns: Whether there may have been others, of which nothing is known.
    mutating func runRewrite(_ take: (SalvagedPiece) throws -> Void) throws -> Bool {
        if segment.isHeaderSound, let rewrite = segment.header.rewrite { scanner.end = rewrite.framesEnd }
        // Then it does not say how many there are.
        var hasLost = !segment.isHeaderSound
        while offset < scanner.end {
            if let (header, piece) = try next() {
                offset += header.byteCount(at: offset)
                try take(piece)
                continue
            }
            let found = try nextSound()
            if segment.isHeaderSound || found != nil { hasLost = true }
            guard let found else { break }
            offset = found
        }
        return hasLost
    }

    /// The frame at ``offset``, or what its directory says; nil when not even that checks.
    private mutating func next() throws -> (FrameHeader, SalvagedPiece)? {
        switch try scanner.frame(at: offset) {
        case .success(let frame):
            guard segment.isDictionarySound || frame.header.codec == .raw else {
                return (frame.header, .directory(frame.header, frame.entries))
            }
            return (frame.header, .frame(frame))
        case .failure(let error):
            if error.isFromNewerBuild {
                throw LogError.newerVersion(
                    segment: segment.header.number, version: nil, supported: FormatLimits.version)
            }
            guard let header = try scanner.soundHeader(at: offset) else { return nil }
            var entries: [RecordBatch.Entry] = []
            let directory = try segment.file.read(
                at: offset, count: FrameHeader.encodedByteCount + header.directoryLength)
            guard directory.count == FrameHeader.encodedByteCount + header.directoryLength else { return nil }
            var lsns: [LSN]?
            do throws(FrameError) {
                try decoder.directory(directory.span.bytes, of: header, into: &entries, lsns: &lsns)
            } catch {
                return nil
            }
            return (header, .directory(header, entries))
        }
    }

    private mutating func nextSound() throws -> Int? {
        var position = offset
        while let found = try scanner.nextMagic(after: position) {
            if try scanner.soundHeader(at: found) != nil { return found }
            position = found
        }
        return nil
    }

    /// The greatest durable LSN that the segment states.
    private mutating func durableLSN() throws -> LSN {
        var durable = segment.isHeaderSound ? segment.header.firstLSN : nextLSN
        var position: Int? = offset
        while let place = position {
            if let header = try scanner.soundHeader(at: place) { durable = max(durable, header.durableLSN) }
            position = try scanner.nextMagic(after: place)
        }
        return durable
    }

    private mutating func hand(_ take: (SalvagedPiece) throws -> Void) throws {
        let pieces = group
        group.removeAll(keepingCapacity: true)
        for piece in pieces {
            // A frame of records that were handed on already is no frame of this place.
            guard piece.firstLSN >= nextLSN else { continue }
            try lose(until: piece.firstLSN, take)
            nextLSN = piece.endLSN
            try take(piece)
        }
    }

    private mutating func lose(until lsn: LSN, _ take: (SalvagedPiece) throws -> Void) throws {
        guard nextLSN < lsn else { return }
        try take(.unknown(nextLSN..<lsn))
        nextLSN = lsn
    }
}

extension SalvagedPiece {
    var firstLSN: LSN {
        switch self {
        case .frame(let frame): frame.header.firstLSN
        case .directory(let header, _): header.firstLSN
        case .unknown(let lsns), .dropped(let lsns): lsns.lowerBound
        }
    }

    var endLSN: LSN {
        switch self {
        case .frame(let frame): frame.header.endLSN
        case .directory(let header, _): header.endLSN
        case .unknown(let lsns), .dropped(let lsns): lsns.upperBound
        }
    }
}
