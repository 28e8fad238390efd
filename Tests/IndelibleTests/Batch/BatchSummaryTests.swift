import Testing

@testable import Indelible

/// What is recorded in place of a result that is too large. The fields are those of AWS's Python SDK.
@Suite struct BatchSummaryTests {
    static let shapes: [(statuses: String, reason: BatchCompletionReason, json: String)] = [
        (
            "", .allCompleted,
            #"{"completionReason":"ALL_COMPLETED","failureCount":0,"startedCount":0,"startedIndexes":[],"#
                + #""status":"SUCCEEDED","successCount":0,"totalCount":0,"type":"MapResult"}"#
        ),
        (
            "++-", .allCompleted,
            #"{"completionReason":"ALL_COMPLETED","failureCount":1,"startedCount":0,"startedIndexes":[],"#
                + #""status":"FAILED","successCount":2,"totalCount":3,"type":"MapResult"}"#
        ),
        (
            "+s+.", .minSuccessfulReached,
            #"{"completionReason":"MIN_SUCCESSFUL_REACHED","failureCount":0,"startedCount":1,"startedIndexes":[1],"#
                + #""status":"SUCCEEDED","successCount":2,"totalCount":3,"type":"MapResult"}"#
        ),
        (
            "ss-s..", .failureToleranceExceeded,
            #"{"completedIndexes":[2],"completionReason":"FAILURE_TOLERANCE_EXCEEDED","failureCount":1,"#
                + #""startedCount":3,"status":"FAILED","successCount":0,"totalCount":4,"type":"MapResult"}"#
        ),
        (
            "+s", .customCompletionFailed,
            #"{"completionReason":"CUSTOM_COMPLETION_FAILED","failureCount":0,"startedCount":1,"startedIndexes":[1],"#
                + #""status":"FAILED","successCount":1,"totalCount":2,"type":"MapResult"}"#
        ),
    ]

    /// `+` has succeeded, `-` has failed, `s` has started, `.` has not.
    private static func statuses(_ text: String) -> [BatchItemStatus?] {
        text.map { ["+": .succeeded, "-": .failed, "s": .started][$0] }
    }

    @Test(arguments: shapes)
    func `a summary lists the items that had ended, or those that had not, whichever are fewer`(
        text: String, reason: BatchCompletionReason, json: String
    ) throws {
        let statuses = Self.statuses(text)
        let summary = BatchSummary(type: "MapResult", statuses: statuses, reason: reason)
        #expect(String(decoding: try JSONSerdes.encode(summary), as: UTF8.self) == json)
        let read = try JSONSerdes.decode(BatchSummary.self, from: Array(json.utf8))
        #expect(read.isConsistent)
        #expect(read.indexes.started == statuses.indices.filter { statuses[$0] == .started })
        #expect(read.indexes.completed == statuses.indices.filter { [.succeeded, .failed].contains(statuses[$0]) })
        #expect(read.completionReason == reason)
    }

    @Test(arguments: [
        #""totalCount":2"#, #""totalCount":2,"startedIndexes":[2]"#, #""totalCount":2,"startedIndexes":[-1]"#,
        #""totalCount":2,"completedIndexes":[0,0]"#, #""totalCount":-1,"startedIndexes":[]"#,
        #""totalCount":0,"completedIndexes":[0]"#,
    ])
    func `a summary whose items cannot be is found out`(fields: String) throws {
        let json =
            #"{"completionReason":"ALL_COMPLETED","failureCount":0,"startedCount":0,"status":"SUCCEEDED","#
            + #""successCount":0,"type":"MapResult",\#(fields)}"#
        #expect(try !JSONSerdes.decode(BatchSummary.self, from: Array(json.utf8)).isConsistent)
    }
}
