import ChildProcesses
import Foundation
import Indelible
import Testing

/// The tool as a shell sees it: what it prints, and how it ends.
@Suite struct ExitCodeTests {
    @Test func `every way to end has its code, and data alone is on standard output`() async throws {
        let log = try await Tool.makeLog()
        defer { try? FileManager.default.removeItem(atPath: log) }
        let cases: [(arguments: [String], code: Int32, output: String)] = [
            (["--help"], 0, "USAGE: indelible"),
            (["log", "verify", "--data", log], 0, "intact: "),
            (["log", "verify", "--data", log, "--json"], 0, #""intact":true"#),
            (["log", "stats", "--data", log, "--json"], 0, #""executionStarted":2"#),
            (["log", "dump", "--data", log, "--limit", "1", "--json"], 0, #""event":"executionStarted""#),
            (["log", "dump", "--data", log, "--frames"], 0, "durable below"),
            (["execution", "list", "--data", log, "--status", "succeeded"], 0, "double/one"),
            (["execution", "list", "--data", log, "--status", "running", "--json"], 0, #""name":"open""#),
            (["execution", "get", "--data", log, "double/one"], 0, "42"),
            (["execution", "history", "--data", log, "1"], 0, "executionSucceeded"),
            (["execution", "get", "--data", log, "double/two"], 1, ""),
            (["execution", "history", "--data", log, "999"], 1, ""),
            (["execution", "get", "--data", log, "no name"], 2, ""),
            (["log", "verify"], 2, ""),
            (["log", "nonsense"], 2, ""),
            (["callback", "succeed", "--data", log, "nonsense"], 2, ""),
            (["bench", "steps", "--steps", "0"], 2, ""),
            (["log", "verify", "--data", log + "/nowhere"], 3, ""),
            (["log", "verify", "--data", "/"], 3, ""),
            (["bench", "commit", "--data", log], 3, ""),
        ]
        for (arguments, code, output) in cases {
            let end = try await Tool.run(arguments)
            #expect(end.code == code, "\(arguments)")
            if output.isEmpty {
                #expect(end.output.isEmpty, "\(arguments)")
            } else {
                #expect(end.output.contains(output), "\(arguments)")
            }
        }
    }

    @Test func `what went wrong is one line that says what, where and what to do`() async throws {
        let log = try await Tool.makeLog()
        let empty = log + "-empty"
        try FileManager.default.createDirectory(atPath: empty, withIntermediateDirectories: false)
        defer { for path in [log, empty] { try? FileManager.default.removeItem(atPath: path) } }
        let cases: [(command: String, line: String)] = [
            (
                "log verify --data \(empty)",
                "\(empty) is no log: found no segment there; --data takes a directory with 00000001.segment in it"
            ),
            (
                "log stats --data /etc/passwd",
                "/etc/passwd is no log: found a file there; --data takes a directory with 00000001.segment in it"
            ),
            (
                "execution list --data \(log)-nowhere",
                "could not list \(log)-nowhere: it does not exist; check the path (errno 2)"
            ),
            (
                "execution get --data \(log) double/two",
                "no execution double/two in this log; 'indelible execution list' shows what there is"
            ),
            (
                "log dump --data \(log) >/dev/full",
                "could not write to standard output: No space left on device; what was printed is not all there is"
            ),
        ]
        for (command, line) in cases {
            #expect(try await Self.errors(of: command) == ["indelible: " + line], "\(command)")
        }
    }

    /// What a shell shows of the tool's standard error.
    private static func errors(of command: String) async throws -> [String] {
        let shell = try ChildProcess("/bin/sh", ["-c", "exec 3>&1; '\(Tool.program)' 2>&3 >/dev/null \(command)"])
        var lines: [String] = []
        for await line in shell.lines { lines.append(line) }
        _ = await shell.end
        return lines
    }

    @Test func `a callback is completed once, from the command line`() async throws {
        let log = try await Tool.makeLog()
        defer { try? FileManager.default.removeItem(atPath: log) }
        let shown = try await Tool.run(["execution", "get", "--data", log, "ask/open", "--json"]).output
        let callback = try #require(shown.firstMatch(of: /"callbackID":"([^"]+)"/)).1
        let succeed = ["callback", "succeed", "--data", log, "--result", #""yes""#, String(callback)]
        #expect(try await Tool.run(["callback", "heartbeat", "--data", log, String(callback)]).code == 0)
        #expect(try await Tool.run(succeed).code == 0)
        #expect(try await Tool.run(succeed).code == 1)
        #expect(try await Tool.run(["execution", "get", "--data", log, "ask/open"]).output.contains(#""yes""#))
    }

    @Test func `a log in use is backed up, and a backup becomes a log again`() async throws {
        let log = try await Tool.makeLog()
        let (backup, restored) = (log + "-backup", log + "-restored")
        defer { for path in [log, backup, restored] { try? FileManager.default.removeItem(atPath: path) } }
        let engine = try await DurableEngine.open(at: log)
        let backUp = ["log", "backup", "--data", log, "--to", backup]
        let first = try await Tool.run(backUp)
        #expect(first.code == 0 && first.output.contains("copied 2 segments"))
        #expect(try await Tool.run(backUp + ["--json"]).output.contains(#""copiedSegments":[2]"#))
        try await engine.close()
        let restore = ["log", "restore", "--from", backup, "--data", restored]
        #expect(try await Tool.run(restore + ["--json"]).output.contains(#""segments":2"#))
        #expect(try await Tool.run(["execution", "get", "--data", restored, "double/one"]).output.contains("42"))
        // The directory is taken now; a log is no copy of itself; a backup that went on by itself is none any more.
        #expect(try await Tool.run(restore).code == 3)
        #expect(try await Tool.run(["log", "backup", "--data", log, "--to", log + "/"]).code == 2)
        #expect(try await Tool.run(backUp).code == 0)
        #expect(try await Tool.run(["execution", "stop", "--data", backup, "ask/open"]).code == 0)
        #expect(try await Tool.run(backUp).code == 1)

        let segment = restored + "/00000001.segment"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: segment))
        bytes[8_192 + 100] ^= 0x10
        try bytes.write(to: URL(fileURLWithPath: segment))
        #expect(try await Tool.run(["log", "restore", "--from", restored, "--data", log + "-more"]).code == 1)
        #expect(try await Tool.run(["log", "backup", "--data", restored, "--to", log + "-more"]).code == 1)
    }

    @Test func `a damaged log is salvaged, and the new one says what is missing`() async throws {
        let log = try await Tool.makeLog()
        let (whole, salvaged) = (log + "-whole", log + "-salvaged")
        defer { for path in [log, whole, salvaged] { try? FileManager.default.removeItem(atPath: path) } }
        #expect(try await Tool.run(["log", "salvage", "--data", log, "--to", whole]).code == 0)
        #expect(try await Tool.run(["execution", "get", "--data", whole, "double/one"]).output.contains("42"))
        // The last byte of the frame that holds a step's result: what is before it in the frame says whose it was.
        let segment = log + "/00000001.segment"
        let records = try await Tool.run(["log", "dump", "--data", log, "--json"]).output.split(separator: "\n")
        let record = try #require(records.first { $0.contains(#""event":"stepSucceeded""#) })
        let offset = try #require(record.firstMatch(of: /"frameOffset":([0-9]+)/)).1
        let frames = try await Tool.run(["log", "dump", "--data", log, "--frames", "--json"]).output
        let frame = try #require(frames.split(separator: "\n").first { $0.contains("\"offset\":\(offset),") })
        let byteCount = try #require(frame.firstMatch(of: /"byteCount":([0-9]+)/)).1
        var bytes = try Data(contentsOf: URL(fileURLWithPath: segment))
        let end = try #require(Int(offset)) + #require(Int(byteCount))
        bytes[end - 1] ^= 0x10
        try bytes.write(to: URL(fileURLWithPath: segment))
        let report = try await Tool.run(["log", "salvage", "--data", log, "--to", salvaged, "--json"])
        #expect(report.code == 1)
        #expect(report.output.contains(#""type":"summary""#) && report.output.contains(#""type":"problem""#))
        #expect(report.output.contains(#""name":"one""#) && report.output.contains(#""standing":"ended""#))
        let dump = try await Tool.run(["log", "dump", "--data", salvaged])
        #expect(dump.code == 0 && dump.output.contains("lost before this log was salvaged"))
        #expect(try await Tool.run(["execution", "get", "--data", salvaged, "double/one"]).output.contains("42"))
        #expect(try await Tool.run(["execution", "get", "--data", salvaged, "ask/open"]).output.contains("callback"))
        #expect(try await Tool.run(["log", "salvage", "--data", log, "--to", salvaged]).code == 3)
    }

    @Test func `a flipped byte is found and named, and a log in use is said to be`() async throws {
        let log = try await Tool.makeLog()
        defer { try? FileManager.default.removeItem(atPath: log) }
        let engine = try await DurableEngine.open(at: log)
        let shown = try await Tool.run(["execution", "get", "--data", log, "ask/open", "--json"])
        #expect(shown.code == 0)
        let callback = try #require(shown.output.firstMatch(of: /"callbackID":"([^"]+)"/)).1
        #expect(try await Tool.run(["callback", "succeed", "--data", log, String(callback)]).code == 3)
        try await engine.close()

        let segment = log + "/00000001.segment"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: segment))
        bytes[8_192 + 100] ^= 0x10
        try bytes.write(to: URL(fileURLWithPath: segment))
        let verified = try await Tool.run(["log", "verify", "--data", log])
        #expect(verified.code == 1)
        #expect(verified.output.contains("DAMAGED  segment 1 at byte 8192: the frame's "))
        #expect(try await Tool.run(["execution", "list", "--data", log]).code == 1)
    }
}
