extension FrameStore {
    /// The frames of a segment that hold records of an execution, ascending.
    ///
    /// Found by the segment's footer; where that is not there or does not check, by the directories of its frames, up to the
    /// first place that holds no frame. So of a segment that is being written, or that ends in a torn write, what is readable
    /// is found, and the caller knows whether that is all.
    package func locations(
        of execution: UInt64, in file: LogFileID
    ) throws(FrameStoreError) -> [FrameLocation] {
        do throws(FooterError) {
            let footer = try SegmentFooter.read(file, directory: directory, fileSystem: fileSystem)
            let found = try footer.frames(of: execution)
            return (found?.offsets ?? []).map { FrameLocation(file: file, offset: $0) }
        } catch {
            return try scan(file, for: execution)
        }
    }

    private func scan(_ file: LogFileID, for execution: UInt64) throws(FrameStoreError) -> [FrameLocation] {
        let segment: SegmentReading
        do throws(LogError) {
            segment = try SegmentReading(file, in: directory, fileSystem)
        } catch {
            throw FrameStoreError(error, reading: file)
        }
        var locations: [FrameLocation] = []
        do throws(FileSystemError) {
            let end = min(try segment.file.size(), segment.header.byteCount)
            var scanner = FrameScanner(segment.file, header: segment.header, end: end, reading: .directory)
            var offset = SegmentHeader.encodedByteCount
            while offset < end, case .success(let frame) = try scanner.frame(at: offset) {
                if frame.entries.contains(where: { $0.execution == execution }) {
                    locations.append(FrameLocation(file: file, offset: offset))
                }
                offset += frame.byteCount
            }
        } catch {
            throw .storage(error)
        }
        return locations
    }
}
