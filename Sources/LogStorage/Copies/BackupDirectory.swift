/// The directory of a backup, which a run takes from one state to the next: with the name of its manifest.
///
/// Everything is copied under temporary names first. The manifest gets its name when all that it lists is durable; the other
/// files get theirs after it, since segments of which compaction has dropped some would be damage beside the manifest before.
/// A run that is cut in between has lost nothing: ``finishRun()`` ends it.
struct BackupDirectory {
    let path: String
    let fileSystem: any LogFileSystem

    /// Gives the files their names that a run which was cut had copied for the manifest that is there.
    func finishRun() throws(LogCopyError) {
        let files = try LogFileList(ofCopy: path, fileSystem)
        guard let manifest = files.manifest, !files.directory.temporaries.isEmpty else { return }
        for rewrite in manifest.rewriteSegments {
            try finish(.rewrite(rewrite.number)) { (left) throws(LogError) in try left.rewriteDamage() == nil }
        }
        for row in manifest.sealedSegments {
            try finish(.append(row.number)) { (left) throws(LogError) in
                var walk = left.walk(through: row.end)
                return try walk.judge(row) { _ in } == .whole(torn: nil)
            }
        }
        // Whoever reads a table checks it.
        for table in manifest.tables {
            let name = LogFileKind.table.name(table.number)
            if try isUnnamed(name) { try publish(name) }
        }
        // Those behind it are for the next run: without them it is a shorter log.
        try finish(.append(manifest.positionSegment)) { (left) throws(LogError) in
            guard try left.checkSize(expected: left.header.byteCount) == nil else { return false }
            var walk = left.walk(through: left.header.byteCount)
            guard case .whole = try walk.judgeNewest({ _ in }) else { return false }
            return walk.entry.nextLSN >= manifest.position
        }
    }

    /// - Parameter isWhole: What lies there may be of a run that was cut before its manifest.
    private func finish(
        _ file: LogFileID, _ isWhole: (SegmentReading) throws(LogError) -> Bool
    ) throws(LogCopyError) {
        guard try isUnnamed(file.name) else { return }
        let temporary = path + "/" + SegmentNames.temporary(file.name)
        do throws(LogError) {
            guard try isWhole(SegmentReading(file, at: temporary, fileSystem)) else { return }
        } catch .storage(let error) {
            throw .storage(error)
        } catch {
            // It stays what it is, a file that is missing.
            return
        }
        try publish(file.name)
    }

    /// Whether it is there under its temporary name only.
    private func isUnnamed(_ name: String) throws(LogCopyError) -> Bool {
        do throws(FileSystemError) {
            if try fileSystem.exists(path + "/" + name) { return false }
            return try fileSystem.exists(path + "/" + SegmentNames.temporary(name))
        } catch {
            throw .storage(error)
        }
    }

    /// Gives a file that is durable under its temporary name its own.
    func publish(_ name: String) throws(LogCopyError) {
        do throws(FileSystemError) {
            try fileSystem.rename(path + "/" + SegmentNames.temporary(name), to: path + "/" + name)
            try fileSystem.syncDirectory(path)
        } catch {
            throw .storage(error)
        }
    }

    /// Makes the manifest, which is durable under its temporary name or there already, the newest.
    func commit(_ manifest: Manifest, _ held: LogFileList) throws(LogCopyError) {
        let name = LogFileKind.manifest.name(manifest.number)
        if held.manifest != manifest { try publish(name) }
        // The log's own newest may have been damaged since.
        try remove(held.directory.manifests.filter { $0 > manifest.number }.map(LogFileKind.manifest.name))
    }

    /// Gives back the zeros behind the frames, which a segment needs only while nothing else says where they end.
    func cut(_ segment: UInt64, to end: Int) throws(LogCopyError) {
        do throws(FileSystemError) {
            let file = LogFileHandle(
                try fileSystem.open(path + "/" + SegmentNames.segment(segment), .readWrite))
            if try file.file.size() > end { try file.file.truncate(to: end) }
        } catch {
            throw .storage(error)
        }
    }

    func remove(_ names: [String]) throws(LogCopyError) {
        guard !names.isEmpty else { return }
        do throws(FileSystemError) {
            for name in names { try fileSystem.remove(path + "/" + name) }
            try fileSystem.syncDirectory(path)
        } catch {
            throw .storage(error)
        }
    }
}

extension SegmentReading {
    fileprivate func walk(through end: Int) -> SegmentWalk {
        SegmentWalk(FrameScanner(file, header: header, end: min(end, header.byteCount), readsDevice: true))
    }
}
