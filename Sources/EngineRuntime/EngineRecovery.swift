import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization

/// Opens an engine's log: from the newest engine snapshot and the log behind it, or where there is none that can be read, from
/// the whole log.
///
/// It replays nothing. The directories of the frames say which executions have moved since the snapshot; the states of the
/// first of them are built, so that a log which holds what no engine writes is refused before a byte of it changes.
struct EngineRecovery: Sendable {
    /// What has something to do.
    struct Found: Sendable {
        /// The first executions.
        var executions: [LoadedExecution] = []
        /// The others.
        var rest: [ExecutionNumber] = []
    }

    let directory: String
    let options: RuntimeOptions
    let seams: Seams
    private(set) var found = Found()

    private var index: ExecutionIndex?
    private var files: IndexFiles?
    /// Where the index ended that is made anew.
    private var covered = LSN.first
    private var lastTime = Timestamp(millisecondsSinceEpoch: 0)
    /// Frames in which executions begin, whose names no table has.
    private var starts: [FrameLocation] = []
    private var failure: RuntimeError?
    /// What was not as it should be, for whoever keeps an eye on the engine.
    private(set) var notes: [String] = []
    private let attempts: RecoveryAttempts
    private var hasBegun = false
    /// Whether the index is that of a manifest's tables.
    private var trustsTables = false
    /// Whether that has been tried, in vain.
    private var distrustsTables = false

    init(directory: String, options: RuntimeOptions, seams: Seams) {
        self.directory = directory
        self.options = options
        self.seams = seams
        attempts = RecoveryAttempts(directory: directory, fileSystem: seams.fileSystem)
    }

    /// So many executions are in memory when an opening returns, as far as there are: a small log is then at work.
    static let executionCount = 1_000

    mutating func run(_ parkedHandlers: (any ParkedHandlers)?) throws(RuntimeError) -> EngineRuntime {
        do throws(RuntimeError) {
            return try attempt(parkedHandlers)
        } catch {
            guard trustsTables, let failure, !failure.isOfStorage else {
                end()
                throw error
            }
            // What does not fit may be the index, a cache, and not the log. Nothing was changed yet.
            restart(since: failure)
        }
        do throws(RuntimeError) {
            return try attempt(parkedHandlers)
        } catch {
            end()
            throw error
        }
    }

    private mutating func restart(since failure: RuntimeError) {
        (found, index, files, starts, self.failure) = (Found(), nil, nil, [], nil)
        notes = ["the index is made anew, since it cannot be read: \(failure)"]
        (trustsTables, distrustsTables) = (false, true)
    }

    private mutating func attempt(_ parkedHandlers: (any ParkedHandlers)?) throws(RuntimeError) -> EngineRuntime {
        var random = RandomSource(seed: seams.seed)
        let log: SegmentedLog
        do throws(LogError) {
            log = try SegmentedLog.open(
                at: directory, options: options.log, fileSystem: seams.fileSystem, clock: LogTime(clock: seams.clock),
                seed: random.next(), waitForLock: options.waitsForLock, startThreads: seams.runsThreads,
                from: { () throws(LogError) in try start() }, outlined: { take($0) }, accepts: { loadFirst() })
        } catch {
            throw failure ?? .log(error)
        }
        guard let index, let files else { preconditionFailure("a log was opened and nobody asked where to start") }
        var core = Core(
            engine: EngineState(limits: options.limits, owner: options.owner, unknownTargets: options.unknownTargets),
            concurrencyLimit: options.concurrencyLimit, random: random)
        core.lastTime = lastTime
        let runtime = EngineRuntime(
            core: core, log: log, index: index, files: files, openingNotes: notes, options: options, seams: seams,
            parkedHandlers: parkedHandlers)
        // It may fail while nobody waits for it: run() says so all the same.
        log.whenEnded { [weak runtime] error in _ = runtime?.note(error) }
        return runtime
    }

    /// Where the log is to be read from. Asked under the directory's lock.
    private mutating func start() throws(LogError) -> LogStart? {
        let store = ManifestStore(directory: directory, fileSystem: seams.fileSystem)
        let (manifest, readsEverything) = try chooseManifest(store)
        files = IndexFiles(
            directory: directory, fileSystem: seams.fileSystem, newest: manifest,
            next: try store.nextNumbers(after: manifest))
        guard let manifest else {
            try rebuild(from: nil)
            return nil
        }
        lastTime = Timestamp(millisecondsSinceEpoch: manifest.engineTime)
        if !readsEverything && !distrustsTables {
            do throws(TableError) {
                let runs = try TableRuns(manifest.tables, directory: directory, fileSystem: seams.fileSystem)
                index = ExecutionIndex(runs: runs, manifest)
                trustsTables = true
                return LogStart(manifest)
            } catch {
                notes.append("the index is made anew, since it cannot be read: \(error)")
            }
        }
        try rebuild(from: manifest)
        covered = manifest.position
        return LogStart(manifest, readsSegment: true)
    }

    /// The newest manifest, as a rule. After openings that began and did not come to their end, which a file that this one reads
    /// may be the cause of: the one before it; after more of them, one way or the other without its tables.
    private mutating func chooseManifest(
        _ store: ManifestStore
    ) throws(LogError) -> (manifest: Manifest?, readsEverything: Bool) {
        let (newest, rejected) = try store.newest()
        notes += rejected.map { "\($0.name) cannot be used: \($0.reason)" }
        guard !hasBegun else { return (newest, true) }
        let failures: Int
        do throws(FileSystemError) { failures = try attempts.begin() } catch { throw .storage(error) }
        hasBegun = true
        guard let newest, failures >= Self.failuresForOlder else { return (newest, false) }
        if failures < Self.failuresForEverything, let older = try store.newest(below: newest.number).manifest {
            notes.append(
                "\(failures) openings did not come to their end: this one starts from manifest \(older.number)")
            return (older, false)
        }
        notes.append("\(failures) openings did not come to their end: this one reads the whole log")
        return (newest, true)
    }

    private static let failuresForOlder = 2
    static let failuresForEverything = 4

    /// The opening has come to its end, well or not: the next one need not wonder.
    func end() {
        guard hasBegun else { return }
        // One that counts for too much chooses another way to recover, and loses nothing.
        do throws(FileSystemError) { try attempts.succeeded() } catch {}
    }

    /// Begins an index of everything, with what the log's own recovery does not read: the rewrite segments, and the segments
    /// that the manifest has sealed. Without a manifest no segment is missing, and recovery reads them all.
    private mutating func rebuild(from manifest: Manifest?) throws(LogError) {
        let index = ExecutionIndex()
        self.index = index
        let store = ManifestStore(directory: directory, fileSystem: seams.fileSystem)
        let rewrites: [(UInt64, Int)]
        if let manifest {
            rewrites = manifest.rewriteSegments.map { ($0.number, $0.byteCount) }
        } else {
            rewrites = try store.rewriteSegments()
        }
        index.content.withLock { content in
            content.isRebuilding = true
            content.rewrites = Dictionary(uniqueKeysWithValues: rewrites)
        }
        for (number, _) in rewrites { try scan(.rewrite(number), end: nil) }
        for segment in manifest?.sealedSegments ?? [] {
            // One without a record counts too: it is there to be dropped.
            index.content.withLock { $0.bytes[.append(segment.number)] = FileBytes() }
            try scan(.append(segment.number), end: segment.end)
        }
    }

    private mutating func scan(_ file: LogFileID, end: Int?) throws(LogError) {
        do throws(LogError) {
            _ = try SegmentFooter.scan(file, end: end, directory: directory, fileSystem: seams.fileSystem) { take($0) }
        } catch .storage(let error) where error.reason == .notFound {
            // The manifest lists it, and it is made durable before that.
            failure = .unreadableFile(file)
            throw .storage(error)
        } catch {
            throw error
        }
    }

    private mutating func take(_ frame: FrameOutline) {
        guard failure == nil, let index else { return }
        if frame.header.isSyncPoint || frame.header.endLSN <= index.position && frame.lsns == nil { return }
        for entry in frame.entries { lastTime = max(lastTime, Timestamp(millisecondsSinceEpoch: entry.time)) }
        do throws(IndexError) {
            try index.fold(frame)
        } catch {
            failure = .index(error)
        }
        if frame.entries.contains(where: \.isBeginning) { starts.append(frame.location) }
    }

    /// Builds the states of the first executions that have something to do.
    /// - Returns: Whether the log is one that this engine can go on with.
    private mutating func loadFirst() -> Bool {
        guard failure == nil, let index else { return false }
        index.content.withLock { content in
            content.endRebuilding()
            // The last records below it may be in rewrite segments, which have no place in the order of LSN.
            content.position = max(content.position, covered)
        }
        let reader = StateReader(
            index: index, sealed: files?.newest?.sealedSegments ?? [], directory: directory, options, seams)
        do throws(RuntimeError) {
            try reader.nameExecutions(in: starts)
            let numbers: [ExecutionNumber]
            do throws(IndexError) { numbers = try index.attention() } catch { throw .index(error) }
            for number in numbers.prefix(Self.executionCount) {
                if let execution = try reader.execution(number) { found.executions.append(execution) }
            }
            found.rest = Array(numbers.dropFirst(Self.executionCount))
            return true
        } catch {
            failure = error
            return false
        }
    }
}

extension RuntimeError {
    /// Whether the disk did not answer, which says nothing of what is on it.
    var isOfStorage: Bool {
        switch self {
        case .log(.storage): return true
        case .index(.table(let error)):
            if case .storage = error.reason { return true }
            return false
        default: return false
        }
    }
}

/// An execution as it was read from the disk.
struct LoadedExecution: Sendable {
    var state: ExecutionState
    /// What the tables have of it; nil where it has moved since.
    var indexed: Indexed?
}
