import LogStorage

/// Damage to what an opening can do without: the newest manifest where there is an older one, tables, footers. Whatever is done to
/// them, the engine has to find the same log.
extension Simulation {
    private enum Damage: CaseIterable {
        case lost, cut, flipped
    }

    /// Damages one of them, now and then, between two openings.
    mutating func damageCache(_ disk: SimulatedDisk) {
        guard Int.random(in: 0..<4, using: &random) == 0 else { return }
        guard let (file, damages) = Self.caches(disk).randomElement(using: &random),
            let damage = damages.randomElement(using: &random), var bytes = disk.contents(of: file), !bytes.isEmpty
        else { return }
        switch damage {
        case .lost:
            disk.lose(file)
        case .cut:
            disk.replace(file, with: Array(bytes.prefix(Int.random(in: 0..<bytes.count, using: &random))))
        case .flipped:
            // A trailer, or all of what is so short: what is read to open it, and not first when somebody needs it.
            let place = bytes.count - 1 - Int.random(in: 0..<min(64, bytes.count), using: &random)
            bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            disk.replace(file, with: bytes)
        }
        counts.damagedCaches += 1
        trace.say("\(file) is \(damage)")
    }

    private static func caches(_ disk: SimulatedDisk) -> [(path: String, [Damage])] {
        // A copy: nothing counts its calls.
        let disk = disk.afterProcessKill()
        let store = ManifestStore(directory: Life.directory, fileSystem: disk)
        guard let manifest = (try? store.newest())?.manifest else { return [] }
        var caches: [(path: String, [Damage])] = []
        func add(_ name: String, _ damages: [Damage]) { caches.append(("\(Life.directory)/\(name)", damages)) }
        if let older = (try? store.newest(below: manifest.number))?.manifest, older.logID == manifest.logID {
            add(LogFileKind.manifest.name(manifest.number), Damage.allCases)
        }
        for table in manifest.tables { add(LogFileKind.table.name(table.number), Damage.allCases) }
        for segment in manifest.rewriteSegments { add(LogFileKind.rewrite.name(segment.number), [.flipped]) }
        for segment in manifest.sealedSegments {
            let name = LogFileKind.segment.name(segment.number)
            // One that has a footer.
            if let bytes = disk.contents(of: "\(Life.directory)/\(name)"), bytes.count >= segment.end + 64,
                bytes.suffix(64).contains(where: { $0 != 0 })
            {
                add(name, [.flipped])
            }
        }
        return caches
    }
}
