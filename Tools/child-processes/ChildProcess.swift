import Foundation
import Synchronization

/// A process of ours. Its standard input stays open as long as this process lives and is what tells it that we are gone;
/// its standard error is ours. It has a process group of its own, so that a terminal's Ctrl-C reaches us alone.
///
/// Foundation's `Process` is not used: on Linux it takes a process for ended when it was started on a task's thread.
package final class ChildProcess: Sendable {
    package enum End: Equatable, Sendable {
        case exited(Int32)
        case signalled(Int32)
    }

    /// The lines of its standard output, until it ends.
    package let lines: AsyncStream<String>

    private let name: String
    private let state: Mutex<State>

    private struct State {
        var pid: pid_t
        /// Our end of its standard input.
        var input: Int32
        var end: End?
        var waiting: [CheckedContinuation<End, Never>] = []
    }

    package init(_ path: String, _ arguments: [String]) throws {
        let (pid, input, output) = try Self.spawning.withLock { _ in try Self.start(path, arguments) }
        name = URL(fileURLWithPath: path).lastPathComponent
        state = Mutex(State(pid: pid, input: input))
        let (lines, line) = AsyncStream.makeStream(of: String.self)
        self.lines = lines
        // Threads of their own: reading a pipe and waiting for a process block, and the pool's threads are few.
        Thread.detachNewThread { Self.readLines(output, line) }
        Thread.detachNewThread { [self] in reap(pid) }
    }

    package var hasEnded: Bool { state.withLock { $0.end != nil } }

    /// How it ended; suspends until it has.
    package var end: End {
        get async {
            await withCheckedContinuation { continuation in
                let end = state.withLock { state in
                    if state.end == nil { state.waiting.append(continuation) }
                    return state.end
                }
                if let end { continuation.resume(returning: end) }
            }
        }
    }

    /// SIGKILL, to this process alone. Nothing when it has ended.
    package func kill() { signal(SIGKILL) }

    /// SIGTERM, then waits for its end.
    package func end() async throws {
        signal(SIGTERM)
        let end = await end
        if end != .exited(0) { throw UnexpectedEnd(program: name, end: end) }
    }

    private func signal(_ number: Int32) {
        // Under the lock, and the process is reaped under it too: its number cannot be another's by now.
        state.withLock { state in
            if state.end == nil { _ = Foundation.kill(state.pid, number) }
        }
    }

    private func reap(_ pid: pid_t) {
        var information = siginfo_t()
        while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) != 0 && errno == EINTR {}
        let (end, waiting) = state.withLock { state in
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
            let number = status & 0x7F
            let end = number == 0 ? End.exited(status >> 8 & 0xFF) : End.signalled(number)
            state.end = end
            close(state.input)
            let waiting = state.waiting
            state.waiting = []
            return (end, waiting)
        }
        for continuation in waiting { continuation.resume(returning: end) }
    }
}

extension ChildProcess {
    /// Held from the making of a pipe to the start of its process: between the two, another would inherit it.
    private static let spawning = Mutex<Void>(())

    /// - Returns: Our ends of its standard input and output too.
    private static func start(
        _ path: String, _ arguments: [String]
    ) throws -> (pid: pid_t, input: Int32, output: Int32) {
        let input = try pipe()
        let output = try pipe()
        defer {
            close(input.reading)
            close(output.writing)
        }
        do {
            let pid = try spawn(path, arguments, input: input.reading, output: output.writing)
            return (pid, input.writing, output.reading)
        } catch {
            close(input.writing)
            close(output.reading)
            throw error
        }
    }

    private static func pipe() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [0, 0]
        guard Foundation.pipe(&ends) == 0 else { throw SpawnError(program: "pipe", code: errno) }
        // No other child of ours may hold an end open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func spawn(_ path: String, _ arguments: [String], input: Int32, output: Int32) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // What we ignore would be ignored there too.
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP) | Int16(POSIX_SPAWN_SETSIGDEF))

        var words = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var pid = pid_t()
        let code = posix_spawn(&pid, path, &actions, &attributes, &words, environ)
        guard code == 0 else { throw SpawnError(program: path, code: code) }
        return pid
    }

    private static func readLines(_ descriptor: Int32, _ lines: AsyncStream<String>.Continuation) {
        var rest: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            rest += buffer[..<count]
            var start = 0
            while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
                lines.yield(String(decoding: rest[start..<end], as: UTF8.self))
                start = end + 1
            }
            rest.removeFirst(start)
        }
        close(descriptor)
        lines.finish()
    }
}

package struct SpawnError: Error, CustomStringConvertible {
    package var program: String
    package var code: Int32

    package var description: String { "\(program) cannot be started: \(String(cString: strerror(code)))" }
}

/// A process did not end with code 0, though it was asked to end.
package struct UnexpectedEnd: Error, CustomStringConvertible {
    package var program: String
    package var end: ChildProcess.End

    package var description: String { "\(program) ended with \(end); what it said stands above" }
}
