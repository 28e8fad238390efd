extension FrameStore {
    /// The frames of a segment that hold records of an execution, ascending.
    ///
    /// Found by the segment's footer; where that is not there or does not check, by the directories of its frames. What lies
    /// behind the frames' end is not looked at: after a crash dead frames may, whose checksums are sound and whose LSNs others
    /// have now.
    ///
    /// - Parameters:
    ///   - end: Where the frames of an append segment end. Nil: as its successor's header says; where there is none, at the
    ///     first place that holds no frame, so that the caller has to know which is the last.
    ///   - lsn: Frames of an append segment that reach to it or beyond are left out.
    package func locations(
        of execution: UInt64, in file: LogFileID, end: Int? = nil, below lsn: LSN = LSN(.max)
    ) throws(FrameStoreError) -> [FrameLocation] {
        var end = end
        if end == nil { end = try self.end(of: file) }
        do throws(FooterError) {
            let footer = try SegmentFooter.read(file, end: end, directory: directory, fileSystem: fileSystem)
            let found = try footer.frames(of: execution)
            return (found?.offsets ?? []).map { FrameLocation(file: file, offset: $0) }
        } catch {
            return try scan(file, for: execution, end: end, below: lsn)
        }
    }

    /// Where the frames of an append segment end; nil: it has no successor that says so.
    private func end(of file: LogFileID) throws(FrameStoreError) -> Int? {
        guard file.sort == .append else { return nil }
        let successor: SegmentReading
        do throws(LogError) {
            successor = try SegmentReading(.append(file.number + 1), in: directory, fileSystem)
        } catch .storage(let error) where error.reason == .notFound {
            return nil
        } catch {
            throw FrameStoreError(error, reading: .append(file.number + 1))
        }
        guard let link = successor.header.predecessor, link.number == file.number else { return nil }
        return Int(link.endOffset)
    }

    private func scan(
        _ file: LogFileID, for execution: UInt64, end known: Int?, below lsn: LSN
    ) throws(FrameStoreError) -> [FrameLocation] {
        let segment: SegmentReading
        do throws(LogError) {
            segment = try SegmentReading(file, in: directory, fileSystem)
        } catch {
            throw FrameStoreError(error, reading: file)
        }
        let stated = segment.header.rewrite?.framesEnd ?? known
        let limit = file.sort == .append ? lsn : LSN(.max)
        var locations: [FrameLocation] = []
        var damage: LogDamage?
        do throws(FileSystemError) {
            let size = try segment.file.size()
            let end = min(stated ?? size, segment.header.byteCount)
            var scanner = FrameScanner(segment.file, header: segment.header, end: end, reading: .directory)
            var offset = SegmentHeader.encodedByteCount
            scan: while offset < end {
                let frame: Frame
                switch try scanner.frame(at: offset) {
                case .success(let found): frame = found
                case .failure(let error):
                    damage = FrameLocation(file: file, offset: offset).damage(.frame(error))
                    break scan
                }
                if frame.header.endLSN > limit { break }
                if frame.entries.contains(where: { $0.execution == execution }) {
                    locations.append(FrameLocation(file: file, offset: offset))
                }
                offset += frame.byteCount
            }
        } catch {
            throw .storage(error)
        }
        // Without anybody's word it is the end.
        if let damage, stated != nil { throw .damaged(damage) }
        return locations
    }
}
