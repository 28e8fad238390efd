import Synchronization

extension LogState {
    /// Where to start walking frames to find `lsn` in a segment that was just opened.
    ///
    /// A segment that the opening did not read has no marks: the first look takes them from its footer, or where that
    /// does not check, from one pass over its directories; from then on they are in the list. So does a lookup walk over
    /// 256 KiB of frames at most, and not over a segment.
    func place(of lsn: LSN, in entry: SegmentList.Entry, _ segment: SegmentReading) -> Int {
        let headerEnd = SegmentHeader.encodedByteCount
        guard entry.marks.isEmpty, lsn > entry.firstLSN, entry.end > headerEnd + SegmentList.markDistance else {
            return entry.offset(atOrBefore: lsn, headerEnd: headerEnd)
        }
        var marked = entry
        marked.marks = marks(of: entry, segment)
        let marks = marked.marks
        content.withLock { content in
            guard let index = content.segments.index(ofNumber: entry.number) else { return }
            // The newest one gets its own as it is written.
            if content.segments.entries[index].marks.isEmpty { content.segments.entries[index].marks = marks }
        }
        return marked.offset(atOrBefore: lsn, headerEnd: headerEnd)
    }

    private func marks(of entry: SegmentList.Entry, _ segment: SegmentReading) -> [SegmentList.Mark] {
        do throws(FooterError) {
            return try SegmentFooter(segment, end: entry.end).marks
        } catch {
            // A cache: whatever is wrong with it, the frames tell.
        }
        do throws(LogError) {
            return try SegmentFooter.scan(
                .append(entry.number), end: entry.end, directory: directory, fileSystem: fileSystem
            ).marks
        } catch {
            // The reader walks from the segment's first frame, and reports what it meets.
            return []
        }
    }
}
