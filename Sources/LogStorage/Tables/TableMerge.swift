/// Merges neighbouring runs into one table, a few entries at a time, so that a long merge can be throttled and given up.
///
/// The newest entry of a key wins. Tombstones are dropped when the oldest run takes part: nothing is left to hide then.
package struct TableMerge: ~Copyable {
    /// The numbers of the tables that it merges, newest first.
    package let sources: [UInt64]
    private let dropsDeleted: Bool
    private var scan: MergedScan
    private var writer: TableWriter?

    /// - Parameters:
    ///   - range: Which of the runs, as ``TableRuns/runsToMerge`` gives them.
    ///   - number: Of the table to make; see ``TableWriter``.
    package init(
        _ range: Range<Int>, of runs: TableRuns, number: UInt64, directory: String, fileSystem: any LogFileSystem
    ) throws(FileSystemError) {
        precondition(!range.isEmpty, "a merge of no runs")
        let readers = runs.readers[range]
        sources = readers.map(\.info.number)
        dropsDeleted = range.upperBound == runs.readers.count
        scan = MergedScan([], readers.map { TableScan($0, from: TableKey(space: 0, 0, 0), below: nil) })
        writer = try TableWriter(number: number, directory: directory, fileSystem: fileSystem)
    }

    /// Goes on for as many entries of the result.
    ///
    /// - Returns: The table, durable, once it is done; then there is no further step. It may have no entries.
    /// - Throws: The merge is over then and its file given up; the runs are as they were.
    package mutating func step(entryLimit: Int) throws(TableMergeError) -> TableInfo? {
        precondition(writer != nil, "a step of a merge that is over")
        do throws(TableMergeError) {
            for _ in 0..<entryLimit {
                guard let (key, entry) = try nextEntry() else { return try finish() }
                if dropsDeleted && entry == .deleted { continue }
                try append(key, entry)
            }
            return nil
        } catch {
            writer.take()?.abandon()
            throw error
        }
    }

    /// Gives the space back; the runs stay as they are.
    package consuming func abandon() {
        writer.take()?.abandon()
    }

    private mutating func nextEntry() throws(TableMergeError) -> (key: TableKey, entry: TableEntry)? {
        do throws(TableError) { return try scan.nextEntry() } catch { throw .reading(error) }
    }

    private mutating func append(_ key: TableKey, _ entry: TableEntry) throws(TableMergeError) {
        do throws(FileSystemError) { try writer?.append(key, entry) } catch { throw .writing(error) }
    }

    private mutating func finish() throws(TableMergeError) -> TableInfo? {
        do throws(FileSystemError) { return try writer.take()?.finish() } catch { throw .writing(error) }
    }
}

/// Why a merge of runs was given up. The runs that it read are as they were.
package enum TableMergeError: Error, Equatable, Sendable {
    /// One of the runs cannot be read.
    case reading(TableError)
    /// The new table cannot be written.
    case writing(FileSystemError)
}

extension TableMergeError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .reading(let cause): "\(cause)"
        case .writing(let cause): "\(cause)"
        }
    }
}
