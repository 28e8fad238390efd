/// A frame read by its place, decompressed and checked. Copies share its memory, which the store may keep too.
package struct StoredFrame: Sendable {
    package let location: FrameLocation
    package let header: FrameHeader
    package let entries: [RecordBatch.Entry]

    private let lsns: [LSN]?
    private let bodies: [UInt8]
    /// Where each entry's body starts.
    private let starts: [Int]

    init(_ frame: Frame, at location: FrameLocation) {
        self.location = location
        header = frame.header
        entries = frame.entries
        lsns = frame.lsns
        bodies = frame.bodies
        var start = 0
        starts = frame.entries.map { entry in
            defer { start += entry.length }
            return start
        }
    }

    package func lsn(at index: Int) -> LSN {
        lsns.map { $0[index] } ?? header.firstLSN.advanced(by: index)
    }

    /// The body of the entry at `index`: a part of the frame's bodies, not a copy.
    package func body(at index: Int) -> ArraySlice<UInt8> {
        bodies[starts[index]..<starts[index] + entries[index].length]
    }

    /// The record at `index`, with a body of its own.
    package func record(at index: Int) -> LogRecord {
        let entry = entries[index]
        return LogRecord(
            lsn: lsn(at: index), execution: entry.execution, sequence: entry.sequence, kind: entry.kind,
            time: entry.time, body: Array(body(at: index)))
    }

    /// Its memory, about.
    var byteCount: Int {
        bodies.count + entries.count * (MemoryLayout<RecordBatch.Entry>.stride + 16) + 256
    }
}

/// Why a frame could not be read by its place.
package enum FrameStoreError: Error, Equatable, Sendable {
    /// The file is not there: it was dropped, and what it held is elsewhere now. Whoever had the place from an index looks
    /// there again; a place that the index still gives is damage.
    case gone(LogFileID)
    /// No frame that checks is at the place.
    case damaged(LogDamage)
    /// Only a newer version knows what is there.
    case newerVersion(LogFileID)
    /// The file system refused. Nothing was lost by it.
    case storage(FileSystemError)
}

extension FrameStoreError {
    /// Of an error that came of opening the file.
    init(_ error: LogError, reading file: LogFileID) {
        switch error {
        case .storage(let error): self = error.reason == .notFound ? .gone(file) : .storage(error)
        case .damaged(let damage): self = .damaged(damage)
        default: self = .newerVersion(file)
        }
    }
}

extension FrameStoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .gone(let file): "\(file.name) is not in the log any more"
        case .damaged(let damage): "\(damage)"
        case .newerVersion(let file):
            "\(file.name) is of a newer version than this program reads; use the newer program"
        case .storage(let cause): "\(cause)"
        }
    }
}
