import ExecutionModel
import Testing

@testable import ExecutionEngine

/// How a pause puts off the execution's own timeout. SPEC.md, "Pause".
@Suite struct PauseTimeoutTests {
    /// An execution with ten seconds, of at most so many; times are milliseconds after its start.
    private final class Course {
        let driver: EngineDriver
        private let start: Timestamp

        init(timeout: Int64? = 10_000, atMost limit: Int64 = 1_000_000) {
            var limits = Limits.embedded
            limits.delayMax = Milliseconds(limit)
            driver = .started(limits: limits, timeout: timeout.map { Milliseconds($0) })
            start = driver.now
        }

        func at(_ time: Int64, _ body: (EngineDriver) throws -> Void) rethrows {
            driver.advance(by: time - driver.now.since(start).rawValue)
            try body(driver)
        }

        var due: Int64? { driver.execution.executionDue?.since(start).rawValue }
        var end: Int64? { driver.execution.endTime?.since(start).rawValue }
        var status: ExecutionStatus { driver.execution.status }
    }

    @Test func `the timeout is put off by the time that each pause takes`() throws {
        let course = Course()
        try course.at(4_000) { try $0.pause() }
        try course.at(104_000) { try $0.resume() }
        #expect(course.due == 110_000)
        try course.at(105_000) { try $0.pause() }
        try course.at(105_500) { try $0.resume() }
        #expect(course.due == 110_500)
        course.at(110_499) { #expect($0.execution.status == .running) }
        course.at(120_000) { _ in }
        #expect(course.end == 110_500)
        #expect(course.driver.execution.error?.message == "Execution timed out after 10 seconds.")
    }

    @Test func `the time that it is pausing counts as before`() throws {
        let course = Course()
        _ = course.driver.invoke()
        try course.at(4_000) { try $0.pause() }
        #expect(course.due == 10_000)
        try course.at(6_000) { try $0.checkpoint([]) }
        try course.at(16_000) { try $0.resume() }
        #expect(course.due == 20_000)
        course.at(20_000) { _ in }
        #expect(course.end == 20_000)
    }

    @Test func `it is over while pausing when its time is up`() throws {
        let course = Course()
        _ = course.driver.invoke()
        try course.at(4_000) { try $0.pause() }
        course.at(30_000) { _ in }
        #expect(course.end == 10_000)
        #expect(course.driver.effects == [.cancelInvocation, .executionEnded])
    }

    @Test func `a pause that was taken back puts nothing off`() throws {
        let course = Course()
        _ = course.driver.invoke()
        try course.at(4_000) { try $0.pause() }
        try course.at(9_000) { try $0.resume() }
        #expect(course.due == 10_000)
    }

    @Test func `without pausesTimeout the time goes on, and the execution may time out in the pause`() throws {
        let course = Course()
        try course.at(4_000) { try $0.pause(PauseRequest(pausesTimeout: false)) }
        #expect(course.due == 10_000)
        try course.at(6_000) { try $0.resume() }
        #expect(course.due == 10_000)
        try course.at(7_000) { try $0.pause(PauseRequest(pausesTimeout: false)) }
        course.at(60_000) { _ in }
        #expect(course.status == .timedOut)
        #expect(course.end == 10_000)
        #expect(course.driver.effects == [.executionEnded])
    }

    @Test func `it is never put off beyond the longest time there is`() throws {
        let resumed = Course(atMost: 50_000)
        try resumed.at(4_000) { try $0.pause() }
        #expect(resumed.due == 50_000)
        try resumed.at(49_000) { try $0.resume() }
        #expect(resumed.due == 50_000)
        resumed.at(60_000) { _ in }
        #expect(resumed.end == 50_000)

        let forgotten = Course(atMost: 50_000)
        try forgotten.at(4_000) { try $0.pause() }
        forgotten.at(49_999) { #expect($0.execution.status == .paused) }
        forgotten.at(60_000) { _ in }
        #expect(forgotten.status == .timedOut)
        #expect(forgotten.end == 50_000)
    }

    @Test func `timers that were due before the end of a pause come before its timeout`() throws {
        let course = Course(atMost: 50_000)
        _ = course.driver.invoke()
        try course.driver.checkpoint([.wait("1", duration: 20_000), .callback("2", timeout: 60_000)])
        course.driver.finish(.pending)
        try course.at(4_000) { try $0.pause() }
        course.driver.now = course.driver.now.adding(Milliseconds(100_000))
        course.driver.fireTimers()
        #expect(course.driver.kinds.suffix(2) == [.waitSucceeded, .executionTimedOut])
    }

    @Test func `an execution without a timeout has none after a pause`() throws {
        let course = Course(timeout: nil, atMost: 50_000)
        try course.at(4_000) { try $0.pause() }
        #expect(course.driver.execution.nextDue == nil)
        try course.at(90_000) { try $0.resume() }
        #expect(course.driver.execution.nextDue == nil)
    }
}
