import ArgumentParser
import ExecutionModel
import LogStorage

struct LogDump: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dump",
        abstract: "Prints every record in the order of LSN, or with --frames every frame.",
        discussion: """
            indelible log dump --data payments.log --from 1000 --limit 50
            indelible log dump --data payments.log --json | jq 'select(.event == "stepFailed")'
            """)

    @OptionGroup var log: LogOption
    @OptionGroup var format: FormatOption
    @Flag(help: "Frames instead of records: where each lies, and what its header says.") var frames = false
    @Option(help: "Begin at this LSN.") var from: UInt64 = 1
    @Option(help: "At most so many lines.") var limit: Int?

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is 1 or more") }
    }

    func run() throws {
        var printer = Printer()
        var lines = DumpLines()
        var count = 0
        let report = try LogReading.frames(in: log.data) { located in
            if frames {
                guard located.frame.header.endLSN.rawValue > from, count < limit ?? .max else { return }
                count += 1
                try print(FrameLine(located), &printer)
            } else {
                for (index, entry) in located.frame.entries.enumerated() where entry.isLost {
                    let line = LostLine(
                        lsn: located.frame.header.firstLSN.advanced(by: index).rawValue, segment: located.segment,
                        frameOffset: located.offset)
                    guard line.lsn >= from, count < limit ?? .max else { break }
                    count += 1
                    try print(line, &printer)
                }
                try located.frame.forEachRecord { record in
                    // Each is looked at: the first events of an operation name it for the later ones.
                    let line = try lines.line(record, located)
                    guard record.lsn.rawValue >= from, count < limit ?? .max else { return }
                    count += 1
                    try print(line, &printer)
                }
            }
        }
        try printer.flush()
        if let first = report.problems.first {
            throw ToolFailure(.no, "\(first)")
        }
    }

    private func print(_ line: some Encodable & DumpText, _ printer: inout Printer) throws {
        if format.json { try printer.json(line) } else { try printer.line(line.text) }
    }
}

/// A line of a dump for people.
protocol DumpText {
    var text: String { get }
}

struct RecordLine: Encodable, DumpText {
    var lsn: UInt64
    var execution: UInt64
    var segment: UInt64
    /// Of the frame, from the start of the segment's file.
    var frameOffset: Int
    var length: Int
    var history: HistoryLine

    var text: String {
        "\(lsn)  \(segment):\(frameOffset)  execution \(execution) #\(history.sequence)  \(history.time)  "
            + history.event + (history.detail.isEmpty ? "" : "  " + history.detail)
    }

    private enum CodingKeys: CodingKey {
        case execution, segment, frameOffset, length
    }

    /// One flat object: where the record lies, beside what `execution history` says of it.
    func encode(to encoder: any Encoder) throws {
        try history.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(execution, forKey: .execution)
        try container.encode(segment, forKey: .segment)
        try container.encode(frameOffset, forKey: .frameOffset)
        try container.encode(length, forKey: .length)
    }
}

/// Where a record was before the log was salvaged.
struct LostLine: Encodable, DumpText {
    var event = "recordLost"
    var lsn: UInt64
    var segment: UInt64
    var frameOffset: Int

    var text: String { "\(lsn)  \(segment):\(frameOffset)  lost before this log was salvaged" }
}

struct FrameLine: Encodable, DumpText {
    var segment: UInt64
    var offset: Int
    var byteCount: Int
    var firstLSN: UInt64
    var records: Int
    var durableLSN: UInt64
    var codec: String
    var bodyBytes: Int
    var storedBodyBytes: Int
    var groupIndex: Int
    var groupCount: Int
    var isSyncPoint: Bool

    init(_ located: LocatedFrame) {
        let header = located.frame.header
        segment = located.segment
        offset = located.offset
        byteCount = located.frame.byteCount
        firstLSN = header.firstLSN.rawValue
        records = header.recordCount
        durableLSN = header.durableLSN.rawValue
        codec = "\(header.codec)"
        bodyBytes = header.rawLength
        storedBodyBytes = header.storedLength
        groupIndex = header.groupIndex
        groupCount = header.groupCount
        isSyncPoint = header.isSyncPoint
    }

    var text: String {
        let place = "\(segment):\(offset)  \(byteCount) bytes  "
        if isSyncPoint { return place + "sync-point  durable below \(durableLSN)" }
        return place + "\(counted(records, "record")) from LSN \(firstLSN)  durable below \(durableLSN)  "
            + "bodies \(bodyBytes) as \(storedBodyBytes) (\(codec))  \(groupIndex + 1) of \(groupCount) in its commit"
    }
}

/// Turns records into lines: keeps, for each execution that has not ended, what its operations are called.
private struct DumpLines {
    private var histories: [UInt64: HistoryLines] = [:]

    mutating func line(_ record: LogRecord, _ located: LocatedFrame) throws -> RecordLine {
        let recorded = try RecordedEvent(readable: record)
        let history = histories[record.execution, default: HistoryLines()].line(recorded)
        switch recorded.event {
        case .executionSucceeded, .executionFailed, .executionTimedOut, .executionStopped:
            histories[record.execution] = nil
        default:
            break
        }
        return RecordLine(
            lsn: record.lsn.rawValue, execution: record.execution, segment: located.segment,
            frameOffset: located.offset, length: record.body.count, history: history)
    }
}
