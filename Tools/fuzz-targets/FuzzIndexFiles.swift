import LogStorage

/// A whole table. What it says when it is read through must be what it says when it is asked, and survive its encoding.
@Sendable func fuzzTable(_ bytes: [UInt8]) {
    guard bytes.count >= 64 else { return }
    for bytes in [bytes, bytes.resignedTable] {
        let disk = SimulatedDisk()
        guard (try? disk.createDirectory("/log")) != nil else { return }
        // The manifest that lists it is a sound one.
        let trailer = bytes.count - 64
        let info = TableInfo(
            number: bytes.load(UInt64.self, at: trailer + 16), byteCount: bytes.count,
            entryCount: Int(truncatingIfNeeded: bytes.load(UInt64.self, at: trailer + 40)),
            checksum: bytes.load(UInt32.self, at: trailer + 12))
        guard info.number > 0 else { continue }
        disk.replace("/log/" + LogFileKind.table.name(info.number), with: bytes)
        guard let table = try? TableReader(info, directory: "/log", fileSystem: disk) else { continue }
        let isWhole = (try? table.verify()) != nil
        let entries = allEntries(of: table)
        if isWhole { require(entries != nil, "a table that checks and cannot be read through") }
        guard let entries, isWhole else { continue }
        require(entries.count == info.entryCount, "entries that the trailer does not count")
        require(entries.reduce(0) { $0 + $1.entry.byteCount } <= bytes.count, "more bytes of values than the file has")
        for (index, (key, entry)) in entries.enumerated() {
            require(index == 0 || entries[index - 1].key < key, "keys that do not ascend")
            require((try? table.entry(for: key)) == entry, "a key that a scan finds and a lookup does not")
        }
        check(TableRuns([table]), against: entries)
        checkEncoding(of: entries, on: disk, number: info.number == 1 ? 2 : 1)
    }
}

extension TableEntry {
    fileprivate var byteCount: Int {
        switch self {
        case .value(let value): value.count
        case .deleted: 0
        }
    }
}

private let everyKey = (first: TableKey(space: 0, 0, 0), last: TableKey(space: .max, .max, .max))

/// But for the last key that there can be, which no range ends behind.
private func allEntries(of table: TableReader) -> [(key: TableKey, entry: TableEntry)]? {
    var entries: [(key: TableKey, entry: TableEntry)] = []
    do throws(TableError) {
        var scan = table.scan(from: everyKey.first, below: everyKey.last)
        while let next = try scan.next() { entries.append(next) }
        if let last = try table.entry(for: everyKey.last) { entries.append((everyKey.last, last)) }
        return entries
    } catch {
        return nil
    }
}

private func check(_ runs: TableRuns, against entries: [(key: TableKey, entry: TableEntry)]) {
    let middle = entries.isEmpty ? everyKey.first : entries[entries.count / 2].key
    var scan = runs.scan(from: middle, below: everyKey.last)
    for (key, entry) in entries[(entries.count / 2)...] where key < everyKey.last {
        guard case .value(let value) = entry else { continue }
        guard let next = try? scan.next() else { fatalError("a merged scan that ends before \(key)") }
        require(next == (key, value), "a merged scan that finds \(next.key) in place of \(key)")
    }
    while let next = try? scan.next() { fatalError("a merged scan that goes on to \(next.key)") }
}

private func checkEncoding(of entries: [(key: TableKey, entry: TableEntry)], on disk: SimulatedDisk, number: UInt64) {
    do {
        var writer = try TableWriter(number: number, directory: "/log", fileSystem: disk)
        for (key, entry) in entries { try writer.append(key, entry) }
        let info = try writer.finish()
        let table = try TableReader(info, directory: "/log", fileSystem: disk)
        try table.verify()
        let again = allEntries(of: table) ?? []
        require(again.elementsEqual(entries) { $0 == $1 }, "entries that do not survive their encoding")
    } catch {
        fatalError("entries of a table that are no table: \(error)")
    }
}

@Sendable func fuzzManifest(_ bytes: [UInt8]) {
    for bytes in [bytes, bytes.resignedManifest] {
        let disk = SimulatedDisk()
        guard (try? disk.createDirectory("/log")) != nil else { return }
        // A log without a segment is damage, whatever its manifests say.
        disk.replace("/log/00000001.segment", with: [])
        let store = ManifestStore(directory: "/log", fileSystem: disk)
        let manifest = try? Manifest(decoding: bytes.span.bytes)
        let number = manifest?.number ?? 1
        disk.replace("/log/" + LogFileKind.manifest.name(number), with: bytes)
        let found = try? store.newest()
        require(found?.manifest == manifest, "a store that finds another manifest than there is")
        guard let manifest else { continue }
        require(manifest.encoded().count == bytes.count, "rows that the file has no room for")
        let again = try? Manifest(decoding: manifest.encoded().span.bytes)
        require(again == manifest, "a manifest that does not survive its encoding: \(manifest)")
        // What an opening does first with it.
        require((try? store.nextNumbers(after: manifest)) != nil, "a manifest without next numbers")
        require((try? store.removeUnlisted(by: [manifest])) != nil, "a manifest by which nothing can be removed")
        for number in [manifest.next.rewrite, manifest.next.table, manifest.next.manifest, manifest.positionSegment] {
            require(number < .max, "a number that nobody can count on from")
        }
        let figures =
            manifest.appendSegments.map { ($0.recordByteCount, $0.liveByteCount) }
            + manifest.rewriteSegments.map { ($0.recordByteCount, $0.liveByteCount) }
        var total = 0
        for (recordByteCount, liveByteCount) in figures {
            require(liveByteCount <= recordByteCount, "more bytes live than there are")
            guard let count = Int(exactly: recordByteCount) else { fatalError("no file has \(recordByteCount) bytes") }
            let (sum, isTooLarge) = total.addingReportingOverflow(count)
            require(!isTooLarge, "more bytes of records than can be counted")
            total = sum
        }
    }
}
