/// The runs of the index on disk: of the entries of a key the one in the newest run counts. Immutable, and cheap to copy.
package struct TableRuns: Sendable {
    /// Newest first.
    package let readers: [TableReader]

    package init(_ readers: [TableReader] = []) {
        self.readers = readers
    }

    /// Opens the tables that a manifest lists, newest first.
    package init(_ tables: [TableInfo], directory: String, fileSystem: any LogFileSystem) throws(TableError) {
        var readers: [TableReader] = []
        for table in tables { readers.append(try TableReader(table, directory: directory, fileSystem: fileSystem)) }
        self.readers = readers
    }

    /// What the manifest is to list, newest first.
    package var tables: [TableInfo] { readers.map(\.info) }

    /// The key's value; nil when it has none. At most one block of each run is read.
    package func value(for key: TableKey) throws(TableError) -> [UInt8]? {
        for reader in readers {
            switch try reader.entry(for: key) {
            case .value(let value): return value
            case .deleted: return nil
            case nil: continue
            }
        }
        return nil
    }

    /// The keys that have a value, from `key` on and below `end`, in order.
    ///
    /// - Parameter overlay: Entries that are newer than all runs: ascending by key, and within the range.
    package func scan(
        from key: TableKey, below end: TableKey, overlay: [(key: TableKey, entry: TableEntry)] = []
    ) -> MergedScan {
        MergedScan(overlay, readers.map { $0.scan(from: key, below: end) })
    }

    // MARK: Change

    /// With one more run, newer than all. One without an entry is left out.
    package func adding(_ reader: TableReader) -> TableRuns {
        reader.info.entryCount == 0 ? self : TableRuns([reader] + readers)
    }

    /// With the run that a merge of these tables made in their place; one without an entry is left out.
    ///
    /// - Parameter numbers: Those of neighbours among the runs, newest first, as ``TableMerge/sources`` has them. Runs
    ///   that were added since the merge began do not matter.
    package func replacing(_ numbers: [UInt64], with reader: TableReader) -> TableRuns {
        guard let start = readers.firstIndex(where: { $0.info.number == numbers.first }),
            readers[start...].prefix(numbers.count).map(\.info.number) == numbers
        else { preconditionFailure("the tables that were merged are not runs any more") }
        let merged = reader.info.entryCount == 0 ? [] : [reader]
        return TableRuns(readers[..<start] + merged + readers[(start + numbers.count)...])
    }

    /// The runs to merge next, neighbours of each other; nil when they are fine as they are.
    package var runsToMerge: Range<Int>? {
        TableMergePolicy.runsToMerge(byteCounts: readers.map(\.info.byteCount))
    }
}
