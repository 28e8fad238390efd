import DemoPayments
import Foundation
import NIOPosix

/// What the gateway has done, for ever: an append-only file of one entry a line, synced before anyone is told.
///
/// A key that is known is answered from the file's entries, whatever became of the one who asked first.
actor Ledger {
    private struct Unsynced {
        var entry: LedgerEntry
        var done: CheckedContinuation<Void, any Error>
    }

    private let writer: LineWriter
    private var entryOfKey: [String: LedgerEntry] = [:]
    private var lastNumber = 0
    private var lastSynced = 0
    private var unsynced: [Unsynced] = []
    private var repeatsWaiting: [(number: Int, done: CheckedContinuation<Void, any Error>)] = []
    private var isFlushing = false

    /// Opens the ledger and reads what it holds. A last line without its end was never acknowledged: it is cut off.
    init(path: String) throws {
        if let data = FileManager.default.contents(atPath: path) {
            let end = data.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
            if end < data.count, truncate(path, off_t(end)) != 0 {
                throw LineFileError(path: path, operation: "truncate", code: errno)
            }
            let decoder = JSONDecoder()
            for line in data[..<end].split(separator: UInt8(ascii: "\n")) {
                let entry = try decoder.decode(LedgerEntry.self, from: Data(line))
                entryOfKey[entry.idempotencyKey] = entry
                lastNumber = entry.number
            }
        }
        lastSynced = lastNumber
        writer = try LineWriter(path)
    }

    /// Records the request's effect once, and returns its entry when that is on disk.
    ///
    /// - Returns: The entry, and whether an earlier request of the same key had made it.
    /// - Throws: ``KeyReused`` when the key was used for something else; the file's error, after which nothing is recorded.
    func record(_ request: GatewayRequest) async throws -> (entry: LedgerEntry, isRepeat: Bool) {
        if let entry = entryOfKey[request.idempotencyKey] {
            guard entry.operation == request.operation, entry.order == request.order, entry.amount == request.amount
            else { throw KeyReused(key: request.idempotencyKey) }
            if entry.number > lastSynced {
                try await withCheckedThrowingContinuation { repeatsWaiting.append((entry.number, $0)) }
            }
            return (entry, true)
        }
        lastNumber += 1
        let entry = LedgerEntry(number: lastNumber, request: request, approved: Self.approves(request))
        entryOfKey[request.idempotencyKey] = entry
        try await withCheckedThrowingContinuation { done in
            unsynced.append(Unsynced(entry: entry, done: done))
            if !isFlushing {
                isFlushing = true
                Task { await self.flush() }
            }
        }
        return (entry, false)
    }

    private static func approves(_ request: GatewayRequest) -> Bool {
        switch (request.operation, CardBehavior(cardToken: request.cardToken)) {
        case (.authorize, .declined), (.capture, .captureRefused), (.settle, .settlementRefused): false
        default: true
        }
    }

    /// Writes and syncs what has gathered, again and again until nothing has: the batch is what came in during the last sync.
    private func flush() async {
        while !unsynced.isEmpty {
            let batch = unsynced
            unsynced = []
            do {
                try await NIOThreadPool.singleton.runIfActive { [writer] in
                    try writer.append(batch.map(\.entry))
                    try writer.sync()
                }
            } catch {
                // What is on disk is open now: the ledger must be read again, so the process ends.
                Talk.fatal("the ledger failed: \(error)")
            }
            lastSynced = batch.last!.entry.number
            for item in batch { item.done.resume() }
            let synced = repeatsWaiting.filter { $0.number <= lastSynced }
            repeatsWaiting.removeAll { $0.number <= lastSynced }
            for item in synced { item.done.resume() }
        }
        isFlushing = false
    }
}

struct KeyReused: Error, CustomStringConvertible {
    var key: String
    var description: String { "idempotency key \(key) was used for another request" }
}
