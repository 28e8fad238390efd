import ExecutionModel
import LogStorage
import Synchronization

/// Keeps the index up with the durable log. Never in the way of a commit: it reads what has been written.
final class Indexer: Sendable {
    private let index: ExecutionIndex
    private let tail: Mutex<FrameTail>

    /// - Parameter tail: From the index's position on.
    init(index: ExecutionIndex, tail: FrameTail) {
        self.index = index
        self.tail = Mutex(tail)
    }

    /// Takes in what has become durable, at most so many frames.
    /// - Returns: How many there were.
    func step(frameLimit: Int) throws(RuntimeError) -> Int {
        // Held over the reads, since another may want the index brought up to date for a query.
        let result = tail.withLock { tail -> Result<Int, RuntimeError> in
            do throws(RuntimeError) { return .success(try Self.follow(&tail, index, frameLimit)) } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private static func follow(
        _ tail: inout FrameTail, _ index: ExecutionIndex, _ limit: Int
    ) throws(RuntimeError) -> Int {
        var count = 0
        while count < limit {
            let frame: FrameOutline?
            do throws(LogError) { frame = try tail.next() } catch { throw .log(error) }
            guard let frame else { break }
            do throws(IndexError) { try index.fold(frame) } catch { throw .index(error) }
            count += 1
        }
        return count
    }

    /// Has the index hold everything below `lsn`, which is durable.
    func catchUp(to lsn: LSN) throws(RuntimeError) {
        while index.position < lsn, try step(frameLimit: 256) > 0 {}
    }
}

extension Indexer {
    /// Runs `body` while nothing is taken in.
    func paused<R>(_ body: () throws(RuntimeError) -> R) throws(RuntimeError) -> R {
        let result = tail.withLock { _ -> Result<R, RuntimeError> in
            do throws(RuntimeError) { return .success(try body()) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
