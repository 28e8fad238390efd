import LogStorage
import Synchronization

extension EngineRuntime {
    /// How far a compaction of the log has come.
    package struct CompactionProgress: Sendable {
        /// Bytes of records in the files that have been compacted, and in all that are to be.
        package var doneByteCount = 0
        package var byteCount = 0
        /// Files that were dropped.
        package var droppedCount = 0
    }

    /// Compacts the log until its policy asks for no more, and removes what is not needed then. Everything that was recorded is
    /// in the index before.
    ///
    /// For tools, on an engine whose maintenance has no thread: it takes as long as it takes, and is not throttled.
    ///
    /// - Parameters:
    ///   - everything: Also rewrites the files in which nothing is dead: into fewer, and better compressed.
    ///   - goesOn: Asked between steps. False ends it: what has been compacted by then stays so, and nothing is half done.
    /// - Returns: How far it came.
    package func compact(
        everything: Bool, goesOn: @escaping @Sendable (CompactionProgress) -> Bool
    ) async throws(RuntimeError) -> CompactionProgress {
        try await durable(before: log.nextLSN)
        return try await seams.blocking { [self] () throws(RuntimeError) in
            try maintenance.compact(self, everything: everything, goesOn)
        }
    }
}

extension Maintenance {
    fileprivate func compact(
        _ runtime: EngineRuntime, everything: Bool, _ goesOn: (EngineRuntime.CompactionProgress) -> Bool
    ) throws(RuntimeError) -> EngineRuntime.CompactionProgress {
        let result = work.withLock { work -> Result<EngineRuntime.CompactionProgress, RuntimeError> in
            do throws(RuntimeError) {
                return .success(try work.compact(runtime, everything: everything, goesOn))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}

extension MaintenanceWork {
    fileprivate mutating func compact(
        _ runtime: EngineRuntime, everything: Bool, _ goesOn: (EngineRuntime.CompactionProgress) -> Bool
    ) throws(RuntimeError) -> EngineRuntime.CompactionProgress {
        try finish(runtime, writes: true)
        var rest = everything ? runtime.compactionCandidates()[...] : []
        var progress = EngineRuntime.CompactionProgress()
        progress.byteCount = rest.reduce(0) { $0 + $1.bytes.total }
        while true {
            var victims = runtime.wholeVictims(of: rest)
            rest = rest.dropFirst(victims.count)
            if victims.isEmpty {
                victims = runtime.compactionVictims()
                progress.byteCount += runtime.recordByteCount(of: victims)
            }
            guard !victims.isEmpty else { break }
            let byteCount = runtime.recordByteCount(of: victims)
            var compaction = try Compaction(victims, runtime)
            while true {
                let isDone: Bool
                do throws(RuntimeError) {
                    isDone = try compaction.step(runtime, byteLimit: 1 << 20)
                } catch {
                    compaction.abandon()
                    throw error
                }
                if isDone { break }
                if !goesOn(progress) {
                    compaction.abandon()
                    return progress
                }
            }
            try compaction.finish(runtime)
            progress.doneByteCount += byteCount
            progress.droppedCount += victims.count
            guard goesOn(progress) else { return progress }
        }
        // A file goes once the two newest manifests leave it out.
        for _ in 0..<2 { try runtime.writeEngineSnapshot() }
        return progress
    }
}

extension EngineRuntime {
    fileprivate func wholeVictims(of rest: ArraySlice<CompactionPolicy.Candidate>) -> [LogFileID] {
        options.maintenance.compaction?.prefix(of: Array(rest)).map(\.file) ?? []
    }

    fileprivate func recordByteCount(of files: [LogFileID]) -> Int {
        index.content.withLock { content in files.reduce(0) { $0 + (content.bytes[$1]?.total ?? 0) } }
    }
}
