import EngineRuntime
import ExecutionModel
import Indelible
import IndelibleTesting
import LogStorage
import Logging

/// One run of the whole engine under a seed: the log, the runtime and the SDK's handlers, over a disk, a clock and an
/// executor that the seed drives, on the calling thread and no other.
///
/// Everything that happens is a step of the driver: a job, a step of the log's writer or another of the engine's loops, time
/// that passes, a call from outside, a fault, a crash. Then all faults end, everything that is open must come to its end,
/// and the engine is closed and opened once more. After every opening, what is there is compared with what anybody had been
/// told: see ``Promises``.
///
/// The same seed and the same number of steps give the same run, to the last byte on the disk.
package struct Simulation {
    let seed: UInt64
    let steps: Int
    let program: Program
    let promises = Promises()
    let trace: Trace
    let options: EngineOptions
    let maintenance: MaintenanceOptions
    /// Whether what was acknowledged survives a power loss, as long as the disk does not lie.
    let isDurable: Bool
    var random: SplitMix64
    var life: Life
    var counts = SimulationReport.Counts()
    /// What is run after a crash that waits for a call to fail: the disk is dead from that call on.
    var crashIsDue = false
    /// For so many steps the disk is slow: nothing gets written, and what is told rests on what was durable before.
    var slowSteps = 0
    /// Whether the disk may have lost what it said was durable. From then on damage may be found, by an opening or by a
    /// reader, and has to be named.
    var isLossy = false
    /// Whether something may refuse an opening: a fault was asked for in this life, or the disk was full before it.
    var isFaulty = false
    var startCount = 0
    /// How many names are given to executions.
    let startsMax: Int
    /// Does to a disk between two openings what no disk and no engine does: for tests of what is noticed.
    var tampering: (@Sendable (SimulatedDisk) -> Void)?
    /// The run is over: the disk had lied, and what it lost was found out.
    var hasFoundDamage = false

    /// - Parameters:
    ///   - steps: Of the driver, before everything is let come to its end.
    ///   - print: Is given what happens, a line at a time.
    package init(seed: UInt64, steps: Int, print: (@Sendable (String) -> Void)? = nil) {
        self.seed = seed
        self.steps = steps
        trace = Trace(print: print)
        random = SplitMix64(seed: seed)
        program = Program(seed: random.next())
        isDurable = Int.random(in: 0..<8, using: &random) > 0
        var quiet = Logger(label: "simulation") { _ in SwiftLogNoOpLogHandler() }
        quiet.logLevel = .critical
        options = EngineOptions(
            durability: isDurable ? .durable : .relaxed,
            concurrencyLimit: Bool.random(using: &random) ? 10_000 : Int.random(in: 1...6, using: &random),
            segmentSizes: [[16 << 10, 32 << 10], [16 << 10], [64 << 10]].randomElement(using: &random) ?? [],
            padsCommits: Int.random(in: 0..<8, using: &random) == 0, logger: quiet,
            parkedHandlersMax: [0, 1, 64].randomElement(using: &random) ?? 0)
        maintenance = Self.maintenance(&random)
        startsMax = Int.random(in: 1...16, using: &random)
        let disk = SimulatedDisk(seed: random.next())
        // 2026-01-01T00:00:00Z.
        life = Life(
            number: 1, disk: disk, now: Timestamp(millisecondsSinceEpoch: 1_767_225_600_000), seed: random.next(),
            promises: promises, trace: trace)
    }

    /// Runs it. Once.
    package mutating func run() -> SimulationReport {
        trace.say("seed \(seed): \(program.functions.count) functions, \(isDurable ? "durable" : "relaxed")")
        counts.openings = 1
        begin(life, against: Promises.Facts())
        for number in 1...max(steps, 1) where !isOver {
            trace.begin(step: number)
            step()
        }
        if !isOver { heal() }
        if !life.windDown() { promises.breaks("an engine that was lost does not close") }
        var digest = Digest()
        digest.mix(trace.digest)
        mix(life.disk, into: &digest)
        counts.executions = promises.facts.executions.count
        let store = ManifestStore(directory: Life.directory, fileSystem: life.disk.afterProcessKill())
        if let next = try? store.nextNumbers(after: store.newest().manifest) {
            counts.snapshots = Int(next.manifest) - 1
            counts.rewrites = Int(next.rewrite) - 1
        }
        return SimulationReport(
            seed: seed, steps: steps, broken: promises.broken, digest: digest.value, counts: counts)
    }

    /// Nothing that comes after a broken promise tells more.
    var isOver: Bool { hasFoundDamage || !promises.broken.isEmpty }

    /// Opens the engine, and compares what is there with what was told.
    func begin(_ life: Life, against facts: Promises.Facts) {
        life.open(program, options, maintenance, seed: seed &+ UInt64(life.number) << 32) {
            [promises, program] engine in
            try await promises.check(engine, against: facts, program, isOver: false)
            if !life.mayBeDamaged { try promises.checkAccounting(of: engine.runtime) }
        }
    }

    private func mix(_ disk: SimulatedDisk, into digest: inout Digest) {
        let disk = disk.afterProcessKill()
        let names: [String]
        do throws(FileSystemError) { names = try disk.list(Life.directory) } catch { return }
        for name in names {
            digest.mix(name)
            digest.mix(bytes: disk.contents(of: "\(Life.directory)/\(name)") ?? [])
        }
    }

    // MARK: One step

    private enum Choice: CaseIterable {
        case job, engine, time, command, trouble
    }

    private mutating func step() {
        switch life.phase {
        case .closed: return reopen("closed")
        case .refused(let code, let reason): return refused(code, reason)
        case .opening, .open, .closing: break
        }
        if crashIsDue, life.hasFailed { return crash() }
        if slowSteps > 0 {
            slowSteps -= 1
        } else if Int.random(in: 0..<200, using: &random) == 0 {
            slowSteps = Int.random(in: 10...100, using: &random)
        }
        switch choose() {
        case .job:
            let told = promises.told
            runJob()
            if losesPower(after: told) { losePower() }
        case .engine: stepEngine()
        case .time: passTime()
        case .command: command()
        case .trouble: trouble()
        }
    }

    private mutating func choose() -> Choice {
        let isBusy = life.executor.jobCount > 0
        let weights: [(Choice, Int)] = [
            (.job, isBusy ? 700 : 0), (.engine, 240), (.time, isBusy ? 6 : 60),
            (.command, life.phase == .open ? 40 : 0), (.trouble, life.hasFailed ? 40 : 3),
        ]
        var draw = Int.random(in: 0..<weights.reduce(0) { $0 + $1.1 }, using: &random)
        for (choice, weight) in weights {
            draw -= weight
            if draw < 0 { return choice }
        }
        return .job
    }

    /// Now and then power is lost at the worst moment: when somebody has just been told of what was recorded a moment ago.
    private mutating func losesPower(after told: Promises.Told) -> Bool {
        let now = promises.told
        guard now != told else { return false }
        let isNear = now.endCount > told.endCount || slowSteps > 0
        return Int.random(in: 0..<(isNear ? 4 : 20), using: &random) == 0
    }

    mutating func runJob() {
        trace.job(of: life.executor.jobCount)
        counts.jobs += life.executor.runNext() ? 1 : 0
    }

    /// What the engine does by itself, and how often it comes to its turn. Whatever else gets a `step()` goes here.
    private static let engineSteps: [(name: String, weight: Int, run: @Sendable (EngineRuntime) -> Bool)] = [
        ("writer", 6, { $0.stepWriter() }),
        ("preparer", 1, { $0.stepPreparer() }),
        (
            "timers", 2,
            { runtime in
                runtime.stepTimers()
                return false
            }
        ),
        ("loader", 3, { $0.stepLoader() }), ("maintenance", 3, { $0.runMaintenance() }),
    ]

    private mutating func stepEngine() {
        guard let runtime = life.runtime else { return }
        var draw = Int.random(in: 0..<Self.engineSteps.reduce(0) { $0 + $1.weight }, using: &random)
        for step in Self.engineSteps {
            draw -= step.weight
            guard draw < 0 else { continue }
            if slowSteps > 0, step.name == "writer" { return }
            if step.run(runtime) { trace.say(step.name) }
            return
        }
    }

    /// Time goes on: to the next moment that somebody waits for, or a little, or a lot; and sometimes back.
    private mutating func passTime() {
        let now = life.clock.now()
        var target = now.adding(Milliseconds(Int64.random(in: 1...2_000, using: &random)))
        switch Int.random(in: 0..<20, using: &random) {
        case 0: target = now.adding(Milliseconds(Int64.random(in: 1...200_000_000, using: &random)))
        case 1: target = now.adding(Milliseconds(-Int64.random(in: 1...3_600_000, using: &random)))
        case 2...5: break
        default:
            if let next = nextDeadline { target = max(next, now) }
        }
        trace.say("time \(target.since(now).rawValue) ms")
        life.clock.set(to: target)
    }

    /// The next moment that the engine or a caller waits for.
    var nextDeadline: Timestamp? {
        [life.runtime?.stepTimers(), life.clock.nextDeadline].compactMap(\.self).min()
    }
}
