import Synchronization

extension SegmentedLog {
    /// Opens the log in `directory`, making it if there is none: locks it, reads every record, decides where the log
    /// ends, and starts a new segment there.
    ///
    /// - Parameters:
    ///   - directory: Empty, missing, or a log's. Anything else is refused and left as it is.
    ///   - seed: For the log's id and the segments' salts: from a good source in production, the same one to repeat a run.
    ///   - waitForLock: Waits for whoever has the log open, instead of ``LogError/inUse(directory:)``.
    ///   - startThreads: False: nothing runs by itself, and the caller steps ``writer`` and ``preparer``.
    ///   - recovered: Is given each record in the order of LSN. What it was given counts only once `open` returns.
    ///   - accepts: Asked when all records were given, before anything is written. False: ``LogError/declined``, and the
    ///     directory is as it was.
    /// - Throws: ``LogError/damaged(_:)`` names segment and offset; nothing was changed then.
    package static func open(
        at directory: String, options: LogOptions, fileSystem: any LogFileSystem, clock: any LogClock, seed: UInt64,
        waitForLock: Bool, startThreads: Bool = true, recovered: (LogRecord) -> Void, accepts: () -> Bool = { true }
    ) throws(LogError) -> SegmentedLog {
        try prepare(directory, fileSystem)
        let lock = try take(directory, fileSystem, wait: waitForLock)
        do throws(LogError) {
            let survey = try LogDirectory(surveying: directory, fileSystem: fileSystem)
            let outcome = try LogRecovery(directory: survey, fileSystem: fileSystem).run(recovered)
            guard accepts() else { throw .declined }
            return try start(
                after: outcome, temporaries: survey.temporaries, directory: directory, options: options,
                fileSystem: fileSystem, clock: clock, seed: seed, lock: lock, startThreads: startThreads)
        } catch {
            lock.release()
            throw error
        }
    }

    /// Opens the log in `directory` in the same way, but reads only what a snapshot does not cover, and of that the
    /// frames' directories: the bodies' checksums are checked, and nothing is decompressed.
    ///
    /// - Parameters:
    ///   - from: Says where to start; nil reads the log from its first record, which needs all its segments. Called once
    ///     the directory is locked and before anything is read, so it may look for the newest snapshot there.
    ///   - outlined: Is given each frame with a record at or above the start, in the order of LSN, sync-points left out.
    ///     What it was given counts only once `open` returns.
    /// - Throws: As the other does; ``LogError/damaged(_:)`` also when what the snapshot says of the log does not hold: a
    ///   segment that it lists is missing or cut, is continued by another, or the log ends before the start.
    package static func open(
        at directory: String, options: LogOptions, fileSystem: any LogFileSystem, clock: any LogClock, seed: UInt64,
        waitForLock: Bool, startThreads: Bool = true, from findStart: () throws(LogError) -> LogStart?,
        outlined: (FrameOutline) -> Void, accepts: () -> Bool = { true }
    ) throws(LogError) -> SegmentedLog {
        try prepare(directory, fileSystem)
        let lock = try take(directory, fileSystem, wait: waitForLock)
        do throws(LogError) {
            let beginning = try findStart()
            let survey = try LogDirectory(surveying: directory, fileSystem: fileSystem)
            let recovery = LogRecovery(
                directory: survey, fileSystem: fileSystem, start: beginning, parts: .payloadChecksum)
            let outcome = try recovery.walk { located in
                let header = located.frame.header
                guard !header.isSyncPoint, header.endLSN > beginning?.lsn ?? .first else { return }
                let location = FrameLocation(file: .append(located.segment), offset: located.offset)
                outlined(FrameOutline(located.frame, at: location))
            }
            guard accepts() else { throw .declined }
            return try start(
                after: outcome, temporaries: survey.temporaries, directory: directory, options: options,
                fileSystem: fileSystem, clock: clock, seed: seed, lock: lock, startThreads: startThreads)
        } catch {
            lock.release()
            throw error
        }
    }

    /// Refuses what must not be touched, a lock file included; makes the directory where there is none.
    private static func prepare(_ directory: String, _ fileSystem: any LogFileSystem) throws(LogError) {
        do throws(FileSystemError) {
            if try !fileSystem.exists(directory) { try fileSystem.createDirectory(directory) }
        } catch {
            throw .storage(error)
        }
        let survey = try LogDirectory(surveying: directory, fileSystem: fileSystem)
        guard let newest = survey.segments.last else { return }
        let file: any LogFile
        do throws(FileSystemError) {
            file = try fileSystem.open(survey.path(ofSegment: newest), .read)
        } catch {
            throw .storage(error)
        }
        defer { file.close() }
        do throws(LogError) {
            _ = try SegmentHeader.read(file, number: newest)
        } catch .newerVersion(let segment, let version, let supported) {
            throw .newerVersion(segment: segment, version: version, supported: supported)
        } catch {
            // Recovery says what is wrong, under the lock.
        }
    }

    private static func take(
        _ directory: String, _ fileSystem: any LogFileSystem, wait: Bool
    ) throws(LogError) -> any DirectoryLock {
        do throws(FileSystemError) {
            return try fileSystem.lock(directory + "/" + SegmentNames.lock, wait: wait)
        } catch {
            throw error.reason == .locked ? .inUse(directory: directory) : .storage(error)
        }
    }

    private static func start(
        after outcome: LogRecovery.Outcome, temporaries: [String], directory: String, options: LogOptions,
        fileSystem: any LogFileSystem, clock: any LogClock, seed: UInt64, lock: any DirectoryLock, startThreads: Bool
    ) throws(LogError) -> SegmentedLog {
        var random = SplitMix64(seed: seed)
        let sizeIndex = options.sizeIndex(forFrameBytes: outcome.frameBytes)
        let header = SegmentHeader(
            logID: outcome.logID ?? LogID(high: random.next(), low: random.next()),
            number: outcome.nextNumber, firstLSN: outcome.nextLSN,
            byteCount: options.segmentSizes[sizeIndex], creationTime: clock.now(), salt: random.next(),
            predecessor: outcome.predecessor)
        let state = LogState(
            content: LogState.Content(header: header, sizeIndex: sizeIndex, random: random, outcome, options),
            directory: directory, options: options, fileSystem: fileSystem, clock: clock)
        let file = try state.makeSegment(header, removing: temporaries)
        if let predecessor = outcome.predecessor { state.giveBackTail(of: predecessor) }
        let preparer = SegmentPreparer(state: state)
        let segment = OpenSegment(header: header, file: file, padsCommits: options.padCommits)
        let content = WriterContent(state: state, preparer: preparer, segment: segment)
        return SegmentedLog(
            logID: header.logID, tornTail: outcome.tornTail, state: state,
            writer: LogWriter(state: state, preparer: preparer, content: content), lock: lock,
            startThreads: startThreads)
    }
}

extension LogState {
    /// Makes the segment that this opening writes to. Until its name is durable, the next opening finds what this one did.
    fileprivate func makeSegment(
        _ header: SegmentHeader, removing temporaries: [String]
    ) throws(LogError) -> any LogFile {
        do throws(FileSystemError) {
            for name in temporaries { try fileSystem.remove(path(name)) }
            if !temporaries.isEmpty { try fileSystem.syncDirectory(directory) }
            let file = try fileSystem.open(path(SegmentNames.temporary(header.number)), .create)
            do throws(FileSystemError) {
                try SpareSegment.writeZeros(file, from: 0, to: header.byteCount)
                return try put(header, into: file)
            } catch {
                file.close()
                // Gives the space back; a file that stays is removed by the next opening.
                do throws(FileSystemError) { try fileSystem.remove(path(SegmentNames.temporary(header.number))) } catch
                {}
                throw error
            }
        } catch {
            throw .storage(error)
        }
    }

    /// The header just made durable says where that segment ends, so what is beyond is dead; but for a footer, which was
    /// written there if this log was open before without an append.
    fileprivate func giveBackTail(of segment: SegmentHeader.Predecessor) {
        do throws(FileSystemError) {
            let file = try fileSystem.open(path(SegmentNames.segment(segment.number)), .readWrite)
            defer { file.close() }
            let (end, size) = (Int(segment.endOffset), try file.size())
            let place = size - FooterTrailer.encodedByteCount
            if place >= end {
                let trailer = try file.read(at: place, count: FooterTrailer.encodedByteCount)
                if FooterTrailer.isMagic(trailer) { return }
            }
            try file.truncate(to: end)
        } catch {
            // Only space: nothing depends on it.
        }
    }
}

extension LogState.Content {
    fileprivate init(
        header: SegmentHeader, sizeIndex: Int, random: SplitMix64, _ outcome: LogRecovery.Outcome, _ options: LogOptions
    ) {
        let entry = SegmentList.Entry(
            number: header.number, firstLSN: header.firstLSN, nextLSN: header.firstLSN,
            end: SegmentHeader.encodedByteCount)
        self.init(
            nextLSN: header.firstLSN, acknowledged: header.firstLSN, durable: header.firstLSN, wanted: header.firstLSN,
            ledger: RoomLedger(
                room: options.roomForAppends(inSegment: header.byteCount), waitingLimit: options.batchByteLimit),
            segments: SegmentList(entries: outcome.segments + [entry]), segmentNumber: header.number,
            sizeIndex: sizeIndex, random: random)
    }
}

extension LogOptions {
    /// The size for the first segment of an opening: the largest that does not more than double the log, so that
    /// reopening a small log again and again does not fill the disk.
    fileprivate func sizeIndex(forFrameBytes frameBytes: Int) -> Int {
        segmentSizes.lastIndex { $0 <= frameBytes } ?? 0
    }
}
