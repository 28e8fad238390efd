import ExecutionModel
import LogStorage

/// What a log's segments hold, counted.
struct LogStatistics: Encodable {
    struct Segment: Encodable {
        var number: UInt64
        var created: String
        var firstLSN: UInt64
        var records: Int
        /// Frames that hold records.
        var frames: Int
        var usedBytes: Int
        /// What it was made with; the rest is zeros, or was given back.
        var sizeBytes: Int
    }

    var logID: String?
    var records: Int
    /// The LSN that follows the last record.
    var nextLSN: UInt64
    var executions: Int
    /// Atomic groups: what was written and synced together.
    var commits: Int
    var frames: Int
    var syncPoints: Int
    /// Bodies as they were appended, and as they are stored.
    var bodyBytes: Int
    var storedBodyBytes: Int
    /// Frames with all that belongs to them, segment headers left out.
    var usedBytes: Int
    var segments: Int
    var segmentList: [Segment]
    var recordsOfKind: [String: Int]
    /// Damage found; 0 for an intact log.
    var problems: Int

    init(directory: String) throws {
        var countOfKind = [Int](repeating: 0, count: 256)
        let report = try LogReading.frames(in: directory) { located in
            for entry in located.frame.entries { countOfKind[Int(entry.kind)] += 1 }
        }
        logID = report.logID.map { "\($0)" }
        records = report.recordCount
        nextLSN = report.nextLSN.rawValue
        commits = report.segments.reduce(0) { $0 + $1.groupCount }
        frames = report.segments.reduce(0) { $0 + $1.frameCount }
        syncPoints = report.segments.reduce(0) { $0 + $1.syncPointCount }
        bodyBytes = report.segments.reduce(0) { $0 + $1.bodyBytes }
        storedBodyBytes = report.segments.reduce(0) { $0 + $1.storedBytes }
        segmentList = report.segments.map { segment in
            Segment(
                number: segment.number, created: Timestamp(millisecondsSinceEpoch: segment.creationTime).text,
                firstLSN: segment.firstLSN.rawValue, records: segment.recordCount, frames: segment.frameCount,
                usedBytes: segment.end - SegmentHeader.encodedByteCount, sizeBytes: segment.byteCount)
        }
        usedBytes = segmentList.reduce(0) { $0 + $1.usedBytes }
        segments = segmentList.count
        recordsOfKind = Dictionary(
            uniqueKeysWithValues: countOfKind.enumerated().filter { $0.element > 0 }.map { kind, count in
                (EventKind(rawValue: UInt8(kind)).map { "\($0)" } ?? Self.name(ofOther: UInt8(kind)), count)
            })
        executions = EventKind.allCases.filter(\.isStart).reduce(0) { $0 + countOfKind[Int($1.rawValue)] }
        problems = report.problems.count
    }

    private static func name(ofOther kind: UInt8) -> String {
        kind == SalvageWriter.lostKind ? "recordLost" : "kind \(kind)"
    }
}
