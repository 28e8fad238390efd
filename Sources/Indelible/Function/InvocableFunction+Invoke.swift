import ExecutionModel
import Logging

extension InvocableFunction {
    /// Runs the handler once over what the history holds, and says what it came to.
    ///
    /// Cancelling the task that calls this takes the invocation back: the handler's task is cancelled, and no error that
    /// it then throws counts. The answer comes when the handler has ended or waits, or is parked for good.
    package func invoke(_ input: HandlerInput) async -> HandlerOutcome {
        await invoke(input, parking: nil)
    }

    func invoke(_ input: HandlerInput, parking: ParkingSpace?) async -> HandlerOutcome {
        guard case .execution(let payload, _) = input.operations.first?.details else {
            preconditionFailure("the first row of an invocation is its execution's")
        }
        let bytes = payload?.inlineBytes
        switch code {
        case .plain(let handle):
            return await runPlain(input, bytes, handle)
        case .durable(let handle):
            let run = HandlerRun(self, input, parking: parking)
            let isReplaying = input.operations.count > 1
            await run.instruments?.invocationStarted()
            return await run.begin { await self.runHandler(handle, bytes, in: run, isReplaying: isReplaying) }
        }
    }

    private func runHandler(
        _ handle: @Sendable ([UInt8]?, DurableContext) async throws -> [UInt8]?, _ input: [UInt8]?,
        in run: HandlerRun, isReplaying: Bool
    ) async -> HandlerOutcome {
        let context = DurableContext(
            run, strand: run.root, prefix: nil, parentID: nil, isReplaying: isReplaying,
            lastTime: run.execution.startTime)
        defer { context.close() }
        do {
            let result = try await handle(input, context)
            return try await run.finish(result)
        } catch let error as SerdesError where error.code == .unavailable {
            return .crashed(RecordedError(error).object)
        } catch {
            return .failed(RecordedError(error).object)
        }
    }

    private func runPlain(
        _ input: HandlerInput, _ bytes: [UInt8]?,
        _ handle: @escaping @Sendable ([UInt8]?, SerdesPlace) async throws -> [UInt8]?
    ) async -> HandlerOutcome {
        let instruments = Instruments(input, isFirst: true, payload: bytes)
        await instruments?.invocationStarted()
        let outcome: HandlerOutcome
        do {
            outcome = .succeeded(result: try await handle(bytes, SerdesPlace(input.execution)))
        } catch {
            // What a cancelled body throws says nothing about the call.
            outcome = Task.isCancelled ? .abandoned : .failed(RecordedError(error).object)
        }
        await instruments?.invocationEnded(outcome)
        return outcome
    }
}

extension HandlerRun {
    /// What AWS Lambda returns from an invocation at most: a longer result is recorded by a checkpoint.
    static let resultLengthMax = (6 << 20) - 50

    /// Ends the execution with a result: by the invocation's own end, or by a checkpoint where it is too long for that.
    func finish(_ result: [UInt8]?) async throws -> HandlerOutcome {
        guard let result, result.count > Self.resultLengthMax, !isSuspending else { return .succeeded(result: result) }
        let identity = OperationIdentity(id: OperationID("execution-result"), type: .execution)
        do {
            try await checkpoint([OperationUpdate(identity, .succeed, payload: result)], forced: true, on: root)
        } catch let refusal as RefusedUpdate {
            return .failed(refusal.error)
        }
        return .succeeded(result: nil)
    }
}
