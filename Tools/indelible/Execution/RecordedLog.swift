import EngineRuntime
import ExecutionEngine
import ExecutionModel
import LogStorage

/// The engine's state as the log in a directory tells it now, without a lock and without opening an engine.
struct RecordedLog {
    private(set) var engine = EngineState(limits: .embedded)
    /// When the last event was recorded: the time at which the state is looked at.
    private(set) var lastTime = Timestamp(millisecondsSinceEpoch: 0)

    init(directory: String) throws {
        try LogReading.records(in: directory) { record in
            let event = try RecordedEvent(readable: record)
            do throws(RecordError) {
                try engine.recover(event)
            } catch {
                throw ToolFailure(RuntimeError.impossibleRecord(lsn: event.lsn, error))
            }
            lastTime = max(lastTime, event.time)
        }
    }

    /// The execution that `selector` names.
    func execution(_ selector: ExecutionSelector) throws -> ExecutionState {
        let number: ExecutionNumber? =
            switch selector {
            case .number(let number): number
            case .id(let id): engine.execution(id.number)?.id == id ? id.number : nil
            case .name(let function, let name): engine.number(function: function, name: name)
            }
        guard let number, let execution = engine.execution(number) else {
            throw ToolFailure(
                .no, "no execution \(selector) in this log; 'indelible execution list' shows what there is")
        }
        return execution
    }
}

extension RecordedEvent {
    /// Decodes a record of an intact frame.
    init(readable record: LogRecord) throws {
        do {
            try self.init(decoding: record)
        } catch {
            throw ToolFailure(error)
        }
    }
}
