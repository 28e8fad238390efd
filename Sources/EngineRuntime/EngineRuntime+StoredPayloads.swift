import ExecutionEngine
import ExecutionModel
import LogStorage

/// Payloads that a state does not hold, but names: see ``Payload/stored(lsn:length:)``. Whoever is outside the engine gets
/// the bytes; they are read where they are handed over, on a thread of their own and never under the engine's lock.
extension EngineRuntime {
    /// The bytes of a payload: its own, or those of the record that it names.
    ///
    /// - Parameter number: The execution whose record it is: needed where a compaction has copied that to another file.
    /// - Throws: ``RuntimeError/log(_:)`` when the record cannot be read; ``RuntimeError/payloadMissing(lsn:length:)``.
    package func resolve(_ payload: Payload, of number: ExecutionNumber) async throws(RuntimeError) -> [UInt8] {
        switch payload {
        case .inline(let bytes): return bytes
        case .stored(let lsn, let length):
            return try await readingPayloads { runtime throws(RuntimeError) in
                try runtime.payload(at: LSN(lsn), length: length, of: number)
            }
        }
    }

    /// The payload with its bytes in memory.
    func inMemory(_ payload: Payload?, of number: ExecutionNumber) async throws(RuntimeError) -> Payload? {
        guard let payload, payload.isStored else { return payload }
        return .inline(try await resolve(payload, of: number))
    }

    /// The rows with the bytes of the execution's input in memory. Results stay where they are: whoever is handed the rows has
    /// those that it wants with ``resolve(_:of:)``.
    func withInput(in operations: [Operation], of number: ExecutionNumber) async throws(RuntimeError) -> [Operation] {
        // Nearly always nothing is stored, and then nothing is copied or waited for.
        guard let index = operations.firstIndex(where: \.hasStoredInput),
            case .execution(let input, let cancelRequest) = operations[index].details
        else { return operations }
        var operations = operations
        operations[index].details = .execution(
            input: try await inMemory(input, of: number), cancelRequest: cancelRequest)
        return operations
    }

    func inMemory(_ summaries: [ExecutionSummary]) async throws(RuntimeError) -> [ExecutionSummary] {
        guard summaries.contains(where: { $0.input.isStored || $0.result.isStored }) else { return summaries }
        return try await readingPayloads { runtime throws(RuntimeError) in
            var summaries = summaries
            for index in summaries.indices {
                let number = summaries[index].id.number
                summaries[index].input = try runtime.read(summaries[index].input, of: number)
                summaries[index].result = try runtime.read(summaries[index].result, of: number)
            }
            return summaries
        }
    }

    func inMemory(_ summary: ExecutionSummary) async throws(RuntimeError) -> ExecutionSummary {
        guard summary.input.isStored || summary.result.isStored else { return summary }
        return try await inMemory([summary])[0]
    }

    func withInput(
        in reply: CheckpointReply, of number: ExecutionNumber
    ) async throws(RuntimeError) -> CheckpointReply {
        var reply = reply
        reply.operations = try await withInput(in: reply.operations, of: number)
        return reply
    }

    /// Runs an invocation's handler, or goes on with the one that was parked, with its input in memory.
    ///
    /// An invocation whose input cannot be read has failed, and says why: it is tried again, and the log is not read over.
    func run(
        _ invocation: Invocation, _ registration: FunctionRegistration, _ parked: (any ParkedHandler)?
    ) async -> InvocationOutcome? {
        var invocation = invocation
        do throws(RuntimeError) {
            let number = invocation.execution.number
            invocation.operations = try await withInput(in: invocation.operations, of: number)
            invocation.start.input = try await inMemory(invocation.start.input, of: number)
        } catch {
            parked?.drop()
            return .crashed(ErrorObject(message: "\(error)", type: Self.payloadUnreadableType))
        }
        if let parked { return await parked.resume(invocation) }
        return await registration.invoke(invocation)
    }

    /// What the record calls an invocation's error when a payload could not be read.
    package static let payloadUnreadableType = "Runtime.PayloadUnreadable"

    /// A virtual clock does not move meanwhile: who waits for bytes has not come to rest.
    private func readingPayloads<Result: Sendable>(
        _ body: @escaping @Sendable (EngineRuntime) throws(RuntimeError) -> Result
    ) async throws(RuntimeError) -> Result {
        beginActivity()
        defer { endActivity() }
        return try await seams.blocking { [self] () throws(RuntimeError) in try body(self) }
    }
}

extension EngineRuntime {
    /// The payload of the record at `lsn`. Blocks.
    fileprivate func payload(at lsn: LSN, length: Int, of number: ExecutionNumber) throws(RuntimeError) -> [UInt8] {
        let record: LogRecord
        do throws(LogError) {
            record = try log.record(at: lsn)
        } catch {
            // Its segment may have been compacted: then the index knows the copy.
            guard let copy = try reader.record(at: lsn, of: number) else { throw .log(error) }
            record = copy
        }
        guard case .inline(let bytes)? = try RecordedEvent(decoding: record).event.payload, bytes.count == length else {
            throw .payloadMissing(lsn: lsn.rawValue, length: length)
        }
        return bytes
    }

    fileprivate func read(_ payload: Payload?, of number: ExecutionNumber) throws(RuntimeError) -> Payload? {
        guard case .stored(let lsn, let length)? = payload else { return payload }
        return .inline(try self.payload(at: LSN(lsn), length: length, of: number))
    }
}

extension Operation {
    fileprivate var hasStoredInput: Bool {
        guard case .execution(let input, _) = details else { return false }
        return input.isStored
    }
}

extension Payload? {
    fileprivate var isStored: Bool { self?.isStored ?? false }
}

/// A stored payload, and its bytes.
struct LoadedPayload: Sendable {
    var payload: Payload
    var bytes: [UInt8]
}

/// What a turn came to that may need the bytes of a stored payload to decide.
enum StartAttempt: Sendable {
    case done(StartReply)
    /// Nothing was decided: the bytes of this payload of an execution come first.
    case needs(Payload, of: ExecutionNumber)
}

extension EngineRuntime {
    /// Tries to start an execution until the bytes are there that the decision rests on. Each try is a turn of its own, so what
    /// the one before has seen may have changed: another input of another execution then.
    func comparingInputs(
        _ attempt: (LoadedPayload?) async throws(RuntimeError) -> StartAttempt
    ) async throws(RuntimeError) -> StartReply {
        var loaded: LoadedPayload?
        while true {
            switch try await attempt(loaded) {
            case .done(let reply): return reply
            case .needs(let payload, let number):
                loaded = LoadedPayload(payload: payload, bytes: try await resolve(payload, of: number))
            }
        }
    }
}
