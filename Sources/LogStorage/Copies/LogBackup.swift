/// Copies a log to another directory, which is a log of its own after every run: a prefix of the one that was copied, up to
/// the end of some append, with everything that was acknowledged when the run began.
///
/// Takes no lock on the log: it works while another process writes to it and compacts it. A run copies what the newest
/// manifest lists and the segments behind it, as far as the last run has not: what never changes once, the newest segment
/// each time as far as it goes. Each file is written under a temporary name, synced, read back and checked, and only then
/// renamed, so that a run that is cut leaves the backup of before or a longer one, or one that the next run, or a restore,
/// finishes (``BackupDirectory``).
///
/// A backup that was opened and written to has parted from its log and is refused. Blocks.
package struct LogBackup: Sendable {
    let source: String
    let target: String
    let fileSystem: any LogFileSystem

    /// What a run did.
    package struct Report: Equatable, Sendable {
        package var logID: LogID
        /// The segments that were copied, and how many were there already.
        package var copied: [UInt64] = []
        package var keptCount = 0
        /// The same of rewrite segments.
        package var copiedRewrites: [UInt64] = []
        package var keptRewriteCount = 0
        /// Bytes written.
        package var byteCount = 0
        /// The LSN after the last record in the backup.
        package var nextLSN = LSN.first
        /// Caches of the log that are damaged, and are not in the backup: whoever opens it makes them anew.
        package var notes: [String] = []
    }

    /// - Parameter target: Missing, empty, or a backup of this log.
    package init(of source: String, to target: String, fileSystem: any LogFileSystem) {
        self.source = source
        self.target = target
        self.fileSystem = fileSystem
    }

    /// - Parameter progress: Is told after each segment how many are done, and of how many.
    package func run(progress: (_ done: Int, _ count: Int) -> Void = { _, _ in }) throws(LogCopyError) -> Report {
        var files = try list()
        let lock = try takeTarget()
        defer { lock.release() }
        // What compaction removes while it is copied is in files that a newer manifest lists.
        for _ in 0..<Self.attemptCountMax {
            if let missing = files.missing {
                let newer = try list()
                guard newer.manifest?.number != files.manifest?.number else { throw .source(.damaged(missing)) }
                files = newer
            } else if let report = try run(files, progress) {
                return report
            } else {
                files = try list()
            }
        }
        throw .unsettled(path: source)
    }

    /// How often the list of files may be out of date before a run gives up.
    private static let attemptCountMax = 16

    // MARK: -

    private func list() throws(LogCopyError) -> LogFileList {
        do throws(LogError) {
            let files = try LogFileList(of: source, fileSystem)
            if files.directory.segments.isEmpty { throw .notALog(path: source, found: "no segment") }
            return files
        } catch {
            throw .source(error)
        }
    }

    private func takeTarget() throws(LogCopyError) -> any DirectoryLock {
        do throws(FileSystemError) {
            if try !fileSystem.exists(target) { try fileSystem.createDirectory(target) }
        } catch {
            throw .storage(error)
        }
        do throws(LogError) { _ = try LogDirectory(surveying: target, fileSystem: fileSystem) } catch {
            throw LogCopyError(ofTarget: error)
        }
        return try fileSystem.lockCopy(target)
    }

    /// - Returns: Nil when a file was gone before it was copied.
    private func run(_ files: LogFileList, _ progress: (Int, Int) -> Void) throws(LogCopyError) -> Report? {
        let backup = BackupDirectory(path: target, fileSystem: fileSystem)
        // What a run that was cut has left there, whose manifest counts already.
        try backup.finishRun()
        let held = try LogFileList(ofCopy: target, fileSystem)
        guard try compare(files, held) else { return nil }
        let wanted = files.names
        try backup.remove(
            held.directory.temporaries.filter { !wanted.contains(String($0.dropLast(Self.temporarySuffix.count))) })
        var report = Report(logID: LogID(high: 0, low: 0))
        report.notes = files.rejected.map { "\($0.name) is not copied: \($0.reason)" }
        guard let others = try copyImmutable(files, held, &report) else { return nil }
        guard let segments = try copySegments(files, held, &report, progress) else { return nil }
        if let manifest = files.manifest, held.manifest != manifest {
            let copier = ImmutableCopier(source: source, target: target, fileSystem: fileSystem)
            try copier.write(manifest.encoded(), as: LogFileKind.manifest.name(manifest.number))
        }
        try publish(segments, others, files, held, backup)
        return report
    }

    private static let temporarySuffix = SegmentNames.temporary("")

    /// - Returns: The names of the files that were copied; nil when one was gone.
    private func copyImmutable(
        _ files: LogFileList, _ held: LogFileList, _ report: inout Report
    ) throws(LogCopyError) -> [String]? {
        let copier = ImmutableCopier(source: source, target: target, fileSystem: fileSystem)
        var names: [String] = []
        for rewrite in files.rewrites {
            if held.directory.rewrites.contains(rewrite.number) {
                report.keptRewriteCount += 1
                continue
            }
            guard let byteCount = try copier.copy(rewrite) else { return nil }
            report.byteCount += byteCount
            report.copiedRewrites.append(rewrite.number)
            names.append(LogFileKind.rewrite.name(rewrite.number))
        }
        for table in files.tables where try !isHeld(table) {
            switch try copier.copy(table) {
            case nil: return nil
            case .failure(let error): report.notes.append("the index is not copied: \(error)")
            case .success(let byteCount):
                report.byteCount += byteCount
                names.append(LogFileKind.table.name(table.number))
            }
        }
        return names
    }

    private func isHeld(_ table: TableInfo) throws(LogCopyError) -> Bool {
        do throws(TableError) {
            _ = try TableReader(table, directory: target, fileSystem: fileSystem)
            return true
        } catch {
            guard case .storage(let cause) = error.reason, cause.reason != .notFound else { return false }
            throw .storage(cause)
        }
    }

    /// Every segment of a backup but its newest is whole, since they get their names in the order of their numbers. So the
    /// newest is copied again, and those before it are kept.
    ///
    /// - Returns: Nil when a file was gone.
    private func copySegments(
        _ files: LogFileList, _ held: LogFileList, _ report: inout Report, _ progress: (Int, Int) -> Void
    ) throws(LogCopyError) -> [SegmentCopier.Copy]? {
        let copier = SegmentCopier(source: files.directory, target: target, fileSystem: fileSystem)
        let kept = Set(held.directory.segments.dropLast())
        var copies: [SegmentCopier.Copy] = []
        for (index, number) in files.segments.enumerated() {
            if kept.contains(number) {
                report.keptCount += 1
            } else {
                let isNewest = number == files.newest
                guard let copy = try copier.copy(number, isNewest: isNewest, row: files.row(of: number)) else {
                    return nil
                }
                copies.append(copy)
                report.copied.append(number)
                report.byteCount += copy.writtenByteCount
                report.nextLSN = copy.nextLSN
                report.logID = copy.header.logID
            }
            progress(index + 1, files.segments.count)
        }
        return copies
    }

    /// Takes the backup to its next state.
    private func publish(
        _ copies: [SegmentCopier.Copy], _ others: [String], _ files: LogFileList, _ held: LogFileList,
        _ backup: BackupDirectory
    ) throws(LogCopyError) {
        var segments = copies[...]
        func publishNext() throws(LogCopyError) {
            guard let copy = segments.popFirst() else { return }
            try backup.publish(SegmentNames.segment(copy.header.number))
            // Its header says where the one before ends; from here on that is not the newest.
            if let predecessor = copy.header.predecessor, files.segments.contains(predecessor.number) {
                try backup.cut(predecessor.number, to: Int(predecessor.endOffset))
            }
        }
        // The newest of before, longer now, continues the backup of before. A first segment makes the directory one of a log.
        if let first = segments.first, first.header.number == held.directory.segments.last ?? first.header.number {
            try publishNext()
        }
        if let manifest = files.manifest { try backup.commit(manifest, held) }
        for name in others { try backup.publish(name) }
        while !segments.isEmpty { try publishNext() }
        try backup.remove(
            held.directory.manifests.filter { $0 < files.manifest?.number ?? .max }.map(LogFileKind.manifest.name))
        let names = files.names
        let old = held.directory
        try backup.remove(
            (old.segments.map(LogFileKind.segment.name) + old.rewrites.map(LogFileKind.rewrite.name)
                + old.tables.map(LogFileKind.table.name)).filter { !names.contains($0) })
    }
}
