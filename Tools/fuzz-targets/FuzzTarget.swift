/// A decoder that must stand any bytes. Each is run by libFuzzer (`Tools/fuzz`) and, over the files of
/// `Fixtures/fuzz/<name>`, by an ordinary test.
///
/// To add one: a line here, a line in ``body``, a folder with a seed.
package enum FuzzTarget: String, CaseIterable, Sendable {
    case segmentHeader = "segment-header"
    case frame
    case frameDirectory = "frame-directory"
    case segmentFile = "segment-file"
    case rewriteSegment = "rewrite-segment"
    case footer
    case table
    case manifest
    case block
    case event
    case recovery
    case snapshot
    case indexEntry = "index-entry"
    case names

    private var body: @Sendable ([UInt8]) -> Void {
        switch self {
        case .segmentHeader: fuzzSegmentHeader
        case .frame: fuzzFrame
        case .frameDirectory: fuzzFrameDirectory
        case .segmentFile: fuzzSegmentFile
        case .rewriteSegment: fuzzRewriteSegment
        case .footer: fuzzFooter
        case .table: fuzzTable
        case .manifest: fuzzManifest
        case .block: fuzzBlock
        case .event: fuzzEvent
        case .recovery: fuzzRecovery
        case .snapshot: fuzzSnapshot
        case .indexEntry: fuzzIndexEntry
        case .names: fuzzNames
        }
    }

    /// Decodes `bytes`, and traps if the decoder does, or if it takes what it should not have.
    package func run(_ bytes: [UInt8]) {
        body(bytes)
    }
}

/// States what must hold of whatever was decoded; in release builds too.
func require(_ condition: Bool, _ what: @autoclosure () -> String) {
    if !condition { fatalError(what()) }
}
