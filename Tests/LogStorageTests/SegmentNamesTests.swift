import Testing

@testable import LogStorage

@Suite struct SegmentNamesTests {
    @Test(arguments: [
        (1, "00000001.segment"), (99_999_999, "99999999.segment"), (100_000_000, "100000000.segment"),
        (UInt64(Int64.max), "9223372036854775807.segment"),
    ])
    func `a number has one name`(number: UInt64, name: String) {
        #expect(SegmentNames.segment(number) == name)
        #expect(SegmentNames.number(ofSegment: name) == number)
        #expect(SegmentNames.temporary(number) == name + ".tmp")
        #expect(SegmentNames.number(ofTemporary: name + ".tmp") == number)
        #expect(SegmentNames.number(ofSegment: name + ".tmp") == nil)
        #expect(SegmentNames.number(ofTemporary: name) == nil)
    }

    @Test(
        arguments: [
            "", "lock", ".segment", "1.segment", "00000000.segment", "000000001.segment", "-0000001.segment",
            "+0000001.segment", "0000000a.segment", "00000001.segment2", "00000001.Segment", " 00000001.segment",
            "99999999999999999999999.segment",
            "9223372036854775808.segment", "18446744073709551615.segment",
        ])
    func `any other name is not ours`(name: String) {
        #expect(SegmentNames.number(ofSegment: name) == nil)
        #expect(SegmentNames.number(ofTemporary: name + ".tmp") == nil)
    }
}
