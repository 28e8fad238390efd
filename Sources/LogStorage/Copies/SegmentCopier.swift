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
    }

    /// Copies segment `number` to its temporary name in the target, durably but for the name.
    ///
    /// - Parameter isNewest: Whether it has no successor. A live writer may give it one at any time; then it is copied as
    ///   far as it went when that was seen.
    func copy(_ number: UInt64, isNewest: Bool) throws(LogCopyError) -> Copy {
        let segment = try open(number)
        if isNewest, let (end, nextLSN) = try endOfNewest(segment) {
            return try copy(segment, end: end, nextLSN: nextLSN, successor: nil)
        }
        let successor = try open(number + 1).header
        let end = successor.endOfPredecessor(segment.header)
        return try copy(segment, end: end, nextLSN: successor.firstLSN, successor: successor)
    }

    private func open(_ number: UInt64) throws(LogCopyError) -> SegmentReading {
        do throws(LogError) { return try SegmentReading(number, in: source, fileSystem) } catch { throw .source(error) }
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
        _ segment: SegmentReading, end: Int, nextLSN: LSN, successor: SegmentHeader?
    ) throws(LogCopyError) -> Copy {
        let path = target + "/" + SegmentNames.temporary(segment.header.number)
        let file: any LogFile
        do throws(FileSystemError) {
            if try fileSystem.exists(path) { try fileSystem.remove(path) }
            file = try fileSystem.open(path, .create)
        } catch {
            throw .storage(error)
        }
        defer { file.close() }
        var offset = 0
        while offset < end {
            let bytes: [UInt8]
            do throws(FileSystemError) {
                // What the newest one's cache shows after a failed sync is not on the disk.
                let count = min(Self.chunk, end - offset)
                bytes =
                    successor == nil
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
        let copy = Copy(header: segment.header, end: end, nextLSN: nextLSN)
        if try !holds(file, copy, successor) {
            try check(segment, copy, successor)
            throw .copyDiffers(path: path)
        }
        return copy
    }

    /// Whether the file, as its disk holds it, is all of the copy.
    private func holds(_ file: any LogFile, _ copy: Copy, _ successor: SegmentHeader?) throws(LogCopyError) -> Bool {
        do throws(LogError) {
            guard try SegmentHeader.read(file, number: copy.header.number) == copy.header else { return false }
            var walk = SegmentWalk(FrameScanner(file, header: copy.header, end: copy.end, readsDevice: true))
            if let successor { return try walk.judge(successor: successor, { _ in }) == .whole(torn: nil) }
            return try walk.run({ _ in }) == nil && walk.wholeEnd == copy.end && walk.entry.nextLSN == copy.nextLSN
        } catch .storage(let error) {
            throw .storage(error)
        } catch {
            return false
        }
    }

    /// Throws what is wrong with the source, if that is why the copy is no good.
    private func check(_ segment: SegmentReading, _ copy: Copy, _ successor: SegmentHeader?) throws(LogCopyError) {
        do throws(LogError) {
            var walk = SegmentWalk(FrameScanner(segment.file, header: copy.header, end: copy.end))
            let verdict =
                if let successor { try walk.judge(successor: successor, { _ in }) } else {
                    try walk.judgeNewest({ _ in })
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
