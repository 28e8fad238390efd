import LogStorage
import Synchronization

/// Files in memory, for tests that open a log many thousand times and lose nothing: no cache, no crash, no fault.
final class MemoryFiles: LogFileSystem {
    private struct State {
        var files: [String: Node] = [:]
        var locked: Set<String> = []
    }

    final class Node: Sendable {
        let bytes: Mutex<[UInt8]>

        init(_ bytes: [UInt8]) {
            self.bytes = Mutex(bytes)
        }
    }

    private let state = Mutex(State())

    /// All files by path; setting them replaces everything.
    var contents: [String: [UInt8]] {
        get { state.withLock { $0.files.mapValues { $0.bytes.withLock { $0 } } } }
        set {
            let files = newValue.mapValues { Node($0) }
            state.withLock { $0 = State(files: files) }
        }
    }

    convenience init(_ contents: [String: [UInt8]]) {
        self.init()
        self.contents = contents
    }

    func createDirectory(_ path: String) {}

    func list(_ directory: String) -> [String] {
        state.withLock { state in
            state.files.keys.filter { $0.hasPrefix(directory + "/") }.map { String($0.dropFirst(directory.count + 1)) }
                .sorted()
        }
    }

    func exists(_ path: String) -> Bool { state.withLock { $0.files[path] != nil } }

    func open(_ path: String, _ mode: FileOpenMode) throws(FileSystemError) -> any LogFile {
        let node = state.withLock { state in
            if mode == .create { state.files[path] = Node([]) }
            return state.files[path]
        }
        guard let node else { throw FileSystemError(.open, path, code: 2) }
        return File(node)
    }

    func rename(_ source: String, to target: String) {
        state.withLock { $0.files[target] = $0.files.removeValue(forKey: source) }
    }

    func remove(_ path: String) {
        state.withLock { $0.files[path] = nil }
    }

    func syncDirectory(_ path: String) {}

    func lock(_ path: String, wait: Bool) throws(FileSystemError) -> any DirectoryLock {
        guard state.withLock({ $0.locked.insert(path).inserted }) else {
            throw FileSystemError(.lock, path, code: 11)
        }
        return Lock(self, path)
    }

    private final class Lock: DirectoryLock {
        private let files: MemoryFiles
        private let path: String

        init(_ files: MemoryFiles, _ path: String) {
            self.files = files
            self.path = path
        }

        func release() {
            _ = files.state.withLock { $0.locked.remove(path) }
        }
    }

    private final class File: LogFile {
        private let node: Node

        init(_ node: Node) {
            self.node = node
        }

        func read(at offset: Int, count: Int) -> [UInt8] {
            node.bytes.withLock { offset >= $0.count ? [] : Array($0[offset..<min($0.count, offset + count)]) }
        }

        func readUncached(at offset: Int, count: Int) -> [UInt8] { read(at: offset, count: count) }

        func write(_ source: UnsafeRawBufferPointer, at offset: Int) {
            node.bytes.withLock { bytes in
                let end = offset + source.count
                if bytes.count < end { bytes += [UInt8](repeating: 0, count: end - bytes.count) }
                bytes.withUnsafeMutableBytes { $0[offset..<end].copyBytes(from: source) }
            }
        }

        func syncData() {}
        func sync() {}
        func size() -> Int { node.bytes.withLock { $0.count } }

        func truncate(to size: Int) {
            node.bytes.withLock { bytes in
                if size <= bytes.count {
                    bytes.removeLast(bytes.count - size)
                } else {
                    bytes += [UInt8](repeating: 0, count: size - bytes.count)
                }
            }
        }

        func deallocate(from offset: Int) {}
        func close() {}
    }
}
