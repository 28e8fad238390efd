import Testing

@testable import Indelible

@Suite struct BatchResultTests {
    static let mixed = BatchResult<Int>(
        items: [
            .init(index: 0, name: "first", status: .succeeded, value: 10, error: nil),
            .init(
                index: 1, name: "second", status: .failed, value: nil,
                error: RecordedError(type: "Flaky", message: "no")),
            .init(index: 2, name: nil, status: .started, value: nil, error: nil),
            .init(index: 3, name: "fourth", status: .succeeded, value: 40, error: nil),
            .init(
                index: 5, name: "sixth", status: .failed, value: nil, error: RecordedError(type: "Late", message: "too")
            ),
        ], completionReason: .failureToleranceExceeded)

    @Test func `a result is asked by how its items ended`() {
        let batch = Self.mixed
        #expect(batch.succeeded.map(\.index) == [0, 3])
        #expect(batch.failed.map(\.index) == [1, 5])
        #expect(batch.started.map(\.index) == [2])
        #expect(batch.results == [10, 40])
        #expect(batch.errors.map(\.type) == ["Flaky", "Late"])
        #expect([batch.successCount, batch.failureCount, batch.startedCount, batch.totalCount] == [2, 2, 1, 5])
        #expect(batch.hasFailure)
        #expect(batch.status == .failed)
    }

    @Test func `it throws what the first item in order threw that failed`() {
        let error = #expect(throws: ChildContextError.self) { try Self.mixed.throwIfError() }
        #expect(error?.context == "second")
        #expect(error?.cause == RecordedError(type: "Flaky", message: "no"))
    }

    @Test(arguments: [
        (BatchCompletionReason.allCompleted, false), (.minSuccessfulReached, false),
        (.customCompletionSucceeded, false),
        (.customCompletionFailed, true),
    ])
    func `without a failure it throws only what a rule of one's own has declared failed`(
        reason: BatchCompletionReason, throwsError: Bool
    ) throws {
        let batch = BatchResult<Int>(
            items: [.init(index: 0, name: nil, status: .succeeded, value: 1, error: nil)], completionReason: reason)
        guard throwsError else {
            #expect(try batch.throwIfError().results == [1])
            return
        }
        let error = #expect(throws: BatchError.self) { try batch.throwIfError() }
        #expect(error?.completionReason == reason)
        #expect(error?.successCount == 1)
        #expect(error?.failureCount == 0)
        #expect(error?.description.contains("CUSTOM_COMPLETION_FAILED") == true)
    }

    @Test func `a failure comes before the rule's own verdict`() {
        let batch = BatchResult<Int>(
            items: [
                .init(index: 0, name: nil, status: .failed, value: nil, error: RecordedError(type: "E", message: ""))
            ],
            completionReason: .customCompletionFailed)
        #expect(throws: ChildContextError.self) { try batch.throwIfError() }
    }

    @Test func `its JSON has AWS's fields, and reads back`() throws {
        let bytes = try JSONSerdes.encode(Self.mixed)
        #expect(
            String(decoding: bytes, as: UTF8.self)
                == #"{"all":[{"index":0,"name":"first","result":10,"status":"SUCCEEDED"},"#
                + #"{"error":{"message":"no","stackTrace":[],"type":"Flaky"},"index":1,"name":"second","status":"FAILED"},"#
                + #"{"index":2,"status":"STARTED"},{"index":3,"name":"fourth","result":40,"status":"SUCCEEDED"},"#
                + #"{"error":{"message":"too","stackTrace":[],"type":"Late"},"index":5,"name":"sixth","status":"FAILED"}],"#
                + #""completionReason":"FAILURE_TOLERANCE_EXCEEDED"}"#)
        #expect(try JSONSerdes.decode(BatchResult<Int>.self, from: bytes) == Self.mixed)
    }

    @Test func `a result that is null is a result`() throws {
        let batch = BatchResult<Int?>(
            items: [
                .init(index: 0, name: nil, status: .succeeded, value: .some(nil), error: nil),
                .init(index: 1, name: nil, status: .succeeded, value: 7, error: nil),
                .init(index: 2, name: nil, status: .failed, value: nil, error: RecordedError(type: "E", message: "")),
            ], completionReason: .allCompleted)
        let bytes = try JSONSerdes.encode(batch)
        #expect(String(decoding: bytes, as: UTF8.self).contains(#"{"index":0,"result":null,"status":"SUCCEEDED"}"#))
        let read = try JSONSerdes.decode(BatchResult<Int?>.self, from: bytes)
        #expect(read == batch)
        #expect(read.results == [nil, 7])
        #expect(read.results.count == 2)
    }

    @Test func `an item that succeeded without a result does not read back`() {
        let json = #"{"all":[{"index":0,"status":"SUCCEEDED"}],"completionReason":"ALL_COMPLETED"}"#
        #expect(throws: DecodingError.self) { try JSONSerdes.decode(BatchResult<Int>.self, from: Array(json.utf8)) }
    }

    @Test func `bodies without a result give results that are counted`() throws {
        let batch = BatchResult<Nothing>(
            items: [.init(index: 0, name: nil, status: .succeeded, value: Nothing(), error: nil)],
            completionReason: .allCompleted)
        let read = try JSONSerdes.decode(BatchResult<Nothing>.self, from: try JSONSerdes.encode(batch))
        #expect(read.map { _ in () }.results.count == 1)
    }
}
