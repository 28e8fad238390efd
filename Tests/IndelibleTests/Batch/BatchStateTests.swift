import Synchronization
import Testing

@testable import Indelible

/// SPEC.md: a batch's completion. Every row is a batch whose items end one after the other, unless it says otherwise.
@Suite struct BatchStateTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var total: Int
        var completion: BatchCompletion
        /// How the items end, in order: `+` succeeds, `-` fails.
        var ends: String
        /// How many of them have ended when the batch is over; nil: it is not.
        var endedAt: Int?
        var reason: BatchCompletionReason?

        init(
            _ name: String, _ total: Int, _ completion: BatchCompletion, _ ends: String, _ endedAt: Int?,
            _ reason: BatchCompletionReason?
        ) {
            (self.name, self.total, self.completion) = (name, total, completion)
            (self.ends, self.endedAt, self.reason) = (ends, endedAt, reason)
        }

        var testDescription: String { "\(name): \(ends) of \(total)" }
    }

    static let rows: [Row] = [
        // No criterion: the first failure is one too many.
        Row("nothing said", 3, BatchCompletion(), "+++", 3, .allCompleted),
        Row("nothing said", 3, BatchCompletion(), "+-", 2, .failureToleranceExceeded),
        Row("nothing said", 3, BatchCompletion(), "++-", 3, .failureToleranceExceeded),
        Row("nothing said", 3, BatchCompletion(), "++", nil, nil),
        Row("allSuccessful", 3, .allSuccessful, "+-", 2, .failureToleranceExceeded),
        Row("allSuccessful", 2, .allSuccessful, "++", 2, .allCompleted),
        Row("allCompleted", 3, .allCompleted, "---", 3, .allCompleted),
        Row("allCompleted", 3, .allCompleted, "--", nil, nil),
        // Only successes asked for: failures never end it.
        Row("firstSuccessful", 3, .firstSuccessful, "--+", 3, .allCompleted),
        Row("firstSuccessful", 3, .firstSuccessful, "-+", 2, .minSuccessfulReached),
        Row("firstSuccessful", 3, .firstSuccessful, "---", 3, .allCompleted),
        Row("successful", 4, .successful(2), "+-+", 3, .minSuccessfulReached),
        Row("successful", 3, .successful(3), "+-+", 3, .allCompleted),
        Row("successful", 3, .successful(3), "+++", 3, .allCompleted),
        // Counts: one more than is tolerated.
        Row("failures", 3, .tolerating(failures: 1), "-", nil, nil),
        Row("failures", 3, .tolerating(failures: 1), "--", 2, .failureToleranceExceeded),
        Row("failures", 3, .tolerating(failures: 1), "-++", 3, .allCompleted),
        Row("failures", 3, .tolerating(failures: 3), "---", 3, .allCompleted),
        Row("failures", 3, .tolerating(failures: 2), "---", 3, .failureToleranceExceeded),
        Row("failures", 2, .tolerating(failures: 0), "-", 1, .failureToleranceExceeded),
        // Percentages: more, not as many; of all items, ended or not.
        Row("percentage", 4, .tolerating(percentage: 25), "-", nil, nil),
        Row("percentage", 4, .tolerating(percentage: 25), "-+++", 4, .allCompleted),
        Row("percentage", 4, .tolerating(percentage: 25), "--", 2, .failureToleranceExceeded),
        Row("percentage", 4, .tolerating(percentage: 24.9), "-", 1, .failureToleranceExceeded),
        Row("percentage", 3, .tolerating(percentage: 33.3), "-", 1, .failureToleranceExceeded),
        Row("percentage", 3, .tolerating(percentage: 33.4), "-", nil, nil),
        Row("percentage", 3, .tolerating(percentage: 100), "---", 3, .allCompleted),
        Row("percentage", 2, .tolerating(percentage: 0), "-", 1, .failureToleranceExceeded),
        // Together: whichever tolerance is passed first; a tolerance before a success; all ended before enough succeeded.
        Row(
            "both tolerances", 10, BatchCompletion(toleratedFailures: 1, toleratedFailurePercentage: 50), "--", 2,
            .failureToleranceExceeded),
        Row(
            "both tolerances", 4, BatchCompletion(toleratedFailures: 3, toleratedFailurePercentage: 25), "--", 2,
            .failureToleranceExceeded),
        Row("combined", 4, BatchCompletion(minSuccessful: 3, toleratedFailures: 1), "--", 2, .failureToleranceExceeded),
        Row("combined", 4, BatchCompletion(minSuccessful: 2, toleratedFailures: 1), "+-+", 3, .minSuccessfulReached),
        Row("combined", 3, BatchCompletion(minSuccessful: 2, toleratedFailures: 1), "+-+", 3, .allCompleted),
        Row("combined", 3, BatchCompletion(minSuccessful: 2, toleratedFailures: 0), "++", 2, .minSuccessfulReached),
        Row("combined", 2, BatchCompletion(minSuccessful: 1, toleratedFailures: 0), "-", 1, .failureToleranceExceeded),
        // Nothing to do.
        Row("empty", 0, BatchCompletion(), "", 0, .allCompleted),
        Row("empty", 0, .firstSuccessful, "", 0, .allCompleted),
        Row("empty", 0, .tolerating(percentage: 0), "", 0, .allCompleted),
        Row("empty", 0, .custom { _ in .goOn }, "", 0, .allCompleted),
        Row("empty", 0, .custom { _ in .fail }, "", 0, .customCompletionFailed),
        // A rule of one's own: it alone decides.
        Row("custom", 3, .custom { _ in .goOn }, "---", 3, .allCompleted),
        Row("custom", 3, .custom { $0.failureCount > 1 ? .fail : .goOn }, "-+-", 3, .customCompletionFailed),
        Row("custom", 3, .custom { $0.successCount > 1 ? .succeed : .goOn }, "++", 2, .customCompletionSucceeded),
        Row("custom", 3, .custom { $0.completedCount == 3 ? .succeed : .goOn }, "---", 3, .customCompletionSucceeded),
        Row("custom", 3, .custom { _ in .succeed }, "", 0, .customCompletionSucceeded),
    ]

    @Test(arguments: rows)
    func `a batch is over when its rule says so, and says why`(row: Row) {
        var state = BatchState(total: row.total, completion: row.completion, concurrencyLimit: 1)
        var endedCount = 0
        for end in row.ends {
            #expect(state.reason == nil)
            guard let index = state.startNext() else { break }
            state.end(index, succeeded: end == "+")
            endedCount += 1
        }
        #expect(state.reason == row.reason)
        if let endedAt = row.endedAt { #expect(endedCount == endedAt) }
        #expect(state.successCount + state.failureCount == endedCount)
        #expect((state.startNext() == nil) == (row.reason != nil))
    }

    @Test(arguments: [(nil, 5), (1, 1), (2, 2), (5, 5), (9, 5)] as [(Int?, Int)])
    func `items start in order, as many as may run`(limit: Int?, count: Int) {
        var state = BatchState(total: 5, completion: .allCompleted, concurrencyLimit: limit)
        var started: [Int] = []
        while let index = state.startNext() { started.append(index) }
        #expect(started == Array(0..<count))
        // Whichever ends, the next one takes its place.
        state.end(count - 1, succeeded: false)
        #expect(state.startNext() == (count < 5 ? count : nil))
        #expect(state.startNext() == nil)
    }

    @Test func `the reason is frozen, while items that end later still change their status`() {
        var state = BatchState(total: 4, completion: .tolerating(failures: 0), concurrencyLimit: nil)
        while state.startNext() != nil {}
        state.end(2, succeeded: false)
        #expect(state.reason == .failureToleranceExceeded)
        state.end(0, succeeded: true)
        state.end(1, succeeded: true)
        state.end(3, succeeded: true)
        #expect(state.reason == .failureToleranceExceeded)
        #expect(state.statuses == [.succeeded, .succeeded, .failed, .succeeded])

        var enough = BatchState(total: 3, completion: .firstSuccessful, concurrencyLimit: nil)
        while enough.startNext() != nil {}
        for index in 0..<3 { enough.end(index, succeeded: true) }
        #expect(enough.reason == .minSuccessfulReached)
    }

    @Test func `a rule of one's own is asked once before any item starts, and once after each change`() {
        let asked = Mutex<[BatchProgress]>([])
        let rule = BatchCompletion.custom { progress in
            asked.withLock { $0.append(progress) }
            return progress.successCount == 1 ? .succeed : .goOn
        }
        var state = BatchState(total: 3, completion: rule, concurrencyLimit: 2)
        while state.startNext() != nil {}
        state.end(1, succeeded: false)
        while state.startNext() != nil {}
        state.end(0, succeeded: true)
        // It has decided: nobody asks again.
        state.end(2, succeeded: true)
        let seen = asked.withLock { $0 }
        #expect(seen.allSatisfy { $0.totalCount == 3 })
        #expect(
            seen.map(\.statuses) == [
                [nil, nil, nil], [.started, nil, nil], [.started, .started, nil], [.started, .failed, nil],
                [.started, .failed, .started], [.succeeded, .failed, .started],
            ])
        #expect(seen.map(\.successCount) == [0, 0, 0, 0, 0, 1])
        #expect(seen.map(\.failureCount) == [0, 0, 0, 1, 1, 1])
        #expect(seen.map(\.completedCount) == [0, 0, 0, 1, 1, 2])
        #expect(state.reason == .customCompletionSucceeded)
    }

    @Test func `thresholds are asked about ends alone`() {
        var state = BatchState(total: 2, completion: .allSuccessful, concurrencyLimit: nil)
        while state.startNext() != nil {}
        #expect(state.reason == nil)
        #expect(state.statuses == [.started, .started])
    }

    @Test func `a status says whether anything failed, unless a rule of one's own has decided`() {
        for reason in [BatchCompletionReason.allCompleted, .minSuccessfulReached, .failureToleranceExceeded] {
            #expect(BatchState.status(reason, failureCount: 0) == .succeeded)
            #expect(BatchState.status(reason, failureCount: 1) == .failed)
        }
        for failureCount in [0, 1] {
            #expect(BatchState.status(.customCompletionSucceeded, failureCount: failureCount) == .succeeded)
            #expect(BatchState.status(.customCompletionFailed, failureCount: failureCount) == .failed)
        }
    }

    static let validity: [(BatchCompletion, count: Int, isValid: Bool)] = [
        (.successful(0), 3, false), (.successful(-1), 3, false), (.successful(1), 3, true), (.successful(3), 3, true),
        (.successful(4), 3, false), (.firstSuccessful, 0, true), (.successful(2), 0, false),
        (.tolerating(failures: -1), 3, false), (.tolerating(failures: 0), 3, true), (.tolerating(failures: 9), 3, true),
        (.tolerating(percentage: -0.1), 3, false), (.tolerating(percentage: 0), 3, true),
        (.tolerating(percentage: 100), 3, true), (.tolerating(percentage: 100.1), 3, false),
        (.tolerating(percentage: .nan), 3, false), (.tolerating(percentage: .infinity), 3, false),
        (.custom { _ in .goOn }, 0, true), (BatchCompletion(), 0, true),
    ]

    @Test(arguments: 0..<validity.count)
    func `thresholds that no batch can meet are refused`(index: Int) {
        let (completion, count, isValid) = Self.validity[index]
        if isValid {
            #expect(throws: Never.self) { try completion.check(count: count) }
        } else {
            let error = #expect(throws: ContextError.self) { try completion.check(count: count) }
            #expect(error?.code == .invalidArgument)
        }
    }
}
