import ExecutionModel
import Testing

@Suite struct MillisecondsTests {
    @Test(
        arguments: [
            (.zero, 0), (.nanoseconds(1), 1), (.milliseconds(7), 7), (.microseconds(7_001), 8), (.seconds(-1), -1_000),
            (.seconds(9_223_372_036_854_775) + .milliseconds(807), .max),
            (.seconds(9_223_372_036_854_775) + .milliseconds(900), .max), (.seconds(Int64.max), .max),
            (.seconds(Int64.min), .min),
        ] as [(Duration, Int64)])
    func `a duration is rounded up, and one that is too long is the longest`(duration: Duration, milliseconds: Int64) {
        #expect(Milliseconds(duration).rawValue == milliseconds)
    }
}
