/// What a damaged log still tells of its records, in the order of LSN.
package enum SalvagedPiece: Sendable {
    /// A frame that checks in full.
    case frame(Frame)
    /// A frame whose bodies are lost: which records it held is known, and not what they said.
    case directory(FrameHeader, [RecordBatch.Entry])
    /// Records that were acknowledged, and nothing else of them.
    case unknown(Range<LSN>)
}

/// Reads a log past any damage: every frame that checks, of any segment whose frames can be checked at all.
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
    }

    /// - Throws: What `take` throws, and ``LogError/newerVersion(segment:version:supported:)``.
    package func read(_ take: (SalvagedPiece) throws -> Void) throws -> End {
        let survey = try LogDirectory(surveying: directory, fileSystem: fileSystem)
        var end = End()
        var segments: [UInt64: SalvageSegment] = [:]
        for number in survey.segments {
            let segment = try SalvageSegment(
                survey.path(ofSegment: number), number: number, logID: end.logID, fileSystem)
            guard let segment, segments[segment.header.number] == nil else {
                end.unreadable.append(number)
                continue
            }
            end.logID = end.logID ?? (segment.isHeaderSound ? segment.header.logID : nil)
            segments[segment.header.number] = segment
        }
        let numbers = segments.keys.sorted()
        for number in numbers {
            let successor = segments[number + 1].flatMap { $0.isHeaderSound ? $0.header : nil }
            var reading = SalvageReading(segments[number]!, nextLSN: end.nextLSN)
            try reading.run(successor: successor, take)
            end.nextLSN = reading.nextLSN
        }
        end.isOpenEnded =
            numbers.last != survey.segments.last || numbers.last.map { segments[$0]!.isCut } ?? true
        return end
    }
}
