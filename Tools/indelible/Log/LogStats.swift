import ArgumentParser

struct LogStats: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Counts records, frames, commits and bytes, in all and for each segment.",
        discussion: "indelible log stats --data payments.log --json | jq .recordsOfKind")

    @OptionGroup var log: LogOption
    @OptionGroup var format: FormatOption

    func run() throws {
        let statistics = try LogStatistics(directory: log.data)
        var printer = Printer()
        if format.json {
            try printer.json(statistics)
        } else {
            try printer.line("records      \(statistics.records) of \(counted(statistics.executions, "execution"))")
            try printer.line("commits      \(statistics.commits) in \(counted(statistics.frames, "frame"))")
            try printer.line("used         \(byteText(statistics.usedBytes))")
            try printer.line(
                "bodies       \(byteText(statistics.bodyBytes)), stored as \(byteText(statistics.storedBodyBytes))")
            try printer.line("")
            var kinds = TextTable(["KIND", "RECORDS"])
            for (kind, count) in statistics.recordsOfKind.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
                kinds.append([kind, "\(count)"])
            }
            for line in kinds.lines { try printer.line(line) }
            try printer.line("")
            var segments = TextTable(["SEGMENT", "CREATED", "FIRST LSN", "RECORDS", "FRAMES", "USED", "OF"])
            for segment in statistics.segmentList {
                segments.append([
                    "\(segment.number)", segment.created, "\(segment.firstLSN)", "\(segment.records)",
                    "\(segment.frames)", byteText(segment.usedBytes), byteText(segment.sizeBytes),
                ])
            }
            for line in segments.lines { try printer.line(line) }
        }
        try printer.flush()
        if statistics.problems > 0 {
            throw ToolFailure(.no, "the log is damaged; 'indelible log verify' names the places")
        }
    }
}
