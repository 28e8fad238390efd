/// What a damaged log still tells of its records, in the order of LSN.
package enum SalvagedPiece: Sendable {
    /// A frame that checks in full.
    case frame(Frame)
    /// A frame whose bodies are lost: which records it held is known, and not what they said.
    case directory(FrameHeader, [RecordBatch.Entry])
    /// Records that were acknowledged, and nothing else of them.
    case unknown(Range<LSN>)
    /// Records whose segment was dropped on purpose: what of them was needed is in rewrite segments.
    case dropped(Range<LSN>)
}

/// Reads a log past any damage: every frame that checks, of any segment whose frames can be checked at all.
///
/// Of a log with a manifest, what that lists, and the segments behind it: what else is there was dropped, and what of it was
/// deleted may not come back. Without one everything that is there.
///
/// Changes nothing and takes no lock; the log may not be written meanwhile. What the device refuses to read counts as
/// damaged. Blocks; every call reads the files anew.
package struct SalvageSource: Sendable {
    private let directory: String
    private let fileSystem: any LogFileSystem

    /// - Throws: ``LogError/notALog(path:found:)`` also for a directory without a segment.
    package init(_ directory: String, fileSystem: any LogFileSystem) throws(LogError) {
        self.directory = directory
        self.fileSystem = fileSystem
        let survey = try LogDirectory(surveying: directory, fileSystem: fileSystem)
        if survey.segments.isEmpty { throw .notALog(path: directory, found: "no segment") }
    }

    /// How a reading ended.
    package struct End: Equatable, Sendable {
        package var logID: LogID?
        /// The LSN after the last record that is known to have been.
        package var nextLSN = LSN.first
        /// Segments of which no frame can be checked. What a missing one held shows in the LSNs; of the last one it does
        /// not.
        package var unreadable: [UInt64] = []
        /// How many records were in a segment at the end is not known.
        package var isOpenEnded = false
        /// Rewrite segments of which no frame can be read.
        package var unreadableRewrites: [UInt64] = []
        /// Below it, records of dropped segments may be lost without a trace: nil: none is.
        package var lostCopiesEnd: LSN?
    }

    /// Reads everything: the rewrite segments first, as a rule with what is older.
    ///
    /// - Parameters:
    ///   - copies: Is given the frames of each rewrite segment, and its number.
    ///   - take: Is given those of the append segments, in the order of LSN.
    /// - Throws: What they throw, and ``LogError/newerVersion(segment:version:supported:)``.
    package func read(
        copies: (UInt64, SalvagedPiece) throws -> Void, _ take: (SalvagedPiece) throws -> Void
    ) throws -> End {
        let files = try LogFileList(of: directory, fileSystem)
        var end = End()
        let present = Set(files.directory.segments)
        var segments: [UInt64: SalvageSegment] = [:]
        for number in files.segments where present.contains(number) {
            let segment = try SalvageSegment(.append(number), in: directory, logID: end.logID, fileSystem)
            guard let segment, segments[segment.header.number] == nil else {
                end.unreadable.append(number)
                continue
            }
            end.logID = end.logID ?? (segment.isHeaderSound ? segment.header.logID : nil)
            segments[segment.header.number] = segment
        }
        let hasLostCopies = try readRewrites(files, &end, copies)
        var droppedEnd = files.manifest == nil ? LSN(.max) : .first
        var expectedEnd = LSN.first
        for number in files.segments {
            if let row = files.listed(number) {
                try pass(from: &end.nextLSN, to: expectedEnd) { try take(.unknown($0)) }
                if end.nextLSN < row.firstLSN { droppedEnd = row.firstLSN }
                try pass(from: &end.nextLSN, to: row.firstLSN) { try take(.dropped($0)) }
                expectedEnd = row.nextLSN
            }
            guard let segment = segments[number] else { continue }
            let successor = segments[number + 1].flatMap { $0.isHeaderSound ? $0.header : nil }
            var reading = SalvageReading(segment, nextLSN: end.nextLSN)
            try reading.run(successor: successor, row: files.row(of: number), take)
            end.nextLSN = reading.nextLSN
        }
        try pass(from: &end.nextLSN, to: expectedEnd) { try take(.unknown($0)) }
        if hasLostCopies { end.lostCopiesEnd = droppedEnd }
        let last = files.segments.last.flatMap { segments[$0] }
        end.isOpenEnded = last?.isCut ?? true
        return end
    }

    private func pass(from next: inout LSN, to end: LSN, _ take: (Range<LSN>) throws -> Void) throws {
        guard next < end else { return }
        try take(next..<end)
        next = end
    }

    /// - Returns: Whether anything of them may be lost of which nothing is known.
    private func readRewrites(
        _ files: LogFileList, _ end: inout End, _ take: (UInt64, SalvagedPiece) throws -> Void
    ) throws -> Bool {
        var hasLost = false
        for number in files.manifest == nil ? files.directory.rewrites : files.rewrites.map(\.number) {
            let segment = try SalvageSegment(.rewrite(number), in: directory, logID: end.logID, fileSystem)
            guard let segment else {
                end.unreadableRewrites.append(number)
                hasLost = true
                continue
            }
            var reading = SalvageReading(segment, nextLSN: .first)
            if try reading.runRewrite({ try take(number, $0) }) { hasLost = true }
        }
        return hasLost
    }
}
