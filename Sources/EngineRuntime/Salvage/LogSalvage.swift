import ExecutionEngine
import ExecutionModel
import LogStorage

/// Makes a new log of what a damaged one still holds: the way out of damage, which nobody goes without asking for it.
///
/// - Every record keeps its LSN, since executions are named by them; what is lost or left out is a placeholder. The log has
///   a new id: it is another log from then on.
/// - An execution whose history is whole opens and runs on.
/// - What compaction has dropped is not missing: the newest manifest that checks says so. What it has copied stays in rewrite
///   segments, the snapshots of trimmed histories with it; other snapshots and the index are made anew by whoever opens it.
/// - One whose history has a hole is in the new log up to the hole. It keeps its name, so that nobody starts it again by
///   accident. If its end was found, that follows; otherwise it is paused, with the reason. All that was found of it is in
///   `damaged.jsonl`. One whose start is lost is there only.
/// - One that was open when records were lost of which nothing is known may have lost its last events. It is paused too:
///   run on, it might repeat what they recorded. Whoever has made sure resumes it.
///
/// The damaged log is only read; nobody may write to it meanwhile. Blocks.
package struct LogSalvage {
    private let source: String
    private let target: String
    private let runsDoubtful: Bool
    private let options: LogOptions
    private let fileSystem: any LogFileSystem

    /// - Parameters:
    ///   - target: Missing or empty. It becomes a log with the last step.
    ///   - runsDoubtful: Leaves executions running of which nothing is known to be lost.
    ///   - options: The new log's segments' sizes.
    package init(
        of source: String, to target: String, runsDoubtful: Bool = false, options: LogOptions = LogOptions(),
        fileSystem: any LogFileSystem
    ) {
        self.options = options
        self.source = source
        self.target = target
        self.runsDoubtful = runsDoubtful
        self.fileSystem = fileSystem
    }

    /// - Parameters:
    ///   - now: The time of the events that are added, unless the log's last is later.
    ///   - seed: For the new log's id and salts: from a good source in production.
    package func run(now: Timestamp, seed: UInt64) throws(SalvageError) -> SalvageReport {
        do {
            let (problems, deviceError) = try problems()
            let pieces = try SalvageSource(source, fileSystem: fileSystem)
            var survey = SalvageSurvey()
            let end = try pieces.read(copies: { survey.takeCopy($1) }) {
                survey.endSnapshot()
                survey.take($0)
            }
            survey.endSnapshot()
            let writer = try SalvageWriter(
                at: target, options: options, time: now.millisecondsSinceEpoch, seed: seed, fileSystem: fileSystem)
            var run = try SalvageRun(
                survey, end: end, writer: writer,
                copies: SalvageCopies(
                    in: target, logID: writer.id, time: now.millisecondsSinceEpoch, seed: ~seed, fileSystem),
                runsDoubtful: runsDoubtful, directory: target, fileSystem)
            // Read again, rather than kept: a log may be larger than memory.
            let second = try pieces.read(copies: { try run.takeCopy($1, of: $0) }) { try run.take($0) }
            guard second == end else { throw SalvageError.changed(source) }
            var report = try run.finish(problems: problems, at: now)
            report.deviceError = deviceError
            return report
        } catch let error as SalvageError {
            throw error
        } catch let error as LogError {
            throw .copy(.source(error))
        } catch let error as LogCopyError {
            throw .copy(error)
        } catch let error as FileSystemError {
            throw .copy(.storage(error))
        } catch {
            preconditionFailure("an error of no layer below: \(error)")
        }
    }

    /// What is wrong, as far as a device that refuses to be read lets it be told.
    private func problems() throws(LogError) -> ([LogDamage], FileSystemError?) {
        do throws(LogError) { return (try LogInspector.verify(source, fileSystem: fileSystem).problems, nil) } catch {
            guard case .storage(let cause) = error else { throw error }
            return ([], cause)
        }
    }
}

package enum SalvageError: Error, CustomStringConvertible {
    case copy(LogCopyError)
    /// Somebody wrote to the damaged log meanwhile.
    case changed(String)
    /// An intact record that cannot follow those before it: another program wrote the log, or a fault of this one did.
    case record(RuntimeError)

    package var description: String {
        switch self {
        case .copy(let error): "\(error)"
        case .changed(let path): "\(path) was written to meanwhile; stop whoever has it open, and try again"
        case .record(let error): "\(error)"
        }
    }
}
