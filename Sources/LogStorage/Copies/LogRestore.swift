/// Makes a log of a backup: the same files, checked before and after they are copied.
///
/// The directory is a log once everything is in it, and not before: a restore that is cut leaves one that no engine opens.
/// The copy has the backup's log id: two logs of one id may never be mixed. The backup stays as it is, but for the names of
/// files that a run which was cut had copied. Blocks.
package struct LogRestore: Sendable {
    private let backup: String
    private let target: String
    private let fileSystem: any LogFileSystem

    package struct Report: Equatable, Sendable {
        package var logID: LogID
        package var segmentCount = 0
        package var rewriteSegmentCount = 0
        package var recordCount = 0
        /// The LSN after the last record.
        package var nextLSN = LSN.first
        /// Caches of the backup that are damaged, and are not in the new log: whoever opens it makes them anew.
        package var notes: [String] = []
    }

    /// - Parameter target: Missing or empty.
    package init(of backup: String, to target: String, fileSystem: any LogFileSystem) {
        self.backup = backup
        self.target = target
        self.fileSystem = fileSystem
    }

    /// - Throws: ``LogCopyError/source(_:)`` for a backup that is damaged; nothing was written then.
    package func run(progress: (_ done: Int, _ count: Int) -> Void = { _, _ in }) throws(LogCopyError) -> Report {
        try finishBackup()
        let (files, verified) = try verify()
        let staged = try StagedDirectory(target, fileSystem)
        var report = Report(
            logID: verified.logID ?? LogID(high: 0, low: 0), segmentCount: files.segments.count,
            rewriteSegmentCount: files.rewrites.count, recordCount: verified.recordCount)
        report.notes = files.rejected.map { "\($0.name) is not restored: \($0.reason)" }
        let others = try copyOthers(files, &report)
        let copier = SegmentCopier(source: files.directory, target: target, fileSystem: fileSystem)
        for (index, number) in files.segments.enumerated() {
            let copy = try copier.copy(number, isNewest: number == files.newest, row: files.row(of: number))
            guard let copy else { throw gone(SegmentNames.segment(number)) }
            report.nextLSN = copy.nextLSN
            progress(index + 1, files.segments.count)
        }
        try staged.publish(segments: files.segments, others: others)
        return report
    }

    /// Copies all but the append segments.
    private func copyOthers(_ files: LogFileList, _ report: inout Report) throws(LogCopyError) -> [String] {
        let copier = ImmutableCopier(source: backup, target: target, fileSystem: fileSystem)
        var names: [String] = []
        for rewrite in files.rewrites {
            let name = LogFileKind.rewrite.name(rewrite.number)
            guard try copier.copy(rewrite) != nil else { throw gone(name) }
            names.append(name)
        }
        for table in files.tables {
            let name = LogFileKind.table.name(table.number)
            switch try copier.copy(table) {
            case .success: names.append(name)
            case .failure(let error): report.notes.append("the index is not restored: \(error)")
            case nil: report.notes.append("the index is not restored: \(name) is missing")
            }
        }
        guard let manifest = files.manifest else { return names }
        let name = LogFileKind.manifest.name(manifest.number)
        try copier.write(manifest.encoded(), as: name)
        return names + [name]
    }

    private func gone(_ name: String) -> LogCopyError { .source(.notALog(path: backup, found: "no \(name)")) }

    /// Ends a run of the backup that was cut, if one was. A backup without a segment is none, and says so later.
    private func finishBackup() throws(LogCopyError) {
        do throws(LogError) {
            let files = try LogFileList(of: backup, fileSystem)
            let temporaries = Set(files.directory.temporaries)
            if files.names.allSatisfy({ !temporaries.contains(SegmentNames.temporary($0)) }) { return }
        } catch {
            throw .source(error)
        }
        let lock = try fileSystem.lockCopy(backup)
        defer { lock.release() }
        try BackupDirectory(path: backup, fileSystem: fileSystem).finishRun()
    }

    private func verify() throws(LogCopyError) -> (LogFileList, LogReport) {
        do throws(LogError) {
            let files = try LogFileList(of: backup, fileSystem)
            let inspector = try LogInspector(directory: backup, fileSystem: fileSystem, manifest: files.manifest)
            let report = try inspector.verify()
            if let damage = files.missing ?? report.problems.first { throw .damaged(damage) }
            return (files, report)
        } catch {
            throw .source(error)
        }
    }
}
