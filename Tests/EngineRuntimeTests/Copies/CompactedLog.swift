import ExecutionEngine
import ExecutionModel
import LogStorage
import Testing

@testable import EngineRuntime

/// A log of which most has been compacted, and what anybody could see of it then: executions that wait, have ended, were
/// trimmed and were deleted, in segments that were dropped, in such that were not, and in the tail.
struct CompactedLog {
    let rig: CompactingRig
    let runtime: EngineRuntime
    private var random: SplitMix64
    private var waiting: [ExecutionID] = []
    private(set) var deleted: Set<ExecutionNumber> = []
    private var count = 0

    init(seed: UInt64, disk: SimulatedDisk = SimulatedDisk()) async throws {
        rig = CompactingRig(disk: disk)
        runtime = try await rig.open()
        random = SplitMix64(seed: seed)
    }

    /// Records a good deal, and compacts most of it.
    mutating func goOn() async throws {
        var ids: [ExecutionID] = []
        for index in 0..<9 {
            count += 1
            ids.append(try await rig.waiting(runtime, "n\(count)", byteCount: 2_000, &random))
            if index == 4 { try rig.snapshot(runtime) }
        }
        if let old = waiting.first { try await rig.end(runtime, old, [9]) }
        for id in ids.prefix(3) { try await rig.end(runtime, id, [UInt8](repeating: 1, count: 3_000)) }
        rig.rig.clock.advance(by: 6_000)
        for id in ids.prefix(3) {
            while try await runtime.summary(id.number).historyTrimTime == nil { try await runtime.passTime() }
        }
        for id in ids[3..<7] { try await rig.end(runtime, id, [UInt8](repeating: 2, count: 3_000)) }
        for id in ids[3..<6] {
            try await runtime.delete(id)
            deleted.insert(id.number)
        }
        try rig.settle(runtime)
        waiting = Array(ids[7...])
        // A tail that no manifest covers.
        count += 1
        waiting.append(try await rig.waiting(runtime, "n\(count)", byteCount: 6_000, &random))
        // So much as the maintenance goes on with by itself.
        await runtime.quiet()
        try await runtime.durable(before: runtime.log.nextLSN)
    }

    /// What is dead, and was not compacted yet.
    mutating func leaveDeadBehind(_ runs: Int) async throws {
        for _ in 0..<runs {
            count += 1
            let id = try await rig.waiting(runtime, "d\(count)", byteCount: 7_000, &random)
            try await rig.end(runtime, id)
            try await runtime.delete(id)
            deleted.insert(id.number)
            count += 1
            waiting.append(try await rig.waiting(runtime, "n\(count)", byteCount: 500, &random))
        }
        try rig.snapshot(runtime)
    }

    var time: Timestamp { rig.rig.clock.now() }
}

extension SimulatedDisk {
    /// A disk with the files of a directory as its log.
    func holding(_ directory: String) throws -> SimulatedDisk {
        let disk = SimulatedDisk()
        try disk.createDirectory("log")
        for name in try list(directory) where name != SegmentNames.lock {
            disk.replace("log/" + name, with: try #require(contents(of: directory + "/" + name)))
        }
        return disk
    }
}

/// Opens the log that a directory holds, at a time, and says what is seen.
func seen(_ directory: String, on disk: SimulatedDisk, at time: Timestamp) async throws -> Seen {
    let rig = CompactingRig(disk: try disk.holding(directory))
    rig.rig.clock.advance(by: time.since(rig.rig.clock.now()).rawValue)
    let runtime = try await rig.open()
    let seen = try await Seen(runtime)
    #expect(try runtime.accountingViolation() == nil)
    try await runtime.close(grace: .zero)
    return seen
}

/// Files of another file system, with something done before each call.
final class HookedFiles: LogFileSystem {
    private let files: any LogFileSystem
    private let before: @Sendable () -> Void

    init(_ files: any LogFileSystem, before: @escaping @Sendable () -> Void) {
        self.files = files
        self.before = before
    }

    func createDirectory(_ path: String) throws(FileSystemError) {
        before()
        try files.createDirectory(path)
    }
    func list(_ directory: String) throws(FileSystemError) -> [String] {
        before()
        return try files.list(directory)
    }
    func exists(_ path: String) throws(FileSystemError) -> Bool {
        before()
        return try files.exists(path)
    }
    func open(_ path: String, _ mode: FileOpenMode) throws(FileSystemError) -> any LogFile {
        before()
        return try files.open(path, mode)
    }
    func rename(_ source: String, to target: String) throws(FileSystemError) {
        before()
        try files.rename(source, to: target)
    }
    func remove(_ path: String) throws(FileSystemError) {
        before()
        try files.remove(path)
    }
    func syncDirectory(_ path: String) throws(FileSystemError) {
        before()
        try files.syncDirectory(path)
    }
    func lock(_ path: String, wait: Bool) throws(FileSystemError) -> any DirectoryLock {
        before()
        return try files.lock(path, wait: wait)
    }
}
