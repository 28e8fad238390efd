/// What readers know of the segments: which records each holds, where its frames end, and where to start looking.
struct SegmentList: Sendable {
    struct Entry: Sendable {
        var number: UInt64
        var firstLSN: LSN
        /// The LSN after the last readable record.
        var nextLSN: LSN
        /// Where the readable frames end.
        var end: Int
        /// Some frames: the first record's LSN, and the offset of the frame. Empty where
        /// the segment was not read.
        var marks: [Mark] = []
        /// The header CRC of the last frame; of a newest segment, once it has a successor.
        var lastFrameCRC: UInt32 = 0

        /// Notes a frame that starts a group, if the last one noted is far enough back.
        mutating func note(_ lsn: LSN, at offset: Int) {
            if let last = marks.last, offset - last.offset < SegmentList.markDistance { return }
            marks.append(Mark(lsn: lsn, offset: offset))
        }
    }

    struct Mark: Equatable, Sendable {
        var lsn: LSN
        var offset: Int
    }

    /// Bytes of frames that a lookup may have to walk over; a mark of 16 bytes for each keeps 100 GiB of log at 6 MiB.
    static let markDistance = 256 << 10

    var entries: [Entry] = []

    /// The segment that holds `lsn`; the last one for numbers not written yet. Nil for an empty list.
    func index(of lsn: LSN) -> Int? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].firstLSN <= lsn { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? low - 1 : (entries.isEmpty ? nil : 0)
    }

    /// The place of the segment with that number; nil when it is not, or no longer, in the list.
    func index(ofNumber number: UInt64) -> Int? {
        let index = firstIndex(from: number)
        return index < entries.count && entries[index].number == number ? index : nil
    }

    /// The segment that follows the one with that number, which itself need not be in the list.
    func entry(after number: UInt64) -> Entry? {
        let index = firstIndex(from: number + 1)
        return index < entries.count ? entries[index] : nil
    }

    private func firstIndex(from number: UInt64) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].number < number { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension SegmentList.Entry {
    /// Where to start walking frames to find `lsn`; `headerEnd` when nothing nearer is known.
    func offset(atOrBefore lsn: LSN, headerEnd: Int) -> Int {
        var low = 0
        var high = marks.count
        while low < high {
            let middle = (low + high) / 2
            if marks[middle].lsn <= lsn { low = middle + 1 } else { high = middle }
        }
        return low > 0 ? marks[low - 1].offset : headerEnd
    }
}
