import Testing

@testable import IndelibleObservability

@Suite struct TraceParentTests {
    static let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    static let headers: [(String, Bool?)] = [
        (header, true),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", false),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03", true),
        // A later version, and what it may add.
        ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-holds", true),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra", nil),
        ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", nil),
        ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", nil),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", nil),
        ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", nil),
        ("00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01", nil),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b-01", nil),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", nil),
        ("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1", nil),
        ("", nil),
    ]

    @Test(arguments: headers)
    func `a header is read as W3C says, and nothing else is`(header: String, isSampled: Bool?) {
        let parsed = TraceParent(header)
        #expect(parsed?.isSampled == isSampled)
        if isSampled != nil {
            #expect(parsed?.traceID == "4bf92f3577b34da6a3ce929d0e0e4736")
            #expect(parsed?.parentID == "00f067aa0ba902b7")
        }
    }

    @Test func `what was read is written again`() {
        #expect(TraceParent(Self.header)?.description == Self.header)
    }
}
