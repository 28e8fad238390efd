/// Reads a log without a lock and without changing a byte, also while another process has it open: it sees what is
/// acknowledged, and may see a little more.
///
/// Blocks. Every method reads the files anew.
package struct LogInspector: Sendable {
    private let path: String
    private let fileSystem: any LogFileSystem
    private let retained: [SealedSegment]?
    private let rewrites: [UInt64]?

    /// - Parameter retained: The sealed segments that the log still has, as the newest snapshot of the engine lists them:
    ///   of those up to the last one listed, others were dropped on purpose. Nil: none were.
    /// - Parameter rewrites: The rewrite segments of the log; nil: all that are there.
    /// - Throws: ``LogError/notALog(path:found:)`` also for an empty directory.
    package init(
        directory: String, fileSystem: any LogFileSystem, retained: [SealedSegment]? = nil, rewrites: [UInt64]? = nil
    ) throws(LogError) {
        path = directory
        self.fileSystem = fileSystem
        self.retained = retained
        self.rewrites = rewrites
        let survey = try LogDirectory(surveying: directory, fileSystem: fileSystem)
        if survey.segments.isEmpty { throw .notALog(path: directory, found: "no segment") }
    }

    /// The same with what a manifest lists; nil: there is none.
    package init(directory: String, fileSystem: any LogFileSystem, manifest: Manifest?) throws(LogError) {
        try self.init(
            directory: directory, fileSystem: fileSystem, retained: manifest?.listedSegments,
            rewrites: manifest?.rewriteSegments.map(\.number))
    }

    /// ``verify(progress:)`` with what the newest manifest lists, again and again while a running engine replaces it.
    package static func verify(
        _ directory: String, fileSystem: any LogFileSystem, progress: (_ done: Int, _ count: Int) -> Void = { _, _ in }
    ) throws(LogError) -> LogReport {
        let store = ManifestStore(directory: directory, fileSystem: fileSystem)
        var attempt = 1
        while true {
            let manifest = try store.newest().manifest
            let result = Result { () throws(LogError) in
                try LogInspector(directory: directory, fileSystem: fileSystem, manifest: manifest)
                    .verify(progress: progress)
            }
            if case .success(let report) = result, report.isIntact { return report }
            // What looks like damage may have been compacted away just before; then there is a newer manifest.
            guard attempt < Self.attemptCount, try store.newest().manifest?.number != manifest?.number else {
                return try result.get()
            }
            attempt += 1
        }
    }

    private static let attemptCount = 5

    /// Reads every frame and checks every checksum and link, past any damage.
    ///
    /// - Parameter progress: Is told after each segment: how many are done, and of how many.
    /// - Throws: Only what keeps it from judging: ``LogError/storage(_:)``,
    ///   ``LogError/newerVersion(segment:version:supported:)``. Damage is in the report.
    package func verify(progress: (_ done: Int, _ count: Int) -> Void = { _, _ in }) throws(LogError) -> LogReport {
        var report = LogReport()
        try inspect(&report, progress: progress) { _ in }
        return report
    }

    /// Every frame that can be read, in order; frames behind a damage too.
    ///
    /// - Returns: The same as ``verify(progress:)``.
    @discardableResult
    package func forEachFrame(_ body: (LocatedFrame) throws -> Void) throws -> LogReport {
        var report = LogReport()
        var failure: (any Error)?
        try inspect(&report) { located in
            guard failure == nil else { return }
            do { try body(located) } catch { failure = error }
        }
        if let failure { throw failure }
        return report
    }

    /// Every record, in the order of LSN.
    ///
    /// - Throws: What `body` throws, and ``LogError/damaged(_:)`` after the last record before the first damage: what
    ///   lies behind it would be a log with a hole.
    package func forEachRecord(_ body: (LogRecord) throws -> Void) throws {
        var report = LogReport()
        var failure: (any Error)?
        var nextLSN = LSN.first
        try inspect(&report) { located in
            let first = located.frame.header.firstLSN
            // Dropped segments leave gaps; any other one is in the report.
            guard failure == nil, first == nextLSN || (retained != nil && first > nextLSN) else { return }
            nextLSN = located.frame.header.endLSN
            do { try located.frame.forEachRecord(body) } catch { failure = error }
        }
        if let failure { throw failure }
        if let damage = report.problems.first { throw LogError.damaged(damage) }
    }

    // MARK: -

    private func inspect(
        _ report: inout LogReport, progress: (Int, Int) -> Void = { _, _ in }, _ take: (LocatedFrame) -> Void
    ) throws(LogError) {
        let survey = try LogDirectory(surveying: path, fileSystem: fileSystem)
        var inspection = LogInspection(
            directory: survey, fileSystem: fileSystem, retained: retained, rewrites: rewrites)
        try inspection.run(progress: progress, take)
        report = inspection.report
    }
}
