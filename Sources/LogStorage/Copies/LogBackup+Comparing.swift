extension LogBackup {
    /// Checks that the backup is one of this log, and has nothing that the log has not.
    ///
    /// - Returns: False when a file of the log was gone.
    func compare(_ files: LogFileList, _ held: LogFileList) throws(LogCopyError) -> Bool {
        guard let newest = held.directory.segments.last else { return true }
        try compareManifests(files, held, newest)
        let dropped = held.directory.segments.filter { !files.segments.contains($0) }
        // The log drops what lies before its manifest's position only.
        if let segment = dropped.first(where: { $0 >= files.manifest?.positionSegment ?? 1 }) {
            throw .parted(path: target, segment: segment)
        }
        let logID = try header(of: .append(newest)).logID
        for number in held.directory.segments where files.segments.contains(number) {
            guard try compare(number, isNewest: number == newest) else { return false }
        }
        for rewrite in files.rewrites where held.directory.rewrites.contains(rewrite.number) {
            guard let original = try original(.rewrite(rewrite.number)) else { return false }
            if try header(of: .rewrite(rewrite.number)) != original { throw .parted(path: target, segment: newest) }
        }
        // All that it has may have been dropped since.
        guard let first = files.newest, let original = try original(.append(first)) else { return false }
        if logID != original.logID { throw .anotherLog(path: target) }
        return true
    }

    /// The manifest of a backup is one that its log had.
    private func compareManifests(
        _ files: LogFileList, _ held: LogFileList, _ newest: UInt64
    ) throws(LogCopyError) {
        guard let manifest = held.manifest, let last = files.directory.manifests.last else { return }
        if let own = files.manifest, own.logID != manifest.logID { throw .anotherLog(path: target) }
        let isOther = manifest.number == files.manifest?.number && manifest != files.manifest
        if manifest.number > last || isOther { throw .parted(path: target, segment: newest) }
    }

    private func compare(_ number: UInt64, isNewest: Bool) throws(LogCopyError) -> Bool {
        guard let original = try original(.append(number)) else { return false }
        let copy = try reading(.append(number))
        if copy.header.logID != original.logID { throw .anotherLog(path: target) }
        if copy.header == original { return true }
        // A newest segment without a record is made anew when its log is opened.
        guard isNewest, copy.header.predecessor == original.predecessor, try copy.isWithoutRecords else {
            throw .parted(path: target, segment: number)
        }
        return true
    }

    /// The header of a file of the log; nil when it is gone.
    private func original(_ file: LogFileID) throws(LogCopyError) -> SegmentHeader? {
        do throws(LogError) {
            return try SegmentReading(file, in: source, fileSystem).header
        } catch .storage(let error) where error.reason == .notFound {
            return nil
        } catch {
            throw .source(error)
        }
    }

    private func header(of file: LogFileID) throws(LogCopyError) -> SegmentHeader { try reading(file).header }

    private func reading(_ file: LogFileID) throws(LogCopyError) -> SegmentReading {
        do throws(LogError) { return try SegmentReading(file, in: target, fileSystem) } catch {
            throw LogCopyError(ofTarget: error)
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
