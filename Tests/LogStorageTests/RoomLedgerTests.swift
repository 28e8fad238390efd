import Testing

@testable import LogStorage

@Suite struct RoomLedgerTests {
    private func ledger(room: Int, spare: Int? = nil) -> RoomLedger {
        var ledger = RoomLedger(room: room, waitingLimit: 1_000)
        ledger.spareRoom = spare
        return ledger
    }

    @Test(
        arguments: [
            (400, nil, 300, .new, true), (400, nil, 301, .new, false),  // A quarter is left for completions.
            (400, nil, 400, .completion, true), (400, nil, 401, .completion, false),
            (400, 1_600, 1_500, .new, true), (400, 1_600, 1_501, .new, false),
        ] as [(Int, Int?, Int, ReservationPriority, Bool)])
    func `room is what is on the disk already`(
        room: Int, spare: Int?, cost: Int, priority: ReservationPriority, fits: Bool
    ) {
        #expect(ledger(room: room, spare: spare).hasRoom(for: cost, priority) == fits)
    }

    @Test func `an append may exceed the limit of what waits, alone`() {
        var ledger = ledger(room: 100_000)
        #expect(!ledger.mustWait(5_000, .new))
        ledger.grant(900)
        #expect(!ledger.mustWait(100, .new))
        #expect(ledger.mustWait(101, .new))
        #expect(!ledger.mustWait(1_100, .completion))
        #expect(ledger.mustWait(1_101, .completion))
    }

    /// Whatever is granted can be written in any order of appends, into the current segment and the spare alone.
    @Test(arguments: TestSeeds.some(50))
    func `no promise is broken by the order in which appends come`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var ledger = ledger(room: 1_000, spare: 1_000)
        var room = 1_000
        var spare: Int? = 1_000
        var reserved: [Int] = []
        var queued: [Int] = []
        for _ in 0..<2_000 {
            switch Int.random(in: 0..<4, using: &random) {
            case 0:
                let cost = Int.random(in: 1...(Bool.random(using: &random) ? 40 : 600), using: &random)
                let priority: ReservationPriority = Bool.random(using: &random) ? .new : .completion
                if !ledger.mustWait(cost, priority), ledger.hasRoom(for: cost, priority) {
                    ledger.grant(cost)
                    reserved.append(cost)
                }
            case 1 where !reserved.isEmpty:
                let cost = reserved.remove(at: Int.random(in: reserved.indices, using: &random))
                if Int.random(in: 0..<8, using: &random) == 0 {
                    ledger.release(cost)
                } else {
                    ledger.enqueue(cost, reservation: cost)
                    queued.append(cost)
                }
            case 2:
                ledger.take()
                for cost in queued {
                    if cost > room {
                        guard let next = spare else {
                            Issue.record("INDELIBLE_SEED=\(seed): a promise of \(cost) meets a full disk")
                            return
                        }
                        room = next
                        spare = nil
                        ledger.rolledOver(room: room)
                    }
                    room -= cost
                    ledger.wrote(cost, room: room)
                }
                queued = []
            default:
                guard spare == nil, Int.random(in: 0..<3, using: &random) == 0 else { continue }
                spare = Int.random(in: 700...2_000, using: &random)
                ledger.spareRoom = spare
            }
        }
    }
}
