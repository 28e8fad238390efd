/// Who asks for room in the log.
package enum ReservationPriority: Sendable {
    /// Work that can be refused, such as the start of an execution. Refused while no further segment can be made.
    case new
    /// What running work needs to go on: completions, timers, trims. May use the room that new work must leave.
    case completion
}

/// Promises room that is on the disk already, so that an accepted append never meets a full disk.
///
/// The rule: what is promised fits into pre-written bytes. With C the room in the current segment, S in the spare, and
/// m the largest promise outstanding, promises of P bytes in all fit whatever their order if
///
///     P ≤ max(C, S, C + S − m)
///
/// because a segment is left only for an append that does not fit it, which wastes less than m. New work must leave a
/// quarter of a segment besides: the next spare is made from the moment one is put to use, so when that fails for want
/// of space, new work is refused and the rest has at least that quarter, as a rule nearly a segment, to finish in.
///
/// All figures are bytes in the file at worst: nothing compresses, every append has a frame of its own.
struct RoomLedger: Sendable {
    /// Room for appends in the current segment, and how large that segment is.
    private(set) var currentRoom: Int
    private var currentCapacity: Int
    /// Room in the spare; nil while there is none.
    var spareRoom: Int?
    /// Granted, not yet enqueued.
    private(set) var reserved = 0
    /// Enqueued, not yet taken by the writer.
    private(set) var queued = 0
    /// Taken by the writer, not yet written.
    private(set) var writing = 0
    /// The largest promise among those waiting and among those being written.
    private var largestWaiting = 0
    private var largestWriting = 0
    let waitingLimit: Int

    /// - Parameter room: Of the current segment, which holds nothing yet.
    init(room: Int, waitingLimit: Int) {
        self.currentRoom = room
        self.currentCapacity = room
        self.waitingLimit = waitingLimit
    }

    private var promised: Int { reserved + queued + writing }

    /// What new work leaves for completions.
    var completionReserve: Int { currentCapacity / 4 }

    /// The room a spare must have for `cost` to be granted once everything before it is written.
    func spareNeeded(for cost: Int) -> Int { cost + completionReserve }

    /// Whether too much waits for the writer. An append may exceed the limit alone; completions have the limit twice.
    func mustWait(_ cost: Int, _ priority: ReservationPriority) -> Bool {
        let waiting = reserved + queued
        let limit = priority == .new ? waitingLimit : 2 * waitingLimit
        return waiting > 0 && waiting + cost > limit
    }

    func hasRoom(for cost: Int, _ priority: ReservationPriority) -> Bool {
        var bound = currentRoom
        if let spareRoom {
            let largest = max(cost, largestWaiting, largestWriting)
            bound = max(bound, spareRoom, currentRoom + spareRoom - largest)
        }
        return promised + cost <= bound - (priority == .new ? completionReserve : 0)
    }

    /// Whether ``hasRoom(for:_:)`` will hold, with the segments there are, once everything promised is written.
    func willHaveRoom(for cost: Int, _ priority: ReservationPriority) -> Bool {
        guard let spareRoom else { return cost <= currentRoom - (priority == .new ? completionReserve : 0) }
        return cost <= spareRoom - (priority == .new ? completionReserve : 0)
    }

    /// Whether all promises hold when the current segment has only `room` left.
    func canSpare(room: Int) -> Bool {
        guard promised > 0 else { return true }
        guard let spareRoom else { return promised <= room }
        return promised <= max(room, spareRoom, room + spareRoom - max(largestWaiting, largestWriting))
    }

    mutating func grant(_ cost: Int) {
        reserved += cost
        largestWaiting = max(largestWaiting, cost)
    }

    mutating func release(_ cost: Int) {
        precondition(cost <= reserved, "released more room than was reserved")
        reserved -= cost
    }

    /// An append of `cost` takes the place of the reservation it was made under, of any size.
    mutating func enqueue(_ cost: Int, reservation: Int) {
        release(reservation)
        queued += cost
        largestWaiting = max(largestWaiting, cost)
    }

    /// The writer took all that is queued.
    mutating func take() {
        writing += queued
        queued = 0
        largestWriting = max(largestWriting, largestWaiting)
        if reserved == 0 { largestWaiting = 0 }
    }

    /// Appends of `cost` are in the file, and the current segment has `room` left.
    mutating func wrote(_ cost: Int, room: Int) {
        precondition(cost <= writing, "wrote more than was taken")
        writing -= cost
        currentRoom = room
        if writing == 0 { largestWriting = 0 }
    }

    /// The spare became the current segment.
    mutating func rolledOver(room: Int) {
        currentRoom = room
        currentCapacity = room
        spareRoom = nil
    }
}
