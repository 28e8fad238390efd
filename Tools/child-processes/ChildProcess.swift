import Foundation
import Synchronization

/// A process of ours. Its standard input stays open as long as this process lives and is what tells it that we are gone;
/// its standard error is ours.
package final class ChildProcess: Sendable {
    package enum End: Equatable, Sendable {
        case exited(Int32)
        case signalled(Int32)
    }

    /// The lines of its standard output, until it ends.
    package let lines: AsyncStream<String>

    private let process: Process
    private let input = Pipe()
    private let ended: AsyncStream<End>
    private let result = Mutex<End?>(nil)

    package init(_ path: String, _ arguments: [String]) throws {
        let output = Pipe()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardInput = input
        process.standardOutput = output
        let (ended, end) = AsyncStream.makeStream(of: End.self)
        process.terminationHandler = { process in
            end.yield(
                process.terminationReason == .exit
                    ? .exited(process.terminationStatus) : .signalled(process.terminationStatus))
            end.finish()
        }
        self.process = process
        self.ended = ended
        let (lines, line) = AsyncStream.makeStream(of: String.self)
        self.lines = lines
        try process.run()
        try output.fileHandleForWriting.close()

        // A thread of its own: reading a pipe blocks, and the pool's threads are few.
        let reading = output.fileHandleForReading
        Thread.detachNewThread {
            var rest = Data()
            // An error ends it as the end does.
            while let data = try? reading.read(upToCount: 64 << 10), !data.isEmpty {
                rest += data
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    line.yield(String(decoding: rest[rest.startIndex..<end], as: UTF8.self))
                    rest = Data(rest[(end + 1)...])
                }
            }
            line.finish()
        }
    }

    package var hasEnded: Bool { !process.isRunning }

    /// How it ended; suspends until it has.
    package var end: End {
        get async {
            for await end in ended { result.withLock { $0 = end } }
            return result.withLock { $0 } ?? .signalled(SIGKILL)
        }
    }

    /// SIGKILL, to this process alone. Nothing when it has ended.
    package func kill() {
        if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
    }

    /// SIGTERM, then waits for its end.
    package func end() async throws {
        if process.isRunning { process.terminate() }
        let end = await end
        if end != .exited(0) { throw UnexpectedEnd(program: process.executableURL!.lastPathComponent, end: end) }
    }
}

/// A process did not end with code 0, though it was asked to end.
package struct UnexpectedEnd: Error, CustomStringConvertible {
    package var program: String
    package var end: ChildProcess.End

    package var description: String { "\(program) ended with \(end); what it said stands above" }
}
