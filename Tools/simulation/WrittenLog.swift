import LogStorage

/// The records that a disk holds, each as a hash, in the order of their LSNs from the first.
///
/// Whatever a crash does, what is found after it is the beginning of what was written before it.
struct WrittenLog {
    private(set) var records: [UInt64] = []
    /// Why they cannot all be read.
    private(set) var damage: String?

    /// Reads a disk as a process sees it that opens nothing, and changes nothing.
    init(_ disk: SimulatedDisk) {
        var records: [UInt64] = []
        do {
            // A copy: its failures are not asked for, and nothing counts its calls.
            let inspector = try LogInspector(directory: Life.directory, fileSystem: disk.afterProcessKill())
            try inspector.forEachRecord { record in records.append(Self.hash(of: record)) }
        } catch LogError.notALog, LogError.storage {
            // Nothing is there yet.
        } catch {
            damage = "\(error)"
        }
        self.records = records
    }

    private static func hash(of record: LogRecord) -> UInt64 {
        var digest = Digest()
        digest.mix(record.lsn.rawValue)
        digest.mix(record.execution)
        digest.mix(UInt64(record.sequence) << 8 | UInt64(record.kind))
        digest.mix(UInt64(bitPattern: record.time))
        digest.mix(bytes: record.body)
        return digest.value
    }

    /// Nil: `later` holds a beginning of these records and nothing else.
    func violation(of later: WrittenLog) -> String? {
        if let damage = later.damage { return damage }
        if later.records.count > records.count {
            return "\(later.records.count) records are found where \(records.count) were written"
        }
        if let index = later.records.indices.first(where: { later.records[$0] != records[$0] }) {
            return "the record at LSN \(index + 1) is not the one that was written"
        }
        return nil
    }
}
