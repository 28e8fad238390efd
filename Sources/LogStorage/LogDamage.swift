/// A place where the log is not what was written, and in what way.
package struct LogDamage: Error, Equatable, Sendable {
    /// The segment's number, as its name says.
    package var segment: UInt64
    /// Bytes from the start of the segment's file.
    package var offset: Int
    package var reason: Reason
    /// Which sort of segment it is that has the number.
    package var sort = LogFileID.Sort.append

    package var file: LogFileID { LogFileID(sort, segment) }

    package enum Reason: Equatable, Sendable {
        /// The segment's file is gone, though its neighbours are there.
        case missing
        /// The header of the segment does not check.
        case header(SegmentHeaderError)
        /// The header is another segment's: the file was copied or renamed.
        case numberMismatch(header: UInt64)
        /// The header is one of the other sort of segment: the file was renamed.
        case wrongSort
        /// The header is another log's.
        case foreignLog
        /// The header does not name what the predecessor ends with.
        case chainBroken(field: String)
        /// The file ends before the bytes that were written to it.
        case fileTooShort(size: Int, expected: Int)
        /// A frame that was acknowledged does not check.
        case frame(FrameError)
        /// A valid frame that does not continue the one before it.
        case frameOutOfPlace(field: String)
        /// The frames are sound, but do not end where and as they should.
        case endMismatch(field: String)
        /// Bytes that were acknowledged are not there: the frames before this place end at `next`, and a later one or a
        /// header says that everything below `durable` was synced. `found` is what is wrong with the frame at this
        /// place; nil where a header says that there must be more of them.
        case recordsMissing(next: LSN, durable: LSN, found: FrameError?)
    }
}

extension LogDamage: CustomStringConvertible {
    package var description: String {
        "segment \(file.name) at byte \(offset): \(reason); run 'indelible log verify' for the extent"
    }
}

extension LogDamage.Reason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missing: "the segment is missing"
        case .header(let error): "the segment's header is damaged: \(error)"
        case .numberMismatch(let number): "the header is that of segment \(number): the file was copied or renamed"
        case .wrongSort: "the header is that of the other sort of segment: the file was renamed"
        case .foreignLog: "the header is another log's"
        case .chainBroken(let field): "the header does not continue the segment before it: \(field)"
        case .fileTooShort(let size, let expected): "the file has \(size) bytes instead of \(expected)"
        case .frame(let error): "\(error)"
        case .frameOutOfPlace(let field): "the frame does not continue the one before it: \(field)"
        case .endMismatch(let field): "the frames do not end as they should: \(field)"
        case .recordsMissing(let next, let durable, let found):
            // Some of them may be readable behind this place; recovery has no use for them.
            (found.map { "\($0); " } ?? "")
                + "records \(next.rawValue) to \(durable.rawValue - 1) were acknowledged and cannot all be read"
        }
    }
}
