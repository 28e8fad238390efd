import ArgumentParser
import Dispatch
import EngineRuntime
import ExecutionEngine
import Foundation
import LogStorage
import Synchronization

struct LogCompact: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Gives back the space of what no execution needs any more. No program may have the log open.",
        discussion: """
            indelible log compact --data payments.log
            indelible log compact --data payments.log --all --json

            A program that has a log open compacts it by itself, a little at a time; this is for a log that none has open, \
            and for doing it at once. What retention and deletion have ended is dropped, and what is still needed of files \
            that are mostly dead is copied to new ones. Every history reads as before.

            The newest segment stays as it is. There has to be room for what is copied at a time, about 50 MB, until the old \
            files are removed, which is last.

            Ctrl-C ends it early: what has been compacted by then stays so, and the log is whole at every moment.
            """)

    @OptionGroup var log: LogOption
    @Flag(help: "Rewrite every segment but the newest, also where nothing is dead: it compresses better.") var all =
        false
    @OptionGroup var format: FormatOption

    /// What `--json` prints.
    struct Line: Encodable {
        /// Of all files of the log.
        var bytesBefore: Int
        var bytesAfter: Int
        var droppedFiles: Int
        /// False: it was ended early.
        var complete: Bool
    }

    func run() async throws {
        // Opening would make a log where there is none.
        _ = try LogReading.inspector(log.data)
        let before = try Self.byteCount(of: log.data)
        let isTerminal = isatty(STDERR_FILENO) == 1
        let interrupt = Interrupt()
        var dropped = 0
        do throws(RuntimeError) {
            let runtime = try await EngineRuntime.open(
                at: log.data, functions: [], seams: Seams(runsMaintenance: false))
            do throws(RuntimeError) {
                let progress = try await runtime.compact(everything: all) { progress in
                    if isTerminal, progress.byteCount > 0 {
                        let percent = 100 * progress.doneByteCount / progress.byteCount
                        FileHandle.standardError.write(Data("\r\u{1B}[K\(percent) %".utf8))
                    }
                    return !interrupt.hasCome
                }
                dropped = progress.droppedCount
            } catch {
                try await runtime.close(grace: .zero)
                throw error
            }
            try await runtime.close(grace: .zero)
        } catch {
            if isTerminal { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
            throw ToolFailure(error)
        }
        if isTerminal { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
        let line = Line(
            bytesBefore: before, bytesAfter: try Self.byteCount(of: log.data), droppedFiles: dropped,
            complete: !interrupt.hasCome)
        var printer = Printer()
        if format.json {
            try printer.json(line)
        } else {
            try printer.line(
                "\(log.data): \(byteText(line.bytesBefore)) before, \(byteText(line.bytesAfter)) now; "
                    + "\(counted(dropped, "file")) compacted" + (line.complete ? "" : ", and ended early"))
        }
        try printer.flush()
    }

    private static func byteCount(of directory: String) throws -> Int {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
        return try names.reduce(0) { sum, name in
            let attributes = try FileManager.default.attributesOfItem(atPath: directory + "/" + name)
            return sum + (attributes[.size] as? Int ?? 0)
        }
    }
}

/// Ctrl-C and SIGTERM, noted: what is under way is given up, and nothing is half done.
private final class Interrupt: Sendable {
    private let isSet = Atomic(false)

    init() {
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            // The process ends with the command, and the source with it.
            source.setEventHandler { [self] in
                isSet.store(true, ordering: .relaxed)
                _ = source
            }
            source.resume()
        }
    }

    var hasCome: Bool { isSet.load(ordering: .relaxed) }
}
