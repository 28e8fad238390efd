import ExecutionEngine
import ExecutionModel
import LogStorage
import Testing

@testable import EngineRuntime

/// A log is damaged in every way that a test can think of, salvaged, and compared with what it was.
@Suite(.serialized) struct LogSalvageTests {
    // MARK: The log, and what it was

    /// Two steps, then a callback; ends with the callback's result.
    private static func pay(_ calls: Calls) -> FunctionRegistration {
        FunctionRegistration(name: "pay") { invocation in
            calls.note("invoked \(invocation.execution.number.rawValue)")
            let session = invocation.session()
            if invocation.row("3")?.status == .succeeded { return .succeeded(result: [3]) }
            do {
                for id in ["1", "2"] where invocation.row(id) == nil {
                    let step = OperationIdentity.step(id)
                    try await session.checkpoint([OperationUpdate(step, .start)])
                    try await session.checkpoint([
                        OperationUpdate(step, .succeed, payload: noise(id))
                    ])
                }
                if invocation.row("3") == nil {
                    try await session.checkpoint([OperationUpdate(.callback("3"), .start)])
                }
            } catch {
                return nil
            }
            return .pending
        }
    }

    /// Bytes that do not compress.
    private static func noise(_ id: String) -> [UInt8] {
        (0..<500).map { UInt8(truncatingIfNeeded: UInt64($0 + 7 * id.utf8.count) &* 0x9E37_79B9_7F4A_7C15 >> 40) }
    }

    private static var options: RuntimeOptions {
        var options = Rig.options
        options.log.segmentSizes = [16 << 10]
        options.log.unforcedWriteDelay = 0
        return options
    }

    /// A log of some executions, every other of which has ended.
    private static func makeLog(_ count: Int = 22) async throws -> SimulatedDisk {
        let rig = Rig()
        let runtime = try await rig.open([pay(rig.calls)], options: options)
        for index in 0..<count {
            let id = try await runtime.start(function: "pay", name: "order-\(index)", input: [UInt8(index)]).id
            try await runtime.suspended(id.number)
            guard index % 2 == 0 else { continue }
            try await runtime.complete(try await callback(of: id.number, runtime), .succeed([UInt8(index)]))
            _ = try await runtime.end(of: id.number)
        }
        await runtime.quiet()
        try await runtime.close(grace: .zero)
        return rig.disk
    }

    /// The id of the third operation.
    private static func callback(of number: ExecutionNumber, _ runtime: EngineRuntime) async throws -> CallbackID {
        guard case .executionStarted(let start) = try await runtime.history(number).first?.event else {
            throw RuntimeError.unknownExecution(number)
        }
        return CallbackID(execution: number, ordinal: OperationOrdinal(2), secret: start.secret)
    }

    private static func records(_ directory: String, _ files: any LogFileSystem) throws -> [LogRecord] {
        var records: [LogRecord] = []
        try LogInspector(directory: directory, fileSystem: files).forEachRecord { records.append($0) }
        return records
    }

    private static func salvage(
        _ files: any LogFileSystem, runsDoubtful: Bool = false
    ) throws(SalvageError) -> SalvageReport {
        try LogSalvage(of: "log", to: "new", runsDoubtful: runsDoubtful, options: options.log, fileSystem: files).run(
            now: Timestamp(millisecondsSinceEpoch: 1_800_000_000_000), seed: 3)
    }

    // MARK: What must hold of every salvage

    /// Salvages the log on the disk, and says what is wrong with what came of it; nil: nothing.
    private static func complaint(_ disk: SimulatedDisk, _ original: [LogRecord], files: (any LogFileSystem)? = nil)
        throws -> String?
    {
        let before = try disk.list("log").map { disk.contents(of: "log/" + $0) }
        let report = try salvage(files ?? disk)
        if try disk.list("log").map({ disk.contents(of: "log/" + $0) }) != before { return "the original was changed" }
        let verified = try LogInspector(directory: "new", fileSystem: disk).verify()
        if !verified.isIntact { return "the new log is damaged: \(verified.problems)" }
        if verified.nextLSN != report.nextLSN || verified.logID != report.newLogID { return "the report is wrong" }
        let new = try records("new", disk)
        var engine = EngineState(limits: .embedded)
        for record in new {
            do { try engine.recover(try RecordedEvent(decoding: record)) } catch {
                return "record \(record.lsn.rawValue) of the new log is impossible: \(error)"
            }
        }
        let byLSN = Dictionary(uniqueKeysWithValues: original.map { ($0.lsn, $0) })
        let kept = new.filter { $0.lsn < report.oldNextLSN }
        if let wrong = kept.first(where: { byLSN[$0.lsn] != $0 }) { return "record \(wrong.lsn.rawValue) was altered" }
        if report.isComplete && kept.count != original.count {
            return "records are missing, and the report says none is"
        }
        if report.keptCount != kept.count || report.addedCount != new.count - kept.count {
            return "the counts are wrong"
        }
        let damaged = Dictionary(uniqueKeysWithValues: report.damaged.map { ($0.number, $0) })
        let keptOf = Dictionary(grouping: kept, by: \.execution)
        for (number, history) in Dictionary(grouping: original, by: \.execution) {
            let isWhole = keptOf[number] == history
            guard let state = engine.execution(ExecutionNumber(number)) else {
                if damaged[number] == nil && keptOf[number] != nil {
                    return "execution \(number) is gone without a word"
                }
                continue
            }
            let mayRun = !state.status.isTerminal && state.status != .paused
            if mayRun && !isWhole { return "execution \(number) would run on from a history with a hole" }
            if mayRun && damaged[number] != nil { return "execution \(number) would run on though it is doubtful" }
            if isWhole && damaged[number] == nil && state.status == .paused {
                return "execution \(number) is held though it is whole"
            }
            if !isWhole && damaged[number] == nil { return "execution \(number) lost records without a word" }
        }
        return nil
    }

    private static func flipped(_ disk: SimulatedDisk, _ path: String, _ offset: Int, bit: UInt8 = 4) throws
        -> SimulatedDisk
    {
        let copy = disk.afterProcessKill()
        var bytes = try #require(copy.contents(of: path))
        bytes[offset] ^= 1 << bit
        copy.replace(path, with: bytes)
        return copy
    }

    // MARK: Tests

    @Test func `an intact log is salvaged whole`() async throws {
        let disk = try await Self.makeLog()
        let original = try Self.records("log", disk)
        #expect(try Self.complaint(disk, original) == nil)
        #expect(try Self.records("new", disk) == original)
        #expect(throws: SalvageError.self) { try Self.salvage(disk) }
    }

    @Test func `a bit flipped anywhere loses little, and nothing runs on from a hole`() async throws {
        let disk = try await Self.makeLog()
        let original = try Self.records("log", disk)
        let report = try LogInspector(directory: "log", fileSystem: disk).verify()
        #expect(report.segments.count > 1)
        for segment in report.segments {
            let path = "log/" + SegmentNames.segment(segment.number)
            let offsets =
                Array(stride(from: 0, to: 8_192, by: 13).prefix(12)) + Array(stride(from: 130, to: 8_192, by: 1_009))
                + Array(stride(from: 8_192, to: segment.end, by: 127))
            for offset in offsets {
                let damaged = try Self.flipped(disk, path, offset)
                let complaint = try Self.complaint(damaged, original)
                #expect(complaint == nil, "segment \(segment.number), byte \(offset)")
            }
        }
    }

    @Test func `a flipped bit in the header of a segment loses no record, unless it is the salt`() async throws {
        let disk = try await Self.makeLog()
        let original = try Self.records("log", disk)
        for offset in [0, 12, 16, 41, 60, 90, 110, 113, 2_000, 4_100, 8_000] {
            let damaged = try Self.flipped(disk, "log/00000002.segment", offset)
            let report = try Self.salvage(damaged)
            #expect(report.keptCount == original.count && report.isComplete, "byte \(offset)")
        }
        let report = try Self.salvage(try Self.flipped(disk, "log/00000002.segment", 65))
        #expect(report.keptCount < original.count && report.unreadableSegments == [2])
    }

    @Test func `bodies that are lost are known by their directory, and hold up no other execution`() async throws {
        let disk = try await Self.makeLog()
        var last: (path: String, offset: Int, entry: RecordBatch.Entry)?
        try LogInspector(directory: "log", fileSystem: disk).forEachFrame { located in
            guard located.segment == 1, let entry = located.frame.entries.first, entry.kind == 0x31 else { return }
            let body = located.offset + FrameHeader.encodedByteCount + located.frame.header.directoryLength
            last = ("log/00000001.segment", body, entry)
        }
        let (path, offset, entry) = try #require(last)
        let damaged = try Self.flipped(disk, path, offset)
        let report = try Self.salvage(damaged)
        #expect(report.unknown.isEmpty && report.lostBodyCount == 1)
        #expect(report.damaged.map(\.number) == [entry.execution])
        let execution = try #require(report.damaged.first)
        #expect(execution.missing == [entry.sequence...entry.sequence] && execution.function == "pay")
        let side = String(decoding: try #require(damaged.contents(of: "new/damaged.jsonl")), as: UTF8.self)
        #expect(side.split(separator: "\n").count == execution.found.reduce(0) { $0 + $1.count })
        #expect(side.contains(#""event":"executionStarted""#))
    }

    @Test func `missing, cut and unreadable segments are salvaged around`() async throws {
        let disk = try await Self.makeLog()
        let original = try Self.records("log", disk)
        let names = try disk.list("log").filter { $0.hasSuffix(".segment") }
        for name in names {
            let missing = disk.afterProcessKill()
            missing.lose("log/" + name)
            // Nobody can know that the newest one was there.
            if name != names.last { #expect(try Self.complaint(missing, original) == nil, "\(name) missing") }
            let bytes = try #require(disk.contents(of: "log/" + name))
            for length in [0, 100, 8_192, 8_300, 9_000, 12_000] where length < bytes.count {
                let cut = disk.afterProcessKill()
                cut.replace("log/" + name, with: Array(bytes.prefix(length)))
                #expect(try Self.complaint(cut, original) == nil, "\(name) cut to \(length)")
            }
        }
        let refusing = RefusingFiles(disk, path: "log/00000002.segment", from: 9_000, to: 9_100)
        #expect(try Self.complaint(disk, original, files: refusing) == nil)
    }

    @Test func `what was open when records were lost without a trace is held, unless somebody vouches for it`()
        async throws
    {
        let disk = try await Self.makeLog()
        // The header of the last frame of records: all that was open before may have been in it.
        var offset = 0
        var path = ""
        try LogInspector(directory: "log", fileSystem: disk).forEachFrame { located in
            guard !located.frame.header.isSyncPoint else { return }
            (path, offset) = ("log/" + SegmentNames.segment(located.segment), located.offset)
        }
        let damaged = try Self.flipped(disk, path, offset + 25)
        let vouched = damaged.afterProcessKill()
        let report = try Self.salvage(damaged)
        #expect(report.unknown.count == 1 && !report.damaged.isEmpty)
        #expect(report.damaged.allSatisfy { $0.standing == .heldDoubtful })
        let rig = Rig(disk: damaged)
        let calls = Calls()
        let runtime = try await EngineRuntime.open(
            at: "new", options: Self.options, functions: [Self.pay(calls)],
            seams: Seams(fileSystem: rig.disk, clock: rig.clock, seed: 9, runsTimers: false))
        await runtime.quiet()
        for execution in report.damaged {
            let summary = try await runtime.summary(ExecutionNumber(execution.number))
            #expect(summary.standing == .paused)
            #expect(summary.pause?.request.reason?.hasPrefix("salvaged: ") ?? false)
            #expect(calls.count("invoked \(execution.number)") == 0)
        }
        // Whoever has made sure lets it go on.
        let number = ExecutionNumber(try #require(report.damaged.first).number)
        try await runtime.resume(try await runtime.summary(number).id, reason: "the provider was asked")
        try await runtime.complete(try await Self.callback(of: number, runtime), .succeed([1]))
        #expect(try await runtime.end(of: number).status == .succeeded)
        try await runtime.close(grace: .zero)
        #expect(try LogInspector(directory: "new", fileSystem: damaged).verify().isIntact)

        #expect(try Self.salvage(vouched, runsDoubtful: true).addedCount == 0)
    }

    @Test func `power loss during a salvage leaves no directory that an engine opens`() async throws {
        let made = try await Self.makeLog(4)
        let disk = SimulatedDisk(recordsCrashPoints: true)
        try disk.createDirectory("log")
        for name in try made.list("log") {
            disk.replace("log/" + name, with: try #require(made.contents(of: "log/" + name)))
        }
        var bytes = try #require(disk.contents(of: "log/00000001.segment"))
        bytes[9_000] ^= 16
        disk.replace("log/00000001.segment", with: bytes)
        let report = try Self.salvage(disk)
        for point in disk.crashPoints {
            let crashed = point.disk(seed: UInt64(point.operationCount))
            guard (try? crashed.list("new").contains("incomplete")) ?? false else { continue }
            let rig = Rig(disk: crashed)
            let runtime = try? await EngineRuntime.open(
                at: "new", options: Self.options,
                seams: Seams(fileSystem: crashed, clock: rig.clock, seed: 9, runsTimers: false))
            guard let runtime else { continue }
            #expect(runtime.log.nextLSN >= report.nextLSN, "call \(point.operationCount) (\(point.operation))")
            try await runtime.close(grace: .zero)
        }
    }
}

/// A device that cannot read a part of a file.
private final class RefusingFiles: LogFileSystem {
    private let disk: SimulatedDisk
    private let path: String
    private let range: Range<Int>

    init(_ disk: SimulatedDisk, path: String, from: Int, to: Int) {
        self.disk = disk
        self.path = path
        range = from..<to
    }

    func createDirectory(_ path: String) throws(FileSystemError) { try disk.createDirectory(path) }
    func list(_ directory: String) throws(FileSystemError) -> [String] { try disk.list(directory) }
    func exists(_ path: String) throws(FileSystemError) -> Bool { try disk.exists(path) }
    func rename(_ source: String, to target: String) throws(FileSystemError) { try disk.rename(source, to: target) }
    func remove(_ path: String) throws(FileSystemError) { try disk.remove(path) }
    func syncDirectory(_ path: String) throws(FileSystemError) { try disk.syncDirectory(path) }
    func lock(_ path: String, wait: Bool) throws(FileSystemError) -> any DirectoryLock {
        try disk.lock(path, wait: wait)
    }

    func open(_ path: String, _ mode: FileOpenMode) throws(FileSystemError) -> any LogFile {
        let file = try disk.open(path, mode)
        return path == self.path ? RefusingFile(file, path, range) : file
    }
}

private final class RefusingFile: LogFile {
    private let file: any LogFile
    private let path: String
    private let range: Range<Int>

    init(_ file: any LogFile, _ path: String, _ range: Range<Int>) {
        self.file = file
        self.path = path
        self.range = range
    }

    func read(at offset: Int, count: Int) throws(FileSystemError) -> [UInt8] {
        if range.overlaps(offset..<offset + count) { throw FileSystemError(.read, path, code: 5) }
        return try file.read(at: offset, count: count)
    }

    func readUncached(at offset: Int, count: Int) throws(FileSystemError) -> [UInt8] {
        try read(at: offset, count: count)
    }
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileSystemError) {
        try file.write(bytes, at: offset)
    }
    func syncData() throws(FileSystemError) { try file.syncData() }
    func sync() throws(FileSystemError) { try file.sync() }
    func size() throws(FileSystemError) -> Int { try file.size() }
    func truncate(to size: Int) throws(FileSystemError) { try file.truncate(to: size) }
    func deallocate(from offset: Int) throws(FileSystemError) { try file.deallocate(from: offset) }
    func close() { file.close() }
}
