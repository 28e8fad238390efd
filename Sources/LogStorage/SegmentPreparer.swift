import Synchronization

/// Makes the next segment before it is needed, so that neither a full disk nor the writing of zeros meets a commit.
///
/// In production a thread of its own calls ``step()``; a simulation calls it whenever it likes.
package final class SegmentPreparer: Sendable {
    private struct Retry {
        var delay: Int64
        var notBefore: Int64
    }

    /// The first and the longest pause after a failure, in milliseconds.
    private static let retryDelayFirst: Int64 = 100
    private static let retryDelayMax: Int64 = 5_000

    private let state: LogState
    /// Held while a file is being made, so that the writer can wait for it.
    private let retry = Mutex<Retry?>(nil)

    init(state: LogState) {
        self.state = state
    }

    /// Makes or lengthens the spare if that is called for.
    ///
    /// - Returns: Whether it tried. False: there is nothing to do, or a failure is too recent.
    @discardableResult
    package func step() -> Bool {
        retry.withLock { retry in
            let now = state.clock.now()
            // A clock that went back must not put the next attempt off for ever.
            if let last = retry, now < last.notBefore, now >= last.notBefore - last.delay { return false }
            guard !state.content.withLock({ $0.isClosing }), let order = order() else { return false }
            do throws(FileSystemError) {
                try fill(order)
                retry = nil
            } catch {
                let delay = min(retry.map { $0.delay * 2 } ?? Self.retryDelayFirst, Self.retryDelayMax)
                retry = Retry(delay: delay, notBefore: now + delay)
                failed(with: error)
            }
            return true
        }
    }

    /// The spare, for the writer: the one that is ready, or one made now. From here on it counts as the current segment.
    func take() throws(FileSystemError) -> SpareSegment {
        let result = retry.withLock { _ -> Result<SpareSegment, FileSystemError> in
            do throws(FileSystemError) {
                if let order = order() { try fill(order) }
            } catch {
                return .failure(error)
            }
            return state.content.withLock { content in
                guard let spare = content.spare else { preconditionFailure("no spare after it was made") }
                content.spare = nil
                content.lengtheningFailure = nil
                // At once, or the thread would make this one a second time.
                content.segmentNumber = spare.number
                content.sizeIndex = spare.sizeIndex
                let room = state.options.roomForAppends(inSegment: spare.size)
                content.ledger.rolledOver(room: room)
                return .success(spare)
            }
        }
        return try result.get()
    }

    /// Removes the spare: the log is closing, and the next opening makes its own.
    func discard() {
        retry.withLock { _ in
            guard let spare = state.content.withLock({ $0.spare.take() }) else { return }
            spare.file.close()
            do throws(FileSystemError) {
                try state.fileSystem.remove(state.path(SegmentNames.temporary(spare.number)))
            } catch {
                // The next opening removes it.
            }
        }
    }

    /// When the thread has to look again by itself, in milliseconds from now; nil: only when it is woken.
    var pause: Int64? {
        retry.withLock { retry in retry.map { min(max($0.notBefore - state.clock.now(), 1), $0.delay) } }
    }

    /// The thread's loop; returns when the log closes or fails.
    func run() {
        while !state.content.withLock({ $0.isClosing || $0.end != nil }) {
            if !step() { state.preparerSignal.wait(milliseconds: pause) }
        }
    }

    // MARK: -

    private struct Order {
        var number: UInt64
        var size: Int
        var sizeIndex: Int
        var existing: SpareSegment?
    }

    private func order() -> Order? {
        state.content.withLock { content in
            guard content.end == nil else { return nil }
            let overhead = SegmentHeader.encodedByteCount + state.options.roomForSyncPoint
            let least = (content.spareRoomWanted + overhead + 4095) & ~4095
            if let spare = content.spare {
                guard spare.size < least else { return nil }
                return Order(number: spare.number, size: least, sizeIndex: spare.sizeIndex, existing: spare)
            }
            let sizes = state.options.segmentSizes
            let index = min(content.sizeIndex + 1, sizes.count - 1)
            return Order(number: content.segmentNumber + 1, size: max(sizes[index], least), sizeIndex: index)
        }
    }

    private func fill(_ order: Order) throws(FileSystemError) {
        let path = state.path(SegmentNames.temporary(order.number))
        if let existing = order.existing {
            do throws(FileSystemError) {
                try SpareSegment.writeZeros(existing.file, from: existing.size, to: order.size)
            } catch {
                // Gives the part that was written back. If this fails too, the file is longer than its header will
                // say, which readers ignore.
                do throws(FileSystemError) { try existing.file.truncate(to: existing.size) } catch {}
                throw error
            }
            ready(SpareSegment(number: order.number, size: order.size, sizeIndex: order.sizeIndex, file: existing.file))
            return
        }
        // What an attempt left that could not even remove its file.
        if try state.fileSystem.exists(path) { try state.fileSystem.remove(path) }
        let file = try state.fileSystem.open(path, .create)
        do throws(FileSystemError) {
            try SpareSegment.writeZeros(file, from: 0, to: order.size)
        } catch {
            file.close()
            // Gives the space back at once: running work may need it elsewhere.
            do throws(FileSystemError) { try state.fileSystem.remove(path) } catch {}
            throw error
        }
        ready(SpareSegment(number: order.number, size: order.size, sizeIndex: order.sizeIndex, file: file))
    }

    private func ready(_ spare: SpareSegment) {
        let answers = state.content.withLock { content in
            content.spare = spare
            content.spareFailure = nil
            content.lengtheningFailure = nil
            content.spareRoomWanted = 0
            content.ledger.spareRoom = state.options.roomForAppends(inSegment: spare.size)
            return content.serveRoomWaiters()
        }
        for answer in answers { answer.deliver() }
    }

    private func failed(with error: FileSystemError) {
        let answers = state.content.withLock { content in
            // A spare that could not be made longer still serves everybody else.
            if content.spare == nil {
                content.spareFailure = error
            } else {
                content.lengtheningFailure = (content.spareRoomWanted, error)
            }
            // Before the others are looked at: who is next may want less, and asks for that.
            content.spareRoomWanted = 0
            return content.serveRoomWaiters()
        }
        for answer in answers { answer.deliver() }
    }
}
