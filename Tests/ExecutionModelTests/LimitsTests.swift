import Testing

@testable import ExecutionModel

/// The figures of AWS Lambda's model, quotas and documentation.
@Suite struct LimitsTests {
    @Test func `AWS's limits are those of its model and its quotas`() {
        let aws = Limits.aws
        // Its model's maximum for a payload, in bytes; elsewhere it calls this 6 MB.
        #expect(aws.payloadLengthMax == 6_291_456)
        #expect(aws.checkpointLengthMax == 6_291_456)
        #expect(aws.errorLengthMax == 32_768)
        // "1 MB in all", of a callback's failure and of a stop.
        #expect(aws.externalErrorLengthMax == 1_048_576)
        // 262,144 in an older model.
        #expect(aws.callbackResultLengthMax == 1_048_576)
        #expect(aws.chainedPayloadLengthMax == 1_048_576)
        #expect(aws.operationCountMax == 3_000)
        // "100 MB". Where it gives bytes for such a figure, they are those of 2^20: 6 MB are 6,291,456, 1 MB is 1,048,576.
        #expect(aws.recordedBytesMax == 104_857_600)
        // 366 days.
        #expect(aws.delayMax == Milliseconds(31_622_400 * 1_000))
        #expect(aws.callbackTimeoutMax == Milliseconds(99_999_999 * 1_000))
        #expect(aws.wholeSeconds)
        // An invocation is tried again until it succeeds or the execution times out.
        #expect(aws.failedInvocationCountMax == nil)
        #expect(aws.refusedInvocationCountMax == 3)
    }

    @Test func `lengths of texts are those of AWS's model, whatever the engine's limits`() {
        #expect(Limits.operationIDLengthMax == 64)
        #expect(Limits.operationNameLengthMax == 256)
        #expect(Limits.subTypeLengthMax == 32)
        #expect(Limits.executionNameLengthMax == 64)
        #expect(FunctionReference.lengthMax == 256)
        #expect(Limits.tenantIDLengthMax == 256)
        #expect(Limits.traceHeaderLengthMax == 8_192)
        #expect(Limits.reasonLengthMax == 1_024)
    }
}
