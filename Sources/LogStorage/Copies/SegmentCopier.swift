/// Copies segments of a log to files of another directory, and reads each copy back before it counts.
///
/// Only frames of whole groups are copied; what lies behind them in the source is zeros in the copy, which has the size that
/// its header states and so is sound as a newest segment too.
struct SegmentCopier {
    let source: LogDirectory
    let target: String
    let fileSystem: any LogFileSystem

    private static let chunk = 1 << 20

    /// A copy that has been read back.
    struct Copy {
        var header: SegmentHeader
        /// Where its frames end.
        var end: Int
        /// The LSN after its last record.
        var nextLSN: LSN
        /// 0: it was there.
        var writtenByteCount: Int
    }

    /// What says where a segment's frames end.
    private enum Bound {
        case successor(SegmentHeader)
        /// Its successor may have been dropped.
        case row(SealedSegment)
        /// Nothing but the frames.
        case open
    }

    /// Copies segment `number` to its temporary name in the target, durably but for the name. A copy that a run which was
    /// cut has left there whole is taken as it is.
    ///
    /// - Parameters:
    ///   - isNewest: Whether it has no successor. A live writer may give it one at any time; then it is copied as far as
    ///     it went when that was seen.
    ///   - row: Where it ends, if the manifest says so.
    /// - Returns: Nil when the source has no such file any more.
    func copy(_ number: UInt64, isNewest: Bool, row: SealedSegment?) throws(LogCopyError) -> Copy? {
        guard let segment = try open(number) else { return nil }
        if let row {
            return try copy(segment, end: min(row.end, segment.header.byteCount), nextLSN: row.nextLSN, .row(row))
        }
        if isNewest, let (end, nextLSN) = try endOfNewest(segment) {
            return try copy(segment, end: end, nextLSN: nextLSN, .open)
        }
        guard let successor = try open(number + 1)?.header else { return nil }
        let end = successor.endOfPredecessor(segment.header)
        return try copy(segment, end: end, nextLSN: successor.firstLSN, .successor(successor))
    }

    private func open(_ number: UInt64) throws(LogCopyError) -> SegmentReading? {
        do throws(LogError) {
            return try SegmentReading(number, in: source, fileSystem)
        } catch .storage(let error) where error.reason == .notFound {
            return nil
        } catch {
            throw .source(error)
        }
    }

    /// Where the newest segment's whole groups end, once all before that place is on the disk; nil when it has got a
    /// successor, which says so.
    private func endOfNewest(_ segment: SegmentReading) throws(LogCopyError) -> (Int, LSN)? {
        let header = segment.header
        do throws(LogError) {
            if let damage = try segment.checkSize(expected: header.byteCount) {
                // Once it has a successor, its tail may be given back.
                if try exists(header.number + 1) { return nil }
                throw .damaged(damage)
            }
            var walk = SegmentWalk(FrameScanner(segment.file, header: header, end: header.byteCount))
            while true {
                let offset = walk.offset
                guard case .damaged(let damage) = try walk.judgeNewest({ _ in }) else { break }
                // A writer may have filled the place between two reads, or have gone on to the next segment.
                if walk.offset > offset { continue }
                if try exists(header.number + 1) { return nil }
                throw .damaged(damage)
            }
            // A killed process leaves bytes in the cache alone. A copy that held more than the disk does would be of a log
            // that a power loss undoes.
            do throws(FileSystemError) { try segment.file.sync() } catch { throw .storage(error) }
            return (walk.wholeEnd, walk.entry.nextLSN)
        } catch {
            throw .source(error)
        }
    }

    private func exists(_ number: UInt64) throws(LogError) -> Bool {
        do throws(FileSystemError) { return try fileSystem.exists(source.path(ofSegment: number)) } catch {
            throw .storage(error)
        }
    }

    private func copy(
        _ segment: SegmentReading, end: Int, nextLSN: LSN, _ bound: Bound
    ) throws(LogCopyError) -> Copy {
        let path = target + "/" + SegmentNames.temporary(segment.header.number)
        var copy = Copy(header: segment.header, end: end, nextLSN: nextLSN, writtenByteCount: 0)
        let file: any LogFile
        if try isThereWhole(path, copy, bound) { return copy }
        do throws(FileSystemError) {
            if try fileSystem.exists(path) { try fileSystem.remove(path) }
            file = try fileSystem.open(path, .create)
        } catch {
            throw .storage(error)
        }
        defer { file.close() }
        try write(segment, through: end, to: file, bound)
        if try !holds(file, copy, bound) {
            try check(segment, copy, bound)
            throw .copyDiffers(path: path)
        }
        copy.writtenByteCount = end
        return copy
    }

    private func write(
        _ segment: SegmentReading, through end: Int, to file: any LogFile, _ bound: Bound
    ) throws(LogCopyError) {
        // What the newest one's cache shows after a failed sync is not on the disk.
        let readsDevice = if case .open = bound { true } else { false }
        var offset = 0
        while offset < end {
            let bytes: [UInt8]
            do throws(FileSystemError) {
                let count = min(Self.chunk, end - offset)
                bytes =
                    readsDevice
                    ? try segment.file.readUncached(at: offset, count: count)
                    : try segment.file.read(at: offset, count: count)
            } catch {
                throw .source(.storage(error))
            }
            if bytes.isEmpty { throw .source(.damaged(segment.tooShort(offset, expected: end))) }
            do throws(FileSystemError) { try file.write(bytes, at: offset) } catch { throw .storage(error) }
            offset += bytes.count
        }
        do throws(FileSystemError) {
            try file.truncate(to: segment.header.byteCount)
            try file.sync()
        } catch {
            throw .storage(error)
        }
    }

    /// Whether a file that was left under the temporary name is the copy already. That of a segment that is written to never is.
    private func isThereWhole(_ path: String, _ copy: Copy, _ bound: Bound) throws(LogCopyError) -> Bool {
        if case .open = bound { return false }
        let left: LogFileHandle
        do throws(FileSystemError) {
            if try !fileSystem.exists(path) { return false }
            left = LogFileHandle(try fileSystem.open(path, .readWrite))
            guard try left.file.size() == copy.header.byteCount else { return false }
            // It was synced, if it is whole; nobody knows whether it is.
            try left.file.sync()
        } catch {
            throw .storage(error)
        }
        return try holds(left.file, copy, bound)
    }

    /// Whether the file, as its disk holds it, is all of the copy.
    private func holds(_ file: any LogFile, _ copy: Copy, _ bound: Bound) throws(LogCopyError) -> Bool {
        do throws(LogError) {
            guard try SegmentHeader.read(file, number: copy.header.number) == copy.header else { return false }
            var walk = SegmentWalk(FrameScanner(file, header: copy.header, end: copy.end, readsDevice: true))
            switch bound {
            case .successor(let header): return try walk.judge(successor: header, { _ in }) == .whole(torn: nil)
            case .row(let row): return try walk.judge(row) { _ in } == .whole(torn: nil)
            case .open:
                return try walk.run({ _ in }) == nil && walk.wholeEnd == copy.end
                    && walk.entry.nextLSN == copy.nextLSN
            }
        } catch .storage(let error) {
            throw .storage(error)
        } catch {
            return false
        }
    }

    /// Throws what is wrong with the source, if that is why the copy is no good.
    private func check(_ segment: SegmentReading, _ copy: Copy, _ bound: Bound) throws(LogCopyError) {
        do throws(LogError) {
            var walk = SegmentWalk(FrameScanner(segment.file, header: copy.header, end: copy.end))
            let verdict =
                switch bound {
                case .successor(let header): try walk.judge(successor: header, { _ in })
                case .row(let row): try walk.judge(row, { _ in })
                case .open: try walk.judgeNewest({ _ in })
                }
            if case .damaged(let damage) = verdict { throw .damaged(damage) }
        } catch {
            throw .source(error)
        }
    }
}

extension SegmentReading {
    fileprivate func tooShort(_ size: Int, expected: Int) -> LogDamage {
        LogDamage(segment: header.number, offset: size, reason: .fileTooShort(size: size, expected: expected))
    }
}
