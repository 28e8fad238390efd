import Indelible
import LogStorage

/// Runs a function undisturbed, interrupted at each point in each way, and some of those once more.
struct CrashSearch {
    typealias Interruption = (point: Int, kind: CrashInterruption)

    private let world: CrashWorld
    private var random: SplitMix64
    private var differences: [String] = []

    init(_ world: CrashWorld) {
        self.world = world
        random = SplitMix64(seed: world.seed)
    }

    /// - Throws: ``CrashEverywhereError``.
    consuming func report() async throws -> CrashReport {
        var report = CrashReport(seed: world.seed, pointCount: 0, runCount: 1)
        let undisturbed: CrashRun.Outcome
        do {
            undisturbed = try await CrashRun(world, interruptions: []).run()
        } catch {
            throw CrashEverywhereError(report: report, differences: ["undisturbed: \(error)"])
        }
        report.pointCount = undisturbed.points.count
        for (index, point) in undisturbed.points.enumerated() {
            let kinds = point.interruptions
            // Of every third point one run is interrupted again: twice as many runs would find little more.
            let followed = index % 3 == 0 ? kinds[Int(random.next() % UInt64(kinds.count))] : nil
            for kind in kinds {
                report.runCount += 1
                let first: Interruption = (index, kind)
                let points = undisturbed.points
                let outcome = await run([first], undisturbed) {
                    "\(kind.rawValue) \(point.words), point \(index + 1) of \(points.count)"
                }
                guard kind == followed, let outcome, let second = second(after: index, in: outcome.points) else {
                    continue
                }
                report.runCount += 1
                _ = await run([first, second], undisturbed) {
                    """
                    \(kind.rawValue) \(point.words), point \(index + 1) of \(points.count), and then \
                    \(second.kind.rawValue) \(outcome.points[second.point].words), point \(second.point + 1)
                    """
                }
            }
        }
        guard differences.isEmpty else { throw CrashEverywhereError(report: report, differences: differences) }
        return report
    }

    /// A further interruption of a run that came to these points: the seed says which.
    private mutating func second(after index: Int, in points: [CrashPoint]) -> Interruption? {
        guard index + 1 < points.count else { return nil }
        let point = Int(random.next() % UInt64(points.count - index - 1)) + index + 1
        let kinds = points[point].interruptions
        return (point, kinds[Int(random.next() % UInt64(kinds.count))])
    }

    /// Nil: it came to no end.
    private mutating func run(
        _ interruptions: [Interruption], _ undisturbed: CrashRun.Outcome, _ place: () -> String
    ) async -> CrashRun.Outcome? {
        do {
            let outcome = try await CrashRun(world, interruptions: interruptions).run()
            differences += outcome.differences(from: undisturbed).map { "\(place()): \($0)" }
            return outcome
        } catch {
            differences.append("\(place()): \(error)")
            return nil
        }
    }
}
