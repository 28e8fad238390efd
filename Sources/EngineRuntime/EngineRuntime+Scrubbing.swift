import LogStorage

/// The log's own look at what it wrote long ago: see ``LogScrubber``.
extension EngineRuntime {
    /// How much was read again since the log was opened, and what was found. A finding does not stop the engine: what it
    /// holds in memory is sound, and it goes on recording; the next opening would refuse the log.
    package var scrubProgress: ScrubProgress { log.scrubber.progress }

    /// Tells `observer` of every finding, on the scrubber's thread.
    package func observeScrubbing(_ observer: @escaping @Sendable (ScrubFinding) -> Void) {
        log.scrubber.observe(observer)
    }
}
