import EngineRuntime
import ExecutionEngine
import ExecutionModel
import LogStorage

/// The engine's state as the log in a directory tells it now, without a lock and without opening an engine.
struct RecordedLog {
    private(set) var engine = EngineState(limits: .embedded)
    /// When the last event was recorded: the time at which the state is looked at.
    private(set) var lastTime = Timestamp(millisecondsSinceEpoch: 0)

    private let recorded: RecordedExecutions

    init(directory: String) throws {
        // Says of a directory that is no log what is there instead.
        _ = try LogReading.inspector(directory)
        do throws(RuntimeError) {
            recorded = try RecordedExecutions.read(from: directory, fileSystem: PosixFileSystem())
            for number in try recorded.numbers() {
                if let state = try recorded.execution(number) { engine.install(state) }
            }
        } catch {
            throw ToolFailure(error)
        }
        lastTime = recorded.lastTime
    }

    /// Every event of an execution, in order.
    func history(of number: ExecutionNumber) throws -> [RecordedEvent] {
        do throws(RuntimeError) { return try recorded.history(of: number) } catch { throw ToolFailure(error) }
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
