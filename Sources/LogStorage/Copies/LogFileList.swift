/// The files that make up a log now: what a copy of it has to hold. The one place that knows.
///
/// With a manifest they are those that it lists, and the append segments from its position's on. What else is there was
/// dropped on purpose and waits for its removal, or no manifest has listed it yet. Without one they are all append segments.
struct LogFileList {
    let path: String
    /// Nil: there is none that checks.
    let manifest: Manifest?
    /// Newer manifests that do not check, and why.
    let rejected: [(name: String, reason: ManifestError)]
    /// All that was there after the manifest was read.
    let directory: LogDirectory
    /// The append segments, ascending, whether they are there or not.
    let segments: [UInt64]
    private let rows: [UInt64: SealedSegment]

    init(of path: String, _ fileSystem: any LogFileSystem) throws(LogError) {
        self.path = path
        (manifest, rejected) = try ManifestStore(directory: path, fileSystem: fileSystem).newest()
        // After the manifest: what it lists had its name before.
        directory = try LogDirectory(surveying: path, fileSystem: fileSystem)
        guard let manifest else {
            segments = directory.segments
            rows = [:]
            return
        }
        rows = Dictionary(manifest.listedSegments.map { ($0.number, $0) }) { first, _ in first }
        let tail = directory.segments.filter { $0 >= manifest.positionSegment }
        segments = manifest.sealedSegments.map(\.number) + (tail.isEmpty ? [manifest.positionSegment] : tail)
    }

    /// The same of a copy.
    init(ofCopy path: String, _ fileSystem: any LogFileSystem) throws(LogCopyError) {
        do throws(LogError) { try self.init(of: path, fileSystem) } catch { throw LogCopyError(ofTarget: error) }
    }

    var rewrites: [Manifest.RewriteSegment] { manifest?.rewriteSegments ?? [] }
    var tables: [TableInfo] { manifest?.tables ?? [] }
    var newest: UInt64? { segments.last }

    /// Where a segment ends of which the manifest says so.
    func row(of segment: UInt64) -> SealedSegment? {
        segment < manifest?.positionSegment ?? 0 ? rows[segment] : nil
    }

    /// What the manifest says of a segment, that of its position included.
    func listed(_ segment: UInt64) -> SealedSegment? { rows[segment] }

    /// The first file that is not there and should be; tables apart, which are caches.
    var missing: LogDamage? {
        let present = Set(directory.segments)
        var previous: UInt64?
        for number in segments {
            // Of those that the manifest has not sealed none may be left out.
            let expected = row(of: number) != nil ? number : max(manifest?.positionSegment ?? 1, (previous ?? 0) + 1)
            guard number == expected, present.contains(number) else {
                return LogDamage(segment: expected, offset: 0, reason: .missing)
            }
            previous = number
        }
        let rewrite = rewrites.first { !directory.rewrites.contains($0.number) }
        return rewrite.map { LogDamage(segment: $0.number, offset: 0, reason: .missing, sort: .rewrite) }
    }

    /// The names of all of them, but for the manifest's.
    var names: Set<String> {
        Set(
            segments.map(LogFileKind.segment.name) + rewrites.map { LogFileKind.rewrite.name($0.number) }
                + tables.map { LogFileKind.table.name($0.number) })
    }
}
