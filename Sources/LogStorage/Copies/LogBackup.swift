/// Copies a log to another directory, which is a log of its own after every run: a prefix of the one that was copied, up to
/// the end of some append, with everything that was acknowledged when the run began.
///
/// Takes no lock on the log: it works while another process writes to it. A run copies what the last one has not: sealed
/// segments once, the newest one each time as far as it goes. Each file is written under a temporary name, synced, read
/// back and checked, and only then renamed, so that a run that is cut leaves the backup of before or a longer one.
///
/// A backup that was opened and written to has parted from its log and is refused. Blocks.
package struct LogBackup: Sendable {
    private let source: String
    private let target: String
    private let fileSystem: any LogFileSystem

    /// What a run did.
    package struct Report: Equatable, Sendable {
        package var logID: LogID
        /// The segments that were copied, and how many were there already.
        package var copied: [UInt64] = []
        package var keptCount = 0
        /// Bytes written.
        package var byteCount = 0
        /// The LSN after the last record in the backup.
        package var nextLSN = LSN.first
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
        // What compaction removes while it is copied is in files that a new list has.
        for _ in 0..<Self.attemptCountMax {
            if let report = try run(files, progress) { return report }
            files = try list()
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
            if let missing = files.directory.missing {
                throw .damaged(LogDamage(segment: missing, offset: 0, reason: .missing))
            }
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
        var report = Report(logID: LogID(high: 0, low: 0))
        let held = try LogFileList(ofCopy: target, fileSystem)
        try remove(held.directory.temporaries)
        let numbers = files.directory.segments
        let firstToCopy = try firstToCopy(numbers, held.directory)
        for name in files.immutable where !held.immutable.contains(name) {
            let copier = ImmutableCopier(source: source, target: target, fileSystem: fileSystem)
            guard let byteCount = try copier.copy(name) else { return nil }
            report.byteCount += byteCount
            // A manifest gets its name last: when all that it names is there.
            if !name.hasSuffix(LogFileList.manifestSuffix) { try publish(name) }
        }
        for number in numbers {
            if number < firstToCopy {
                report.keptCount += 1
            } else {
                let copier = SegmentCopier(source: files.directory, target: target, fileSystem: fileSystem)
                let copy = try copier.copy(number, isNewest: number == numbers.last)
                try publish(SegmentNames.segment(number))
                try giveBackTail(before: copy.header)
                report.copied.append(number)
                report.byteCount += copy.end
                report.nextLSN = copy.nextLSN
                report.logID = copy.header.logID
            }
            progress(Int(number - numbers[0]) + 1, numbers.count)
        }
        for name in files.immutable where !held.immutable.contains(name) && name.hasSuffix(LogFileList.manifestSuffix) {
            try publish(name)
        }
        try remove(held.immutable.filter { !files.immutable.contains($0) })
        return report
    }

    /// Every segment of a backup but its newest is whole, since the next one is copied after it. So the newest is copied
    /// again, and all those before it are kept.
    private func firstToCopy(_ numbers: [UInt64], _ held: LogDirectory) throws(LogCopyError) -> UInt64 {
        guard let newest = held.segments.last else { return numbers[0] }
        if held.segments != Array(numbers.prefix { $0 <= newest }) {
            throw .parted(
                path: target, segment: held.segments.first { !numbers.contains($0) } ?? held.missing ?? newest)
        }
        for number in held.segments { try compare(number, held, isNewest: number == newest) }
        return newest
    }

    private func compare(_ number: UInt64, _ held: LogDirectory, isNewest: Bool) throws(LogCopyError) {
        let original: SegmentHeader
        do throws(LogError) {
            original = try SegmentReading(
                number, in: LogDirectory(path: source, segments: [number]), fileSystem
            ).header
        } catch {
            throw .source(error)
        }
        let copy: SegmentReading
        do throws(LogError) { copy = try SegmentReading(number, in: held, fileSystem) } catch {
            throw LogCopyError(ofTarget: error)
        }
        if copy.header.logID != original.logID { throw .anotherLog(path: target) }
        if copy.header == original { return }
        // A newest segment without a record is made anew when its log is opened.
        guard isNewest, copy.header.predecessor == original.predecessor, try copy.isWithoutRecords else {
            throw .parted(path: target, segment: number)
        }
    }

    private func publish(_ name: String) throws(LogCopyError) {
        do throws(FileSystemError) {
            try fileSystem.rename(target + "/" + ImmutableCopier.temporary(name), to: target + "/" + name)
            try fileSystem.syncDirectory(target)
        } catch {
            throw .storage(error)
        }
    }

    /// Cuts the segment before, which needs its stated size only while it is the newest.
    private func giveBackTail(before header: SegmentHeader) throws(LogCopyError) {
        guard let predecessor = header.predecessor else { return }
        do throws(FileSystemError) {
            let file = try fileSystem.open(target + "/" + SegmentNames.segment(predecessor.number), .readWrite)
            defer { file.close() }
            let end = Int(predecessor.endOffset)
            if try file.size() > end { try file.truncate(to: end) }
        } catch {
            throw .storage(error)
        }
    }

    /// Files that nothing names: replaced by compaction, or left by a run that was cut.
    private func remove(_ names: [String]) throws(LogCopyError) {
        do throws(FileSystemError) {
            for name in names { try fileSystem.remove(target + "/" + name) }
        } catch {
            throw .storage(error)
        }
    }
}

extension SegmentReading {
    /// Whether no frame of it holds a record.
    fileprivate var isWithoutRecords: Bool {
        get throws(LogCopyError) {
            do throws(LogError) {
                var walk = SegmentWalk(FrameScanner(file, header: header, end: header.byteCount))
                _ = try walk.judgeNewest { _ in }
                return walk.entry.nextLSN == header.firstLSN
            } catch {
                throw LogCopyError(ofTarget: error)
            }
        }
    }
}
