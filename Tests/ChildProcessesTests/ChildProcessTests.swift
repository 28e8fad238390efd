import ChildProcesses
import Testing

@Suite struct ChildProcessTests {
    @Test func `its lines come in order, and its code in the end`() async throws {
        let child = try ChildProcess("/bin/sh", ["-c", "echo one; echo two; exit 7"])
        var lines: [String] = []
        for await line in child.lines { lines.append(line) }
        #expect(lines == ["one", "two"])
        #expect(await child.end == .exited(7))
        #expect(child.hasEnded)
    }

    @Test func `it is killed while it runs`() async throws {
        let child = try ChildProcess("/bin/sh", ["-c", "echo ready; read line"])
        for await _ in child.lines { child.kill() }
        #expect(await child.end == .signalled(9))
        child.kill()
    }

    @Test func `a program that is not there is named`() {
        #expect(throws: SpawnError.self) { try ChildProcess("/no/such/program", []) }
    }

    @Test func `ending it by SIGTERM is an error when it says so`() async throws {
        let child = try ChildProcess("/bin/sh", ["-c", "trap 'exit 3' TERM; echo ready; while :; do sleep 0.02; done"])
        for await _ in child.lines {
            await #expect(throws: UnexpectedEnd.self) { try await child.end() }
        }
    }
}
