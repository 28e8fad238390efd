import ExecutionModel
import LogStorage
import Synchronization

extension EngineRuntime {
    /// The files to compact next, by the policy of the options; none: all are fine.
    func compactionVictims() -> [LogFileID] {
        options.maintenance.compaction?.victims(among: compactionCandidates()) ?? []
    }

    /// The files to which nothing is appended any more, the oldest first.
    func compactionCandidates() -> [CompactionPolicy.Candidate] {
        guard let manifest = files.newest else { return [] }
        let bytes = index.content.withLock { $0.bytes }
        // What the newest manifest has sealed, so that every event in it is in the index.
        let segments = manifest.appendSegments.map(\.number).filter { $0 < manifest.positionSegment }.map(
            LogFileID.append)
        let rewrites = manifest.rewriteSegments.map { LogFileID.rewrite($0.number) }
        return (segments + rewrites).compactMap { file in
            bytes[file].map { CompactionPolicy.Candidate(file: file, bytes: $0) }
        }
    }

    /// The executions that a file has records of to which nothing is appended any more: by its footer, which is made where it is
    /// not there or does not check.
    func executions(in file: LogFileID) throws(RuntimeError) -> [SegmentPostings.Execution] {
        let end = files.newest?.appendSegments.first { file == .append($0.number) }?.endOffset
        // An append that did not fit ended it before it had a frame.
        if end == SegmentHeader.encodedByteCount { return [] }
        do throws(FooterError) {
            var executions: [SegmentPostings.Execution] = []
            try SegmentFooter.read(file, end: end, directory: files.directory, fileSystem: files.fileSystem)
                .forEachExecution { executions.append($0) }
            return executions
        } catch {
            // A cache that cannot be read is one that is not there.
        }
        do throws(LogError) {
            let postings = try SegmentFooter.scan(
                file, end: end, directory: files.directory, fileSystem: files.fileSystem)
            if file.sort == .append {
                try SegmentFooter.write(postings, to: file, directory: files.directory, fileSystem: files.fileSystem)
            }
            return postings.executions
        } catch {
            throw .log(error)
        }
    }

    func rewriteWriter(_ number: UInt64) throws(FileSystemError) -> RewriteSegmentWriter {
        try RewriteSegmentWriter(
            number: number, logID: log.logID, salt: core.withLock { $0.random.next() }, directory: files.directory,
            fileSystem: files.fileSystem, time: seams.clock.now().millisecondsSinceEpoch)
    }
}
