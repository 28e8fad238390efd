/// The manifests of a log's directory. Blocks; the caller holds the directory's lock, but for reading.
///
/// The two newest are kept: should the newest be damaged, the one before it still stands, for a file is removed only
/// when neither lists it.
package struct ManifestStore: Sendable {
    private let directory: String
    private let fileSystem: any LogFileSystem

    package init(directory: String, fileSystem: any LogFileSystem) {
        self.directory = directory
        self.fileSystem = fileSystem
    }

    /// Makes the manifest durable under its number's name. What it lists is durable already.
    ///
    /// - Throws: After a failed rename or sync of the directory it is not known whether the manifest counts: write none
    ///   and remove nothing until the log is opened again. After any other error nothing has changed.
    package func write(_ manifest: Manifest) throws(FileSystemError) {
        try WholeFile.write(
            manifest.encoded(), as: LogFileKind.manifest.name(manifest.number), in: directory, fileSystem)
    }

    /// The newest manifest that checks; nil when there is none. Its log is for the caller to compare.
    ///
    /// - Parameter limit: Manifests of this number and above are not looked at.
    /// - Returns: With the newer ones that do not check, and why: they are damaged, since none gets its name before it
    ///   is synced.
    /// - Throws: ``LogError/newerManifest(number:version:supported:)`` for a newer build's, which may have dropped files
    ///   that an older manifest lists; ``LogError/storage(_:)`` for a failed read, which says nothing of the manifest.
    package func newest(
        below limit: UInt64 = .max
    ) throws(LogError) -> (manifest: Manifest?, rejected: [(name: String, reason: ManifestError)]) {
        for _ in 1..<Self.attemptCount {
            do throws(LogError) {
                return try newestListed(below: limit)
            } catch .storage(let error) where error.reason == .notFound {
                // Who has the log open has written two newer ones since the directory was listed.
            } catch {
                throw error
            }
        }
        return try newestListed(below: limit)
    }

    private static let attemptCount = 10

    private func newestListed(
        below limit: UInt64
    ) throws(LogError) -> (manifest: Manifest?, rejected: [(name: String, reason: ManifestError)]) {
        var rejected: [(name: String, reason: ManifestError)] = []
        for number in try LogDirectory(surveying: directory, fileSystem: fileSystem).manifests.reversed()
        where number < limit {
            let result: Result<Manifest, ManifestError>
            do throws(FileSystemError) { result = try read(number) } catch { throw .storage(error) }
            switch result {
            case .success(let manifest):
                return (manifest, rejected)
            case .failure(.newerVersion(let version)):
                throw .newerManifest(number: number, version: version, supported: Manifest.version)
            case .failure(.unknownFeatures):
                throw .newerManifest(number: number, version: nil, supported: Manifest.version)
            case .failure(let error):
                rejected.append((LogFileKind.manifest.name(number), error))
            }
        }
        return (nil, rejected)
    }

    /// Numbers for new files: not below those that the manifest gives, and above those of all files that are there, which
    /// a manifest that was rejected, or a crash before the next one, leaves behind.
    package func nextNumbers(after manifest: Manifest?) throws(LogError) -> Manifest.NextNumbers {
        let survey = try LogDirectory(surveying: directory, fileSystem: fileSystem)
        let kept = manifest?.next ?? Manifest.NextNumbers()
        return Manifest.NextNumbers(
            rewrite: max(kept.rewrite, (survey.rewrites.last ?? 0) + 1),
            table: max(kept.table, (survey.tables.last ?? 0) + 1),
            manifest: max(kept.manifest, (survey.manifests.last ?? 0) + 1))
    }

    /// The rewrite segments that are there, ascending, and the bytes of their files, whoever lists them.
    package func rewriteSegments() throws(LogError) -> [(UInt64, Int)] {
        var segments: [(UInt64, Int)] = []
        for number in try LogDirectory(surveying: directory, fileSystem: fileSystem).rewrites {
            do throws(FileSystemError) {
                let file = LogFileHandle(
                    try fileSystem.open(directory + "/" + LogFileKind.rewrite.name(number), .read))
                segments.append((number, try file.file.size()))
            } catch {
                throw .storage(error)
            }
        }
        return segments
    }

    /// Removes the manifests below the newest of `kept` that are not among them: the older ones, and those in between, from
    /// which no opening could start, or should. Call it before ``removeUnlisted(by:)``, which may remove what they list.
    package func removeOthers(than kept: [UInt64]) throws(LogError) {
        guard let newest = kept.max() else { return }
        let survey = try LogDirectory(surveying: directory, fileSystem: fileSystem)
        try remove(survey.manifests.filter { $0 < newest && !kept.contains($0) }.map(LogFileKind.manifest.name))
    }

    /// Removes the append segments, rewrite segments and tables that none of `kept` lists. What was made after the newest
    /// of them stays: its numbers are not below the next ones there, its records not below the position.
    ///
    /// - Parameter kept: The two newest manifests that are durable; the newest alone while there is no other.
    /// - Returns: The names of the files removed.
    @discardableResult
    package func removeUnlisted(by kept: [Manifest]) throws(LogError) -> [String] {
        guard let newest = kept.max(by: { $0.number < $1.number }) else { return [] }
        let survey = try LogDirectory(surveying: directory, fileSystem: fileSystem)
        let positionSegment = kept.map(\.positionSegment).min() ?? 0
        let segments = Set(kept.flatMap(\.appendSegments).map(\.number))
        let rewrites = Set(kept.flatMap(\.rewriteSegments).map(\.number))
        let tables = Set(kept.flatMap(\.tables).map(\.number))
        let names =
            survey.segments.filter { $0 < positionSegment && !segments.contains($0) }.map(LogFileKind.segment.name)
            + survey.rewrites.filter { $0 < newest.next.rewrite && !rewrites.contains($0) }.map(
                LogFileKind.rewrite.name)
            + survey.tables.filter { $0 < newest.next.table && !tables.contains($0) }.map(LogFileKind.table.name)
        try remove(names)
        return names
    }

    private func remove(_ names: [String]) throws(LogError) {
        guard !names.isEmpty else { return }
        do throws(FileSystemError) {
            // A manifest that a killed process renamed is seen before its name is durable.
            try fileSystem.syncDirectory(directory)
            for name in names { try fileSystem.remove(directory + "/" + name) }
            try fileSystem.syncDirectory(directory)
        } catch {
            throw .storage(error)
        }
    }

    private func read(_ number: UInt64) throws(FileSystemError) -> Result<Manifest, ManifestError> {
        let handle = LogFileHandle(
            try fileSystem.open(directory + "/" + LogFileKind.manifest.name(number), .read))
        let size = try handle.file.size()
        guard size <= Manifest.byteCountMax else { return .failure(.tooLong(byteCount: size)) }
        let bytes = try handle.file.read(at: 0, count: size)
        return Result { () throws(ManifestError) in
            let manifest = try Manifest(decoding: bytes.span.bytes)
            guard manifest.number == number else { throw .numberMismatch(manifest: manifest.number) }
            return manifest
        }
    }
}
