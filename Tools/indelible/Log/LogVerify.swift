import ArgumentParser
import Foundation
import LogStorage

struct LogVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Reads every byte and checks every checksum and link. Exit code 1: damage, with every place named.",
        discussion: """
            indelible log verify --data payments.log

            A torn tail is no damage: bytes of a commit that a crash cut, or that is being written now, and that was never \
            acknowledged. Neither is a footer that does not check: it is a cache, and made anew from the frames.
            """)

    /// What `--json` prints.
    struct Verdict: Encodable {
        struct Place: Encodable {
            var segment: UInt64
            /// The name of its file.
            var file: String
            var offset: Int
            var reason: String

            init(_ damage: LogDamage) {
                segment = damage.segment
                file = damage.file.name
                offset = damage.offset
                reason = "\(damage.reason)"
            }

            var text: String {
                let sort = file.hasSuffix(".rewrite") ? "rewrite segment" : "segment"
                return "\(sort) \(segment) at byte \(offset): \(reason)"
            }
        }

        /// A footer that does not check.
        struct Note: Encodable {
            var file: String
            var reason: String
        }

        var intact: Bool
        var segments: Int
        var rewriteSegments: Int
        var records: Int
        /// The LSN that follows the last readable record.
        var nextLSN: UInt64
        var problems: [Place]
        var notes: [Note]
        var tornTail: Place?
    }

    @OptionGroup var log: LogOption
    @OptionGroup var format: FormatOption

    func run() throws {
        let isTerminal = isatty(STDERR_FILENO) == 1
        let report: LogReport
        do throws(LogError) {
            report = try LogInspector.verify(log.data, fileSystem: PosixFileSystem()) { done, count in
                if isTerminal, count > 1 {
                    FileHandle.standardError.write(Data("\r\u{1B}[K\(done) of \(count) segments".utf8))
                }
            }
        } catch {
            throw ToolFailure(error)
        }
        if isTerminal { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
        let verdict = Verdict(
            intact: report.isIntact, segments: report.segments.count,
            rewriteSegments: report.rewriteSegments.count, records: report.recordCount,
            nextLSN: report.nextLSN.rawValue, problems: report.problems.map(Verdict.Place.init),
            notes: report.notes.map { Verdict.Note(file: $0.file.name, reason: "\($0.reason)") },
            tornTail: report.tornTail.map(Verdict.Place.init))
        try show(verdict)
        if !verdict.intact {
            let places = counted(verdict.problems.count, "place")
            throw ToolFailure(
                .no,
                "\(log.data) is damaged in \(places); \(counted(verdict.records, "record")) can be read. "
                    + "Keep a copy of it as it is before you do anything to it")
        }
    }

    private func show(_ verdict: Verdict) throws {
        var printer = Printer()
        if format.json {
            try printer.json(verdict)
        } else {
            for problem in verdict.problems { try printer.line("DAMAGED  \(problem.text)") }
            if let tail = verdict.tornTail { try printer.line("torn tail, never acknowledged: \(tail.text)") }
            for note in verdict.notes { try printer.line("note: \(note.file): \(note.reason); it will be made anew") }
            if verdict.intact {
                try printer.line(
                    "intact: \(counted(verdict.records, "record")) in \(counted(verdict.segments, "segment")), "
                        + "every checksum and link holds")
            }
        }
        try printer.flush()
    }
}
