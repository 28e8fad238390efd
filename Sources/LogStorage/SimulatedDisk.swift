import Synchronization

/// A disk in memory with a page cache in front of it, which fails and loses power on demand. Same calls and same seed,
/// same bytes.
///
/// What it models, at its most hostile within what Linux and POSIX allow:
/// - Written bytes are seen at once, and durable once `syncData` or `sync` of their file returned. Until then each
///   512-byte sector may reach the disk or not, by itself, in any version written since; never mixed within a sector.
/// - A file's size is durable after `sync` of the file, a name after `syncDirectory`; neither is atomic with the bytes. A
///   rename is atomic.
/// - A sync that fails leaves a part of what it was to write on the disk and forgets the rest: no later sync writes it,
///   while reads through the cache go on showing it. `readUncached` shows what the disk holds.
/// - A sync that lies reports success and has written nothing: a drive that has not flushed its cache. A later sync of the
///   same file that does not lie writes it.
/// - A write that fails has written any part. A full disk fails writes that need room, after writing what fits.
///
/// A crash is a value: ``crashed(seed:)`` is the disk that a machine finds after the power came back, and
/// ``crashPoints`` holds the disk after every call that changed it. Copies share what they have in common.
package final class SimulatedDisk: LogFileSystem {
    private let image: Mutex<DiskImage>

    /// - Parameters:
    ///   - seed: Decides which part of a failing call is done.
    ///   - capacity: Bytes of content that fit. Zeros written take room; what was never written, or given back, does not.
    ///   - recordsCrashPoints: Fills ``crashPoints``.
    package convenience init(seed: UInt64 = 0, capacity: Int = .max, recordsCrashPoints: Bool = false) {
        self.init(DiskImage(seed: seed, capacity: capacity, recordsCrashPoints: recordsCrashPoints))
    }

    init(_ image: DiskImage) {
        self.image = Mutex(image)
    }

    // MARK: Crashes

    /// The disk after power was lost now: what was durable, and a legal part of what was not. Locks are gone.
    package func crashed(seed: UInt64) -> SimulatedDisk {
        SimulatedDisk(image.withLock { $0.afterPowerLoss(seed: seed) })
    }

    /// The disk after the process was killed now: everything written is still there, synced or not. Locks are gone.
    package func afterProcessKill() -> SimulatedDisk {
        SimulatedDisk(image.withLock { $0.afterProcessKill() })
    }

    /// The disk after each call that changed something, in order, the failed ones included.
    package var crashPoints: [CrashPoint] {
        image.withLock { $0.crashPoints }
    }

    // MARK: Failures

    /// Makes a call of the class fail: the `nth` from now, counted from 1, and with `persists` all after it.
    package func fail(
        nth: Int, of operations: DiskOperation.Class, code: Int32, persists: Bool = false
    ) {
        precondition(nth >= 1, "calls are counted from 1")
        image.withLock { image in
            image.failures.append(
                DiskFailure(operations: operations, callsLeft: nth, code: code, persists: persists))
        }
    }

    /// Makes a sync lie: the `nth` from now, counted from 1 and without those that fail, and with `persists` all after it.
    package func lie(nth: Int, persists: Bool = false) {
        precondition(nth >= 1, "calls are counted from 1")
        image.withLock { $0.lie = DiskFailure(operations: .sync, callsLeft: nth, code: 0, persists: persists) }
    }

    /// Whether a sync has lied since the power last came back: what was said to be durable may not be.
    package var hasLied: Bool {
        image.withLock { $0.hasLied }
    }

    /// Ends all failures and lies that were asked for.
    package func stopFailing() {
        image.withLock { image in
            image.failures = []
            image.lie = nil
        }
    }

    /// The bytes of content that fit; may be set below what is used.
    package var capacity: Int {
        get { image.withLock { $0.capacity } }
        set { image.withLock { $0.capacity = newValue } }
    }

    /// The bytes of content that are used, in whole sectors.
    package var usedByteCount: Int {
        image.withLock { $0.usedByteCount }
    }

    // MARK: What happened, and what is there

    /// All calls so far, in order.
    package var operations: [DiskOperation] {
        image.withLock { $0.operations }
    }

    /// How many calls of the class there were.
    package func operationCount(_ operations: DiskOperation.Class = .any) -> Int {
        image.withLock { image in
            operations == .any
                ? image.operations.count : image.operations.count { operations.contains($0.operation) }
        }
    }

    /// The bytes of a file as reads see them; nil when there is none. No call of its own.
    package func contents(of path: String) -> [UInt8]? {
        image.withLock { image in
            image.find(path).map { image.files[$0]!.cached.read(at: 0, count: .max) }
        }
    }

    /// Puts a durable file in place, as damage, an operator or another program would. No call of its own.
    package func replace(_ path: String, with bytes: [UInt8]) {
        image.withLock { $0.replace(path, with: bytes) }
    }

    /// Removes a file durably, in the same way.
    package func lose(_ path: String) {
        image.withLock { $0.lose(path) }
    }
}

extension SimulatedDisk {
    package func createDirectory(_ path: String) throws(FileSystemError) {
        try perform { image throws(FileSystemError) in try image.createDirectory(path) }
    }

    package func list(_ directory: String) throws(FileSystemError) -> [String] {
        try perform { image throws(FileSystemError) in try image.list(directory) }
    }

    package func exists(_ path: String) throws(FileSystemError) -> Bool {
        try perform { image throws(FileSystemError) in try image.exists(path) }
    }

    package func open(_ path: String, _ mode: FileOpenMode) throws(FileSystemError) -> any LogFile {
        let number = try perform { image throws(FileSystemError) in try image.open(path, mode) }
        return SimulatedFile(disk: self, number: number, path: path, isWritable: mode != .read)
    }

    package func rename(_ source: String, to target: String) throws(FileSystemError) {
        try perform { image throws(FileSystemError) in try image.rename(source, to: target) }
    }

    package func remove(_ path: String) throws(FileSystemError) {
        try perform { image throws(FileSystemError) in try image.remove(path) }
    }

    package func syncDirectory(_ path: String) throws(FileSystemError) {
        try perform { image throws(FileSystemError) in try image.syncDirectory(path) }
    }

    /// Waiting for a lock that is held is refused like not waiting: under simulation nobody could release it meanwhile.
    package func lock(_ path: String, wait: Bool) throws(FileSystemError) -> any DirectoryLock {
        try perform { image throws(FileSystemError) in try image.lock(path) }
        return SimulatedLock(disk: self, path: path)
    }

    func unlock(_ path: String) {
        image.withLock { _ = $0.locks.remove(path) }
    }

    func perform<Result: Sendable>(
        _ body: (inout DiskImage) throws(FileSystemError) -> Result
    ) throws(FileSystemError) -> Result {
        try image.withLock { image throws(FileSystemError) in try body(&image) }
    }
}

/// The disk as it was after one call.
package struct CrashPoint: Sendable {
    /// How many calls had been made.
    package let operationCount: Int
    package let operation: DiskOperation
    let image: DiskImage

    /// What a machine finds when power was lost here; see ``SimulatedDisk/crashed(seed:)``.
    package func disk(seed: UInt64) -> SimulatedDisk {
        SimulatedDisk(image.afterPowerLoss(seed: seed))
    }

    /// What a new process finds when the old one was killed here.
    package func diskAfterProcessKill() -> SimulatedDisk {
        SimulatedDisk(image.afterProcessKill())
    }
}
