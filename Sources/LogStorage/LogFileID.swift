/// A file of a log that holds frames: of which sort it is, and its number among those.
package struct LogFileID: Hashable, Comparable, Sendable {
    /// Recorded in indexes: a raw value never gets another meaning.
    package enum Sort: UInt8, Comparable, Sendable {
        /// `NNNNNNNN.segment`: records in the order in which they were appended.
        case append = 0
        /// `NNNNNNNN.rewrite`: records copied out of other files, with the LSNs they had there, and snapshots.
        case rewrite = 1

        package static func < (left: Sort, right: Sort) -> Bool {
            left.rawValue < right.rawValue
        }
    }

    package var sort: Sort
    /// From 1; each sort counts by itself.
    package var number: UInt64

    package init(_ sort: Sort, _ number: UInt64) {
        self.sort = sort
        self.number = number
    }

    package static func append(_ number: UInt64) -> LogFileID { LogFileID(.append, number) }

    package static func rewrite(_ number: UInt64) -> LogFileID { LogFileID(.rewrite, number) }

    /// Its name within the log's directory.
    package var name: String {
        switch sort {
        case .append: LogFileKind.segment.name(number)
        case .rewrite: LogFileKind.rewrite.name(number)
        }
    }

    package static func < (left: LogFileID, right: LogFileID) -> Bool {
        (left.sort, left.number) < (right.sort, right.number)
    }
}
