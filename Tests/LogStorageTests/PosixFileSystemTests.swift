import Foundation
import Testing

@testable import LogStorage

@Suite struct PosixFileSystemTests {
    let files = PosixFileSystem()

    /// Runs `body` in a directory of its own, which is removed after.
    private func inDirectory(_ body: (String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "log-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: directory) }
        try body(directory.path(percentEncoded: false))
    }

    private func expect(_ reason: FileSystemError.Reason, _ body: () throws -> Void) {
        #expect {
            try body()
        } throws: { error in
            (error as? FileSystemError)?.reason == reason
        }
    }

    @Test func `a directory is made with its parents, and again without harm`() throws {
        try inDirectory { root in
            for _ in 0..<2 {
                try files.createDirectory(root + "/a/b/c/")
                #expect(try files.list(root + "/a/b") == ["c"])
            }
        }
    }

    @Test func `a file in a directory's place is named`() throws {
        try inDirectory { root in
            try files.open(root + "/file", .create).close()
            expect(.notADirectory) { try files.createDirectory(root + "/file") }
            expect(.notADirectory) { _ = try files.list(root + "/file") }
            expect(.notADirectory) { try files.createDirectory(root + "/file/below") }
        }
    }

    @Test func `names are listed in the order of their bytes`() throws {
        try inDirectory { root in
            for name in ["b", "a", "B", "00000010.segment", "00000009.segment"] {
                try files.open(root + "/" + name, .create).close()
            }
            #expect(try files.list(root) == ["00000009.segment", "00000010.segment", "B", "a", "b"])
        }
    }

    @Test func `opening tells what is missing from what is there already`() throws {
        try inDirectory { root in
            let path = root + "/file"
            #expect(try !files.exists(path))
            expect(.notFound) { _ = try files.open(path, .readWrite) }
            expect(.notFound) { _ = try files.open(path, .read) }
            expect(.notFound) { try files.remove(path) }
            try files.open(path, .create).close()
            #expect(try files.exists(path))
            expect(.alreadyExists) { _ = try files.open(path, .create) }
            try files.rename(path, to: path + "2")
            try files.syncDirectory(root)
            #expect(try files.list(root) == ["file2"])
            try files.remove(path + "2")
            #expect(try files.list(root) == [])
        }
    }

    @Test func `bytes written are read, cached and past the cache, at any offset`() throws {
        try inDirectory { root in
            let file = try files.open(root + "/file", .create)
            var generator = SplitMix64(seed: 3)
            let bytes = (0..<20_000).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            try file.write(Array(bytes[..<7_000]), at: 0)
            try file.syncData()
            try file.write(Array(bytes[7_000...]), at: 7_000)
            try file.sync()
            #expect(try file.size() == 20_000)
            for (offset, count) in [(0, 20_000), (1, 4_095), (4_095, 2), (4_096, 4_096), (19_999, 1), (19_999, 9)] {
                let expected = Array(bytes[offset..<min(20_000, offset + count)])
                #expect(try file.read(at: offset, count: count) == expected)
                #expect(try file.readUncached(at: offset, count: count) == expected)
            }
            #expect(try file.read(at: 20_000, count: 5) == [])
            #expect(try file.readUncached(at: 20_001, count: 5) == [])
            #expect(try file.readUncached(at: 50_000, count: 5) == [])
        }
    }

    @Test func `a read past the cache sees what was written and not synced`() throws {
        try inDirectory { root in
            let file = try files.open(root + "/file", .create)
            try file.write([1, 2, 3], at: 0)
            #expect(try file.readUncached(at: 0, count: 9) == [1, 2, 3])
            // The name it was opened by is gone.
            try files.rename(root + "/file", to: root + "/other")
            try file.write([4], at: 3)
            #expect(try file.readUncached(at: 0, count: 9) == [1, 2, 3, 4])
        }
    }

    @Test func `a cut file ends there, a longer one ends in zeros, a given back tail reads as zeros`() throws {
        try inDirectory { root in
            let file = try files.open(root + "/file", .create)
            try file.write([UInt8](repeating: 7, count: 10_000), at: 0)
            try file.deallocate(from: 5_000)
            #expect(try file.size() == 10_000)
            let tail = try file.read(at: 4_999, count: 5_001)
            #expect(tail[0] == 7)
            // Not every file system can.
            #expect(tail.dropFirst().allSatisfy { $0 == 0 } || tail.allSatisfy { $0 == 7 })
            try file.truncate(to: 100)
            #expect(try file.read(at: 0, count: 1_000).count == 100)
            try file.truncate(to: 200)
            #expect(try file.read(at: 99, count: 1_000) == [7] + [UInt8](repeating: 0, count: 100))
            try file.deallocate(from: 200)
        }
    }

    @Test func `writing to a file opened for reading is an error that names it`() throws {
        try inDirectory { root in
            try files.open(root + "/file", .create).close()
            let file = try files.open(root + "/file", .read)
            #expect(throws: FileSystemError(.write, root + "/file", code: EBADF)) { try file.write([1], at: 0) }
        }
    }

    @Test func `a second lock is refused in the same process until the first is released`() throws {
        try inDirectory { root in
            let path = root + "/lock"
            let first = try files.lock(path, wait: false)
            expect(.locked) { _ = try files.lock(path, wait: false) }
            first.release()
            first.release()
            let second = try files.lock(path, wait: true)
            expect(.locked) { _ = try files.lock(path, wait: false) }
            withExtendedLifetime(second) {}
        }
    }

    @Test func `a waiting lock is granted when the holder releases it`() throws {
        try inDirectory { root in
            let path = root + "/lock"
            let holder = try files.lock(path, wait: false)
            let waiter = Thread.detachedLock(path)
            holder.release()
            #expect(waiter.wait())
        }
    }

    #if os(Linux)
        /// Asks for the lock in another process, by the same call: 37 is F_OFD_SETLK.
        private static let lockScript = """
            open(my $file, '+<', $ARGV[0]) or exit 4;
            my $lock = pack('ssx4qqix4', 1, 0, 0, 0, 0);
            exit(fcntl($file, 37, $lock) ? 0 : 3);
            """

        @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/perl")))
        func `another process is refused while the lock is held`() throws {
            try inDirectory { root in
                let path = root + "/lock"
                let lock = try files.lock(path, wait: false)
                #expect(ChildProcess("/usr/bin/perl", "-e", Self.lockScript, path).exitCode() == 3)
                lock.release()
                #expect(ChildProcess("/usr/bin/perl", "-e", Self.lockScript, path).exitCode() == 0)
            }
        }
    #endif

    #if os(Linux)
        @Test func `a started process does not inherit the lock`() throws {
            try inDirectory { root in
                let path = root + "/lock"
                let lock = try files.lock(path, wait: false)
                let child = ChildProcess("/bin/sleep", "600")
                defer { child.kill() }
                let folder = "/proc/\(child.id)/fd"
                // What the child's own start opens and closes may be gone between the two calls.
                let open = try FileManager.default.contentsOfDirectory(atPath: folder).compactMap {
                    try? FileManager.default.destinationOfSymbolicLink(atPath: folder + "/" + $0)
                }
                #expect(!open.contains { $0.hasSuffix("/lock") }, "\(open)")
                lock.release()
            }
        }
    #endif
}

/// A process started with our descriptors, but for those that close on exec. (Foundation's closes all of them.)
private struct ChildProcess {
    let id: pid_t

    init(_ executable: String, _ arguments: String...) {
        var id: pid_t = 0
        let words = ([executable] + arguments).map { strdup($0) }
        defer { words.forEach { free($0) } }
        let code = posix_spawn(&id, executable, nil, nil, words + [nil], environ)
        precondition(code == 0, "could not start \(executable)")
        self.id = id
    }

    func exitCode() -> Int32 {
        var status: Int32 = 0
        waitpid(id, &status, 0)
        return (status >> 8) & 0xFF
    }

    func kill() {
        _ = Foundation.kill(id, SIGKILL)
        _ = exitCode()
    }
}

extension Thread {
    /// Takes and releases the lock on a thread of its own. `wait` tells whether it got it.
    fileprivate static func detachedLock(_ path: String) -> LockWaiter {
        let waiter = LockWaiter()
        detachNewThread {
            waiter.finish(gotLock: (try? PosixFileSystem().lock(path, wait: true))?.release() != nil)
        }
        return waiter
    }
}

// @unchecked: `gotLock` is written before the signal and read after the wait.
private final class LockWaiter: @unchecked Sendable {
    private let done = DispatchSemaphore(value: 0)
    private var gotLock = false

    func finish(gotLock: Bool) {
        self.gotLock = gotLock
        done.signal()
    }

    func wait() -> Bool {
        done.wait()
        return gotLock
    }
}
