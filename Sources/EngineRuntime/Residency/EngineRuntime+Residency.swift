import ExecutionEngine
import ExecutionModel
import LogStorage
import Synchronization

extension EngineRuntime {
    /// Runs `body` while the execution, if there is one of that number, is in memory.
    func about<R>(
        _ number: ExecutionNumber, _ body: () async throws(RuntimeError) -> R
    ) async throws(RuntimeError) -> R {
        try await pin(number)
        defer { unpin(number) }
        return try await body()
    }

    /// Has an execution in memory until ``unpin(_:)``, if there is one of that number.
    func pin(_ number: ExecutionNumber) async throws(RuntimeError) {
        let isSettled = core.withLock { core in
            core.pins.add(number)
            return core.isSettled(number)
        }
        // Of what is not in memory, only what was recorded before can be on the disk.
        guard !isSettled, number.rawValue < log.nextLSN.rawValue else { return }
        do throws(RuntimeError) {
            try await loader.bringIn(.execution(number), for: self)
        } catch {
            unpin(number)
            throw error
        }
    }

    func unpin(_ number: ExecutionNumber) {
        core.withLock { $0.pins.remove(number) }
    }

    /// Runs `body` while every execution of `function` with this name is in memory. Nil: no name in particular.
    func about<R>(
        name: String?, of function: String, _ body: () async throws(RuntimeError) -> R
    ) async throws(RuntimeError) -> R {
        guard let name else { return try await body() }
        let hash = NameHash.of(function: function, name: name)
        let isResident = core.withLock { core in
            core.pins.add(nameHash: hash)
            return core.engine.number(function: function, name: name) != nil
        }
        defer { core.withLock { $0.pins.remove(nameHash: hash) } }
        if !isResident, index.mayHaveNames { try await loader.bringIn(.name(hash), for: self) }
        return try await body()
    }

    /// Reads what is wished from the disk and takes it up. For the loader: it blocks.
    ///
    /// - Returns: Nil: the log has no room for what the executions may have to record, for the moment.
    func load(_ wishes: [ExecutionLoader.Wish]) -> [Result<Void, RuntimeError>]? {
        let room = Self.timerByteCount * wishes.count + Self.launchByteCount * Core.launchesPerTurn
        do throws(LogError) {
            guard try log.tryReserve(byteCount: room, .completion) else { return nil }
        } catch {
            return wishes.map { _ in .failure(note(error)) }
        }
        var executions: [LoadedExecution] = []
        var results: [Result<Void, RuntimeError>] = []
        for wish in wishes {
            do throws(RuntimeError) {
                for number in try numbers(wish) where !core.withLock({ $0.isSettled(number) }) {
                    if let execution = try reader.execution(number) { executions.append(execution) }
                }
                results.append(.success(()))
            } catch {
                noteUnreadable(wish, error)
                results.append(.failure(error))
            }
        }
        turn(reservation: room) { (core, turn) throws(RuntimeError) in
            turn.launchLimit = Core.launchesPerTurn
            for execution in executions { core.install(execution, in: &turn) }
        } done: { _ in
        }
        counts.withLock { $0.loadedCount += executions.count }
        return results
    }

    /// How long after a read that failed the disk is asked again.
    private static let rereadDelay = Milliseconds(1_000)

    private func numbers(_ wish: ExecutionLoader.Wish) throws(RuntimeError) -> [ExecutionNumber] {
        switch wish {
        case .execution(let number): return [number]
        case .name(let hash):
            do throws(IndexError) { return try index.numbers(nameHash: hash) } catch { throw .index(error) }
        }
    }

    /// An execution that cannot be read stays where it is, and whoever asks for it hears why; the others go on. Where the disk has
    /// not answered it is asked again: the execution may be due, and nobody else would.
    private func noteUnreadable(_ wish: ExecutionLoader.Wish, _ error: RuntimeError) {
        noteIndexFailure(error)
        guard case .execution(let number) = wish else { return }
        core.withLock { $0.unreadable[number] = error }
        guard error.isOfStorage else { return }
        let ahead = options.maintenance.loadAhead
        feed.postpone(number, to: seams.clock.now().adding(ahead).adding(Self.rereadDelay))
        timerLoop.wake()
    }
}
