/// Makes a log of a backup: the same segments, checked before and after they are copied.
///
/// The directory is a log once everything is in it, and not before: a restore that is cut leaves one that no engine opens.
/// The copy has the backup's log id: two logs of one id may never be mixed, and the backup stays as it is. Blocks.
package struct LogRestore: Sendable {
    private let backup: String
    private let target: String
    private let fileSystem: any LogFileSystem

    package struct Report: Equatable, Sendable {
        package var logID: LogID
        package var segmentCount = 0
        package var recordCount = 0
        /// The LSN after the last record.
        package var nextLSN = LSN.first
    }

    /// - Parameter target: Missing or empty.
    package init(of backup: String, to target: String, fileSystem: any LogFileSystem) {
        self.backup = backup
        self.target = target
        self.fileSystem = fileSystem
    }

    /// - Throws: ``LogCopyError/source(_:)`` for a backup that is damaged; nothing was written then.
    package func run(progress: (_ done: Int, _ count: Int) -> Void = { _, _ in }) throws(LogCopyError) -> Report {
        let (files, verified) = try verify()
        let staged = try StagedDirectory(target, fileSystem)
        let numbers = files.directory.segments
        var report = Report(
            logID: verified.logID ?? LogID(high: 0, low: 0), segmentCount: numbers.count,
            recordCount: verified.recordCount)
        for name in files.immutable {
            let copier = ImmutableCopier(source: backup, target: target, fileSystem: fileSystem)
            guard try copier.copy(name) != nil else { throw .source(.notALog(path: backup, found: "no \(name)")) }
        }
        for (index, number) in numbers.enumerated() {
            let copier = SegmentCopier(source: files.directory, target: target, fileSystem: fileSystem)
            report.nextLSN = try copier.copy(number, isNewest: number == numbers.last).nextLSN
            progress(index + 1, numbers.count)
        }
        try staged.publish(segments: numbers, others: files.immutable)
        return report
    }

    private func verify() throws(LogCopyError) -> (LogFileList, LogReport) {
        do throws(LogError) {
            let inspector = try LogInspector(directory: backup, fileSystem: fileSystem)
            let files = try LogFileList(of: backup, fileSystem)
            let report = try inspector.verify()
            if let damage = report.problems.first { throw .damaged(damage) }
            return (files, report)
        } catch {
            throw .source(error)
        }
    }
}
