/// A record as it is read back: what its append said of it, and its number.
package struct LogRecord: Equatable, Sendable {
    package var lsn: LSN
    package var execution: UInt64
    package var sequence: UInt32
    package var kind: UInt8
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package var time: Int64
    package var body: [UInt8]

    package init(lsn: LSN, execution: UInt64, sequence: UInt32, kind: UInt8, time: Int64, body: [UInt8]) {
        self.lsn = lsn
        self.execution = execution
        self.sequence = sequence
        self.kind = kind
        self.time = time
        self.body = body
    }
}
