import Synchronization

/// Reads sealed segments again, at a bounded rate, and checks every frame of them as recovery would: damage is found while
/// there is a backup that does not have it yet, and not at the next opening.
///
/// It changes nothing, and the log goes on working: a finding is for people. Each is told once. After the last segment it
/// rests until a pass has taken ``ScrubOptions/passDuration``. In production a thread of the log's calls ``step(now:)``; a
/// simulation calls it whenever it likes.
package final class LogScrubber: Sendable {
    private let directory: LogDirectory
    private let fileSystem: any LogFileSystem
    private let options: ScrubOptions
    /// The segments that are sealed now.
    private let sealed: @Sendable () -> [UInt64]
    private let content: Mutex<Content>

    private struct Content: Sendable {
        var progress = ScrubProgress()
        var observers: [@Sendable (ScrubFinding) -> Void] = []
        var told: Set<Place> = []
        /// The segment that is being read, or the last one that was.
        var number: UInt64?
        var walk: ScrubWalk?
        var passStart: Int64?
        /// Nothing is read before it; and how long that was to be, since a clock may go back.
        var pauseEnd: Int64 = .min
        var pauseLength: Int64 = 0
    }

    private struct Place: Hashable {
        var segment: UInt64
        var offset: Int
    }

    /// Bytes read in one step.
    static let stepByteCount = 256 << 10

    /// - Parameters:
    ///   - seed: Where the first pass begins: processes that never live for a whole one cover the log all the same.
    ///   - sealed: The numbers of the segments that have a successor, ascending.
    init(
        directory: String, fileSystem: any LogFileSystem, options: ScrubOptions, seed: UInt64,
        sealed: @escaping @Sendable () -> [UInt64]
    ) {
        self.directory = LogDirectory(path: directory, segments: [])
        self.fileSystem = fileSystem
        self.options = options
        self.sealed = sealed
        var content = Content()
        let numbers = sealed()
        if !numbers.isEmpty { content.number = numbers[Int(seed % UInt64(numbers.count))] }
        self.content = Mutex(content)
    }

    /// What has been read so far.
    package var progress: ScrubProgress { content.withLock { $0.progress } }

    /// Tells `observer` of every finding, those that there are already first. Outside every lock; it may not block for long.
    package func observe(_ observer: @escaping @Sendable (ScrubFinding) -> Void) {
        let known = content.withLock { content in
            content.observers.append(observer)
            return content.progress.findings
        }
        for finding in known { observer(finding) }
    }

    /// Reads on, if it is time to.
    ///
    /// - Parameter now: Milliseconds, of the log's clock.
    /// - Returns: Whether it read anything.
    @discardableResult
    package func step(now: Int64) -> Bool {
        guard options.bytesPerSecond > 0 else { return false }
        let (did, findings, observers) = content.withLock { content in
            let findings = advance(&content, now: now)
            return (findings != nil, findings ?? [], content.observers)
        }
        for finding in findings { for observer in observers { observer(finding) } }
        return did
    }

    /// Milliseconds until ``step(now:)`` has something to do; nil while there is nothing to scrub.
    package func pause(now: Int64) -> Int64? {
        guard options.bytesPerSecond > 0 else { return nil }
        return content.withLock { min(max($0.pauseEnd == .min ? 1 : $0.pauseEnd - now, 1), 3_600_000) }
    }

    // MARK: -

    /// - Returns: What was found, each for the first time; nil when nothing was read.
    private func advance(_ content: inout Content, now: Int64) -> [ScrubFinding]? {
        if now < content.pauseEnd, now >= content.pauseEnd - content.pauseLength { return nil }
        if content.walk == nil {
            guard let number = next(&content, now: now) else { return nil }
            content.number = number
            content.walk = ScrubWalk(number, in: directory, fileSystem)
        }
        guard let result = content.walk?.step(byteCount: Self.stepByteCount) else { return nil }
        content.progress.byteCount += result.byteCount
        if result.isDone { content.walk = nil }
        // A segment that could not even be opened has cost something too.
        let cost = max(result.byteCount, FrameHeader.paddedAlignment)
        rest(&content, for: Int64(cost) * 1_000 / Int64(options.bytesPerSecond), now: now)
        let new = result.findings.filter { finding in
            content.told.insert(Place(segment: finding.segment, offset: finding.offset)).inserted
        }
        content.progress.findings += new
        return new
    }

    /// The segment after the last one; nil at the end of a pass whose time is not over.
    private func next(_ content: inout Content, now: Int64) -> UInt64? {
        let numbers = sealed()
        guard let first = numbers.first else {
            rest(&content, for: 1_000, now: now)
            return nil
        }
        guard let start = content.passStart else {
            content.passStart = now
            return content.number.flatMap { number in numbers.first { $0 >= number } } ?? first
        }
        if let next = numbers.first(where: { $0 > content.number ?? 0 }) { return next }
        content.progress.passCount += 1
        content.passStart = nil
        content.number = nil
        rest(&content, for: max(start + options.passDuration - now, 1_000), now: now)
        return nil
    }

    private func rest(_ content: inout Content, for milliseconds: Int64, now: Int64) {
        content.pauseLength = min(milliseconds, options.passDuration)
        content.pauseEnd = now + content.pauseLength
    }
}

extension LogScrubber {
    /// Scrubs an open log.
    convenience init(_ state: LogState) {
        let (seed, now) = (state.content.withLock { $0.random }, state.clock.now())
        var random = seed
        self.init(
            directory: state.directory, fileSystem: state.fileSystem, options: state.options.scrubbing,
            seed: random.next() ^ UInt64(bitPattern: now),
            sealed: { state.content.withLock { $0.segments.entries.dropLast().map(\.number) } })
    }

    /// The thread's loop; returns when the log closes or fails.
    func run(_ state: LogState) {
        while !state.content.withLock({ $0.isClosing || $0.end != nil }) {
            let now = state.clock.now()
            if !step(now: now) { state.scrubberSignal.wait(milliseconds: pause(now: now)) }
        }
    }
}

/// How fast a log is read again.
package struct ScrubOptions: Sendable {
    /// 0: not at all.
    package var bytesPerSecond = 0
    /// A pass over the log begins no sooner than so many milliseconds after the one before.
    package var passDuration: Int64 = 24 * 3_600_000

    package init(bytesPerSecond: Int = 0) {
        self.bytesPerSecond = bytesPerSecond
    }
}

package struct ScrubProgress: Equatable, Sendable {
    /// Bytes read and checked since the log was opened.
    package var byteCount = 0
    /// How often the last segment was reached.
    package var passCount = 0
    /// Every place, once.
    package var findings: [ScrubFinding] = []

    package init() {}
}

/// A place of a sealed segment that is not what was written, or that cannot be read.
package enum ScrubFinding: Equatable, Sendable {
    case damage(LogDamage)
    case unreadable(segment: UInt64, offset: Int, FileSystemError)

    package var segment: UInt64 {
        switch self {
        case .damage(let damage): damage.segment
        case .unreadable(let segment, _, _): segment
        }
    }

    package var offset: Int {
        switch self {
        case .damage(let damage): damage.offset
        case .unreadable(_, let offset, _): offset
        }
    }
}

extension ScrubFinding: CustomStringConvertible {
    package var description: String {
        switch self {
        case .damage(let damage): "\(damage)"
        case .unreadable(let segment, let offset, let error):
            "segment \(SegmentNames.segment(segment)) cannot be read from byte \(offset) on: \(error)"
        }
    }
}
