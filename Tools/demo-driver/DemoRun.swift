import ChildProcesses
import DemoPayments
import Foundation

/// One run from the first order to the verdict: who is started, killed, started again and asked.
struct DemoRun {
    let files: DemoFiles
    let ordersPath: String
    let orders: [Order]
    let kills: Int
    let seed: UInt64
    let programs: Programs

    /// - Returns: Whether log and ledger agree on every order, and the log verifies.
    func run() async throws -> Bool {
        Talk.say("\(orders.count) orders, kills planned: \(kills), seed \(seed), data in \(files.directory)")
        let started = ContinuousClock.now
        let gateway = try await startGateway()
        defer { gateway.kill() }

        let progress = Progress(total: orders.count, killsPlanned: kills)
        let workers = try await withThrowingTaskGroup(of: WorkerRuns?.self) { group in
            group.addTask {
                try await Desk(files: files).work()
                return nil
            }
            group.addTask { try await runWorkers(progress) }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
        try await gateway.end()
        progress.end()
        let elapsed = ContinuousClock.now - started

        let payments = try await RecordedPayment.all(in: files, programs)
        let verdict = Verdict(
            orders: orders, payments: payments.map { ($0.name, $0.payment) }, ledger: try Ledger.read(files))
        let report = Report(
            verdict: verdict, workers: workers, counts: try GatewayCounts.read(files),
            log: try await LogFigures.read(files, programs), elapsed: elapsed)
        print(report.table)
        for disagreement in verdict.disagreements.prefix(20) { print("DISAGREES  \(disagreement)") }

        print("$ indelible log verify --data \(files.log)")
        let verify = try await programs.output(of: "indelible", ["log", "verify", "--data", files.log])
        print(verify.text, terminator: "")
        return verdict.disagreements.isEmpty && verify.status == 0
    }

    private func startGateway() async throws -> ChildProcess {
        try? FileManager.default.removeItem(atPath: files.gatewayPort)  // None is there on the first run.
        let gateway = try ChildProcess(
            programs.path("demo-gateway"), ["--data", files.directory, "--seed", String(seed)])
        for _ in 0..<200 {
            if FileManager.default.fileExists(atPath: files.gatewayPort) { return gateway }
            if gateway.hasEnded { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        gateway.kill()
        throw DemoError("the gateway did not start; what it said stands above")
    }

    /// Starts the worker, kills it where the plan says, and starts it again, until one ends by itself.
    private func runWorkers(_ progress: Progress) async throws -> WorkerRuns {
        let expected = orders.map(PaymentOutcome.expected).reduce(0) { $0 + $1.effects.count + $1.refusals.count }
        var plan = KillPlan(kills: kills, entries: expected, seed: seed)
        var ledger = LineReader(files.ledger)
        var entries = 0
        // A worker that was just started has not looked at them all yet.
        var done = 0
        var runs = WorkerRuns()
        while true {
            let worker = try ChildProcess(
                programs.path("demo-worker"), ["--data", files.directory, "--orders", ordersPath])
            defer { worker.kill() }
            var isFirst = true
            for await line in worker.lines {
                let report = try JSONDecoder().decode(WorkerReport.self, from: Data(line.utf8))
                if isFirst { runs.interrupted += report.recovered }
                isFirst = false
                entries += try ledger.next(LedgerEntry.self).count
                done = max(done, report.done)
                progress.show(done: done, effects: entries, kills: runs.kills)
                if let delay = plan.delay(entries: entries) {
                    try await Task.sleep(for: delay)
                    worker.kill()
                    break
                }
            }
            try Task.checkCancellation()
            switch await worker.end {
            case .exited(0): return runs
            case .exited(let code): throw DemoError("the worker ended with code \(code); what it said stands above")
            case .signalled(SIGKILL): runs.kills += 1
            case .signalled(let number): throw DemoError("the worker died of signal \(number)")
            }
        }
    }
}

/// What became of the worker's processes.
struct WorkerRuns: Sendable {
    /// Killed, and followed by another that finished the work.
    var kills = 0
    /// Payments that were under way when a worker was killed, summed over the kills.
    var interrupted = 0
}

struct DemoError: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) {
        self.description = description
    }
}
