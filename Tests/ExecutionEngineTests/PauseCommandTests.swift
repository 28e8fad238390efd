import ExecutionModel
import Testing

@testable import ExecutionEngine

/// When a pause or a resumption is refused, what a stop does to them, and how a history shows them.
@Suite struct PauseCommandTests {
    /// An execution of that status.
    static func driver(_ status: ExecutionStatus) throws -> EngineDriver {
        let driver = EngineDriver.invoked(timeout: Milliseconds(1_000))
        switch status {
        case .running: break
        case .pausing: try driver.pause()
        case .paused:
            try driver.pause()
            try driver.checkpoint([])
        case .succeeded: driver.finish(.succeeded(result: nil))
        case .failed: driver.finish(.failed(nil))
        case .timedOut: driver.advance(by: 1_000)
        case .stopped: _ = try driver.stop()
        }
        #expect(driver.execution.status == status)
        return driver
    }

    @Test(
        arguments: [
            (.running, nil, "Cannot resume an execution that is RUNNING."),
            (.pausing, "Cannot pause an execution that is PAUSING.", nil),
            (.paused, "Cannot pause an execution that is PAUSED.", nil),
            (
                .succeeded, "Cannot pause an execution that is SUCCEEDED.",
                "Cannot resume an execution that is SUCCEEDED."
            ),
            (.failed, "Cannot pause an execution that is FAILED.", "Cannot resume an execution that is FAILED."),
            (
                .timedOut, "Cannot pause an execution that is TIMED_OUT.",
                "Cannot resume an execution that is TIMED_OUT."
            ),
            (.stopped, "Cannot pause an execution that is STOPPED.", "Cannot resume an execution that is STOPPED."),
        ] as [(ExecutionStatus, String?, String?)])
    func `in any other status they are refused and record nothing`(
        status: ExecutionStatus, pause: String?, resume: String?
    ) throws {
        func refusal(_ command: (EngineDriver) throws(EngineError) -> Void) throws -> String? {
            let driver = try Self.driver(status)
            let count = driver.records.count
            do {
                try command(driver)
                return nil
            } catch {
                #expect(error.code == .resourceConflict)
                #expect(driver.records.count == count)
                return error.message
            }
        }
        #expect(try refusal { driver throws(EngineError) in try driver.pause() } == pause)
        #expect(try refusal { driver throws(EngineError) in try driver.resume() } == resume)
    }

    @Test(
        arguments: [
            (String(repeating: "r", count: 1_024), true), (String(repeating: "r", count: 1_025), false),
            (String(repeating: "𝄞", count: 1_024), true), ("", true),
            // One character each, of seven and of 25 bytes.
            (String(repeating: "e\u{301}\u{302}\u{303}", count: 586), false),
            (String(repeating: "👨‍👩‍👧‍👦", count: 164), false), (String(repeating: "👨‍👩‍👧‍👦", count: 163), true),
        ])
    func `a reason has 1,024 characters of four bytes at most`(reason: String, isTaken: Bool) throws {
        for (status, command) in [
            (.running, { driver throws(EngineError) in try driver.pause(PauseRequest(reason: reason)) }),
            (.paused, { driver throws(EngineError) in try driver.resume(reason: reason) }),
            (.running, { driver throws(EngineError) in try driver.cancel(reason: reason) }),
        ] as [(ExecutionStatus, (EngineDriver) throws(EngineError) -> Void)] {
            let driver = try Self.driver(status)
            let count = driver.records.count
            do {
                try command(driver)
                #expect(isTaken)
            } catch {
                #expect(!isTaken)
                #expect(error == EngineError(.invalidParameterValue, "Invalid Reason: at most 1024 characters."))
                #expect(driver.records.count == count)
            }
        }
    }

    @Test(arguments: [.pausing, .paused] as [ExecutionStatus])
    func `a stop ends it all the same`(status: ExecutionStatus) throws {
        let driver = try Self.driver(status)
        _ = try driver.stop()
        #expect(driver.execution.status == .stopped)
        #expect(driver.execution.pauseRequest == nil)
        #expect(driver.effects == [.cancelInvocation, .executionEnded])
        driver.finish(.pending)
        #expect(driver.kinds.suffix(2) == [.executionStopped, .invocationCompleted])
        #expect(driver.records.last?.event == .invocationCompleted(.ignored(error: nil)))
    }

    @Test func `a stop between invocations ends a pause and cancels nothing`() throws {
        let driver = EngineDriver.started()
        try driver.pause()
        _ = try driver.stop()
        #expect(driver.effects == [.executionEnded])
        #expect(driver.readiness == .ended)
    }

    @Test func `a history shows when the pause was asked for, and when it came`() throws {
        let driver = EngineDriver.invoked()
        let request = PauseRequest(reason: "audit", pausesTimeout: false)
        let asked = driver.now
        try driver.pause(request)
        driver.now = driver.now.adding(Milliseconds(500))
        let came = driver.now
        try driver.checkpoint([.wait("1")])
        driver.now = driver.now.adding(Milliseconds(200))
        let resumed = driver.now
        try driver.resume(reason: "done")
        driver.finish(.pending)
        // Asked for and taken back: nothing came of it.
        _ = driver.invoke()
        try driver.pause(PauseRequest(reason: "once more"))
        try driver.resume(reason: "no")
        driver.finish(.succeeded(result: nil))

        let history = try HistoryProjection.history(of: driver.records, includesInternal: true)
        #expect(
            history.map(\.typeName) == [
                "ExecutionStarted", "InvocationStarted", "ExecutionPauseRequested", "WaitStarted", "ExecutionPaused",
                "ExecutionResumed", "InvocationCompleted", "InvocationStarted", "ExecutionPauseRequested",
                "ExecutionPauseCancelled", "InvocationCompleted", "ExecutionSucceeded",
            ])
        #expect(history.map(\.eventID) == [1, nil, nil, 2, 3, 4, 5, nil, nil, nil, 6, 7])
        let (paused, resumption) = (history[4], history[5])
        #expect(paused.time == came)
        #expect(paused.details == .executionPaused(requestTime: asked, request))
        #expect(resumption.time == resumed)
        #expect(resumption.details == .executionResumed(requestTime: resumed, reason: "done"))
        #expect(paused.operation == nil && resumption.operation == nil)
        #expect(history[2].details == .executionPauseRequested(request))
        #expect(history[9].details == .executionPauseCancelled(reason: "no"))
    }

    @Test func `a pause that nobody asked for is no history`() throws {
        let driver = EngineDriver.started()
        try driver.pause()
        let records = [driver.records[0], driver.records[2]].enumerated().map { index, record in
            var record = record
            record.sequence = UInt32(index + 1)
            return record
        }
        #expect(throws: RecordError.status(.running)) { try HistoryProjection.history(of: records) }
    }
}
