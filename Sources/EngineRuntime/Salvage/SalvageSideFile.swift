import ExecutionModel
import LogStorage

/// The surviving events of executions whose history has a hole, a JSON object a line: for whoever has to find out what
/// became of them.
///
///     {"lsn":17,"execution":9,"sequence":4,"kind":49,"event":"stepSucceeded","time":1760000000000,"body":"…base64…"}
final class SalvageSideFile {
    static let name = "damaged.jsonl"

    private let file: any LogFile
    private var buffer: [UInt8] = []
    private var offset = 0

    init(in directory: String, _ fileSystem: any LogFileSystem) throws(FileSystemError) {
        file = try fileSystem.open(directory + "/" + Self.name, .create)
    }

    func append(_ record: LogRecord) throws(FileSystemError) {
        let event = EventKind(rawValue: record.kind).map { "\"\($0)\"" } ?? "null"
        buffer +=
            """
            {"lsn":\(record.lsn.rawValue),"execution":\(record.execution),"sequence":\(record.sequence),\
            "kind":\(record.kind),"event":\(event),"time":\(record.time),"body":"\(Base64.encode(record.body))"}

            """.utf8
        if buffer.count > 256 << 10 { try flush() }
    }

    func finish() throws(FileSystemError) {
        try flush()
        try file.sync()
        file.close()
    }

    private func flush() throws(FileSystemError) {
        try file.write(buffer, at: offset)
        offset += buffer.count
        buffer.removeAll(keepingCapacity: true)
    }
}
