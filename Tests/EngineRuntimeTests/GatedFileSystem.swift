import LogStorage
import Synchronization

/// A file system whose syncs wait at a gate, so that a test can look at the moment between written and durable.
final class GatedFileSystem: LogFileSystem {
    private let base: any LogFileSystem
    let gate = Gate()

    init(_ base: any LogFileSystem) {
        self.base = base
    }

    /// Open at first. While it is closed, syncs wait.
    final class Gate: Sendable {
        private struct State {
            var isClosed = false
            var waitingCount = 0
            var onWaiting: CheckedContinuation<Void, Never>?
        }

        private let state = Mutex(State())
        private let passes = WakeSignal()

        func close() { state.withLock { $0.isClosed = true } }

        func open() {
            let count = state.withLock { state in
                state.isClosed = false
                return state.waitingCount
            }
            for _ in 0..<count { passes.post() }
        }

        /// Suspends until a sync waits at the closed gate.
        func somebodyWaits() async {
            await withCheckedContinuation { continuation in
                let isThere = state.withLock { state in
                    if state.waitingCount > 0 { return true }
                    state.onWaiting = continuation
                    return false
                }
                if isThere { continuation.resume() }
            }
        }

        func pass() {
            let (mustWait, observer) = state.withLock { state in
                guard state.isClosed else { return (false, nil as CheckedContinuation<Void, Never>?) }
                state.waitingCount += 1
                defer { state.onWaiting = nil }
                return (true, state.onWaiting)
            }
            observer?.resume()
            guard mustWait else { return }
            passes.wait(milliseconds: nil)
            state.withLock { $0.waitingCount -= 1 }
        }
    }

    private final class File: LogFile {
        let base: any LogFile
        let gate: Gate

        init(base: any LogFile, gate: Gate) {
            self.base = base
            self.gate = gate
        }

        func read(at offset: Int, count: Int) throws(FileSystemError) -> [UInt8] {
            try base.read(at: offset, count: count)
        }
        func readUncached(at offset: Int, count: Int) throws(FileSystemError) -> [UInt8] {
            try base.readUncached(at: offset, count: count)
        }
        func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileSystemError) {
            try base.write(bytes, at: offset)
        }
        func syncData() throws(FileSystemError) {
            gate.pass()
            try base.syncData()
        }
        func sync() throws(FileSystemError) {
            gate.pass()
            try base.sync()
        }
        func size() throws(FileSystemError) -> Int { try base.size() }
        func truncate(to size: Int) throws(FileSystemError) { try base.truncate(to: size) }
        func deallocate(from offset: Int) throws(FileSystemError) { try base.deallocate(from: offset) }
        func close() { base.close() }
    }

    func createDirectory(_ path: String) throws(FileSystemError) { try base.createDirectory(path) }
    func list(_ directory: String) throws(FileSystemError) -> [String] { try base.list(directory) }
    func exists(_ path: String) throws(FileSystemError) -> Bool { try base.exists(path) }
    func open(_ path: String, _ mode: FileOpenMode) throws(FileSystemError) -> any LogFile {
        File(base: try base.open(path, mode), gate: gate)
    }
    func rename(_ source: String, to target: String) throws(FileSystemError) { try base.rename(source, to: target) }
    func remove(_ path: String) throws(FileSystemError) { try base.remove(path) }
    func syncDirectory(_ path: String) throws(FileSystemError) { try base.syncDirectory(path) }
    func lock(_ path: String, wait: Bool) throws(FileSystemError) -> any DirectoryLock {
        try base.lock(path, wait: wait)
    }
}
