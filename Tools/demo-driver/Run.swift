import ArgumentParser
import DemoPayments
import Foundation

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Processes orders as durable payments, under kill -9, and compares log and ledger in the end.",
        discussion: """
            Exit codes: 0 every order agrees; 1 one does not, or the log does not verify; 2 usage, a bad orders file or \
            a directory of something else; 3 a process could not do its work. Running it again on the same data directory \
            continues there.
            """)

    @Option(help: "A JSON-lines file: id, amount (minor units), currency, country, cardToken, email.")
    var orders = "Fixtures/orders/orders.jsonl"
    @Option(help: "Where the log, the ledger and the desk's files go. It is made when it is missing.")
    var data: String
    @Option(help: "How often the worker is killed with SIGKILL.") var kills = 5
    @Option(help: "What the kills and the gateway's faults are drawn from. Without one: a random one, which is shown.")
    var seed: UInt64?

    func validate() throws {
        guard (0...100).contains(kills) else { throw ValidationError("--kills is 0 to 100") }
    }

    func run() async throws {
        let seed = seed ?? UInt64.random(in: 1...999_999)
        let orderList: [Order]
        do {
            orderList = try OrderFile.read(orders)
        } catch {
            Talk.say("\(error)")
            throw ExitCode(2)
        }
        do {
            let files = DemoFiles(data)
            try files.prepare()
            let run = DemoRun(
                files: files, ordersPath: orders, orders: orderList, kills: kills, seed: seed,
                programs: Programs(besides: CommandLine.arguments[0]))
            let agrees = try await Interrupts.cancelling { try await run.run() }
            if !agrees { throw ExitCode(1) }
        } catch is CancellationError {
            Talk.say("stopped; run it again with the same --data to continue")
            throw ExitCode(130)
        } catch let error as DemoFilesError {
            Talk.say("\(error)")
            throw ExitCode(2)
        } catch let error as ExitCode {
            throw error
        } catch {
            Talk.say("\(error)")
            throw ExitCode(3)
        }
    }
}
