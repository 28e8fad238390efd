import ExecutionModel
import LogStorage
import Synchronization

extension ExecutionIndex {
    /// What is needed of each file, counted anew from the entries alone: what ``FileBytes/live`` keeps up to date. Reads all
    /// tables.
    ///
    /// The caller sees to it that nothing is taken in meanwhile.
    func recount() throws(IndexError) -> [LogFileID: Int] {
        let (changes, runs) = content.withLock { ($0.changes.changes, $0.runs) }
        var live: [LogFileID: Int] = [:]
        func count(_ entry: IndexEntry) {
            entry.forEachNeed { file, byteCount in live[file, default: 0] += byteCount }
        }
        for change in changes.values {
            if let entry = change.entry { count(entry) }
        }
        var failure: IndexError?
        do throws(TableError) {
            var scan = runs.scan(from: TableKey(.execution, 0), below: .end(of: .execution))
            while failure == nil, let (key, value) = try scan.next() {
                let number = ExecutionNumber(key.a)
                guard changes[number] == nil else { continue }
                do throws(IndexDecodingError) {
                    count(try IndexEntry(decoding: value))
                } catch {
                    failure = .entry(number, error)
                }
            }
        } catch {
            throw .table(error)
        }
        if let failure { throw failure }
        return live
    }
}
