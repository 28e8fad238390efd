import Synchronization

@testable import LogStorage

/// A run of a log on a simulated disk, which knows at every call of the disk what was acknowledged.
final class LogScript {
    let disk: SimulatedDisk
    var fixture: LogFixture
    /// Where appends end: after a crash the log must end at one of these.
    private(set) var boundaries: Set<LSN> = [.first]
    /// The LSN after everything that was ever appended.
    private(set) var appended = LSN.first
    private let acknowledgements: Acknowledgements

    init(_ disk: SimulatedDisk, segment: Int = 16 << 10) {
        self.disk = disk
        acknowledgements = Acknowledgements(disk)
        fixture = LogFixture(disk, segment: segment)
    }

    /// Opens the log, which must hold what was acknowledged, appends and closes it, `rounds` times.
    func run(seed: UInt64, rounds: Int = 2, appends: Int = 14) throws {
        var random = SplitMix64(seed: seed)
        for _ in 0..<rounds {
            let log = try fixture.open(seed: random.next())
            appended = log.nextLSN
            boundaries.insert(appended)
            do {
                try append(to: log, appends, &random)
            } catch {
                // The disk failed: the log says so when it is closed.
            }
            try log.close()
            acknowledgements.add(log.durableLSN)
        }
    }

    private func append(to log: SegmentedLog, _ count: Int, _ random: inout SplitMix64) throws(LogError) {
        for index in 0..<count {
            // Now and then a group of several frames.
            let records = index % 9 == 8 ? 90 : Int.random(in: 1...12, using: &random)
            let end = try log.append(records, forced: Int.random(in: 0..<5, using: &random) > 0).upperBound
            appended = end
            boundaries.insert(end)
            if Bool.random(using: &random) {
                log.whenDurable(before: end) { [acknowledgements] in if $0 == nil { acknowledgements.add(end) } }
            }
            if Int.random(in: 0..<3, using: &random) == 0 { log.preparer.step() }
            if Int.random(in: 0..<4, using: &random) == 0 { fixture.clock.advance(60) }
            while Int.random(in: 0..<3, using: &random) > 0, log.writer.step(now: fixture.clock.now()) {}
            acknowledgements.add(log.durableLSN)
        }
    }

    /// What is wrong with a log that was recovered up to `end`; nil: nothing.
    func complaint(recovered end: LSN, acknowledgedAt operationCount: Int = .max) -> String? {
        let acknowledged = acknowledgements.all(before: operationCount)
        if end < acknowledged {
            return "recovered up to \(end.rawValue), acknowledged up to \(acknowledged.rawValue)"
        }
        if !boundaries.contains(end) { return "recovered up to \(end.rawValue), in the middle of an append" }
        return nil
    }
}

/// How many calls the disk had seen when each LSN was acknowledged.
private final class Acknowledgements: Sendable {
    private let disk: SimulatedDisk
    private let list = Mutex<[(operationCount: Int, lsn: LSN)]>([])

    init(_ disk: SimulatedDisk) {
        self.disk = disk
    }

    func add(_ lsn: LSN) {
        let operationCount = disk.operationCount()
        list.withLock { $0.append((operationCount, lsn)) }
    }

    /// The LSN after everything that was acknowledged when the disk had seen so many calls.
    func all(before operationCount: Int) -> LSN {
        list.withLock { list in
            list.reduce(LSN.first) { $1.operationCount <= operationCount ? max($0, $1.lsn) : $0 }
        }
    }
}

extension SimulatedDisk {
    /// Opens the log on this disk as after a crash.
    ///
    /// - Returns: What is wrong; nil: nothing.
    func complaint(of script: LogScript, acknowledgedAt operationCount: Int = .max) -> String? {
        var fixture = script.fixture
        fixture.files = self
        var wrong: UInt64?
        do throws(LogError) {
            let end = try fixture.recover(seed: 9) { wrong = wrong ?? $0.lsn.rawValue }
            if let wrong { return "record \(wrong) is not what was appended" }
            return script.complaint(recovered: end, acknowledgedAt: operationCount)
        } catch {
            return "\(error)"
        }
    }
}
