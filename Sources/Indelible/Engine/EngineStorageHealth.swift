import EngineRuntime
import LogStorage
import Logging

/// What an engine found when it read its log's older files again, as it does all the time, slowly
/// (``EngineOptions/scrubBytesPerSecond``).
public struct EngineStorageHealth: Sendable {
    /// Bytes read and checked since the log was opened. For a counter.
    public let verifiedByteCount: Int
    /// How often all of the older files have been read.
    public let passCount: Int
    /// Places that are damaged or cannot be read, each once, with file and byte. The engine runs on, but the log will not open
    /// again: take a backup at once (`indelible log backup` keeps what an older backup has), and see "When a log is damaged".
    public let damage: [String]

    init(_ progress: ScrubProgress) {
        verifiedByteCount = progress.byteCount
        passCount = progress.passCount
        damage = progress.findings.map { "\($0)" }
    }
}

extension DurableEngine {
    /// Whether the log's older files are still what was written. A method of its own: ``health`` is about the engine, which
    /// works all the same.
    public var storageHealth: EngineStorageHealth { EngineStorageHealth(runtime.scrubProgress) }

    /// Says in the engine's log what the scrubber finds.
    func reportDamage() {
        let logger = options.logger
        runtime.observeScrubbing { finding in
            logger.critical(
                "the log is damaged: \(finding). The engine runs on; the log will not open again as it is",
                metadata: ["segment": "\(finding.segment)", "offset": "\(finding.offset)"])
        }
    }
}
