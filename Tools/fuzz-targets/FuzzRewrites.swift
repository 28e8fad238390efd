import LogStorage

private let rewrittenFieldsByteCount = 144
private let trailerByteCount = 64

/// A rewrite segment without what is zeros in most: 144 bytes of its header, two of the length of its frames, the frames, its
/// footer, and the trailer.
@Sendable func fuzzRewriteSegment(_ bytes: [UInt8]) {
    guard let file = rewriteSegment(bytes) else { return }
    for bytes in [
        file.bytes, file.bytes.resignedRewrite(framesEnd: nil), file.bytes.resignedRewrite(framesEnd: file.framesEnd),
    ] {
        let disk = SimulatedDisk()
        guard (try? disk.createDirectory("/log")) != nil else { return }
        disk.replace("/log/00000001.rewrite", with: bytes)
        _ = try? LogInspector(directory: "/log", fileSystem: disk).verify()
        let footer = try? SegmentFooter.read(.rewrite(1), directory: "/log", fileSystem: disk)
        if let footer { check(footer, byteCount: bytes.count) }
        var outlines: [FrameOutline] = []
        let postings = try? SegmentFooter.scan(.rewrite(1), directory: "/log", fileSystem: disk) { outlines.append($0) }
        guard let postings else { continue }
        require(postings.framesEnd <= bytes.count, "frames beyond the file")
        require(postings.totals.recordCount == outlines.reduce(0) { $0 + $1.entries.count }, "records not counted")
        check(postings.executions, of: postings.totals)
        guard let records = rewriteRecords(of: outlines, on: disk) else { continue }
        checkEncoding(of: records, postings, on: disk)
    }
}

/// The file, and where its frames end.
private func rewriteSegment(_ bytes: [UInt8]) -> (bytes: [UInt8], framesEnd: Int)? {
    let start = rewrittenFieldsByteCount + 2
    guard bytes.count >= start + trailerByteCount else { return nil }
    let framesLength = Int(bytes.load(UInt16.self, at: rewrittenFieldsByteCount))
    guard start + framesLength <= bytes.count - trailerByteCount else { return nil }
    var file = Array(bytes[..<rewrittenFieldsByteCount])
    file.pad(to: frameStart)
    file += bytes[start..<start + framesLength]
    let framesEnd = (file.count + 7) / 8 * 8
    file.pad(to: (file.count + 4_095) / 4_096 * 4_096)
    file += bytes[(start + framesLength)..<bytes.count - trailerByteCount]
    let byteCount = (file.count + trailerByteCount + 4_095) / 4_096 * 4_096
    file.pad(to: byteCount - trailerByteCount)
    file += bytes[(bytes.count - trailerByteCount)...]
    return (file, framesEnd)
}

extension [UInt8] {
    fileprivate mutating func pad(to byteCount: Int) {
        append(contentsOf: repeatElement(0, count: byteCount - count))
    }

    /// With all checksums anew: those of frames, which are the links between them too, of the footer and of the header.
    ///
    /// - Parameter framesEnd: Where the frames end, so that header and trailer are told of that and of the file's size;
    ///   nil: they keep what they say.
    fileprivate func resignedRewrite(framesEnd: Int?) -> [UInt8] {
        var bytes = self
        let salt = load(UInt64.self, at: 64)
        var (start, lastFrameCRC, recordCount) = (frameStart, UInt32(0), UInt32(0))
        while start + FrameHeader.encodedByteCount <= framesEnd ?? count, bytes.load(UInt32.self, at: start) != 0 {
            bytes.store(lastFrameCRC, at: start + 56)
            guard let next = bytes.resignFrame(at: start, salt: salt) else { break }
            lastFrameCRC = bytes.load(UInt32.self, at: start + 4)
            recordCount += UInt32(bytes.load(UInt16.self, at: start + 20))
            start = next
        }
        let trailer = count - trailerByteCount
        bytes.store(lastFrameCRC, at: 136)
        bytes.store(lastFrameCRC, at: trailer + 48)
        if framesEnd != nil {
            bytes.store(UInt64(1), at: 32)
            bytes.store(UInt64(count), at: 48)
            bytes.store(UInt64(start), at: 128)
            bytes.store(recordCount, at: 140)
            bytes.store(UInt64(start), at: trailer + 16)
        }
        bytes.resignFooter(salt: salt)
        return bytes.resignedHeader
    }
}

private func check(_ executions: [SegmentPostings.Execution], of totals: SegmentPostings.Totals) {
    require(executions.count == totals.executionCount, "executions not counted")
    require(executions.reduce(0) { $0 + $1.recordCount } == totals.recordCount, "records of no execution")
    require(executions.reduce(0) { $0 + $1.recordBytes } == totals.recordBytes, "bytes of no execution")
}

/// Nil when a body does not check: a scan reads none.
private func rewriteRecords(of outlines: [FrameOutline], on disk: SimulatedDisk) -> [RewriteRecord]? {
    let store = FrameStore(directory: "/log", fileSystem: disk, cacheByteLimit: 1 << 20)
    var records: [RewriteRecord] = []
    for outline in outlines {
        guard let frame = try? store.frame(at: outline.location) else { return nil }
        require(frame.entries == outline.entries && frame.header == outline.header, "two readings of one frame")
        for index in frame.entries.indices {
            require(frame.lsn(at: index) == outline.lsn(at: index), "two readings of one LSN")
            records.append(frame.record(at: index))
        }
    }
    return records
}

/// Copies the records as a compaction does, and finds them again.
private func checkEncoding(of records: [RewriteRecord], _ postings: SegmentPostings, on disk: SimulatedDisk) {
    // What no writer stores, and whoever looks for one of the two finds it anyhow.
    for (one, next) in zip(records, records.dropFirst()) where one.execution == next.execution {
        guard one.lsn <= next.lsn else { return }
    }
    do {
        var writer = try RewriteSegmentWriter(
            number: 2, logID: segment.logID, salt: segment.salt, directory: "/log", fileSystem: disk, time: 0,
            dictionary: segment.dictionary)
        for record in records { try writer.append(record) }
        let info = try writer.finish()
        var outlines: [FrameOutline] = []
        let again = try SegmentFooter.scan(.rewrite(2), directory: "/log", fileSystem: disk) { outlines.append($0) }
        require(rewriteRecords(of: outlines, on: disk) == records, "records that do not survive their encoding")
        require(again.executions == info.executions && again.totals == info.totals, "a scan that finds others")
        let footer = try SegmentFooter.read(.rewrite(2), directory: "/log", fileSystem: disk)
        check(footer, byteCount: info.byteCount)
        var executions: [SegmentPostings.Execution] = []
        try footer.forEachExecution { executions.append($0) }
        require(footer.totals == info.totals && executions == info.executions, "a footer of other frames")
    } catch {
        fatalError("records of a segment that are no segment: \(error)")
    }
}

/// What stands behind the frames of an append segment, from the start of its footer to the end of the file.
@Sendable func fuzzFooter(_ bytes: [UInt8]) {
    guard bytes.count >= trailerByteCount else { return }
    var file = segment.encoded()
    file.pad(to: frameStart + 4_096)
    file += bytes
    var resigned = file
    resigned.resignFooter(salt: segment.salt)
    for bytes in [file, resigned] {
        let disk = SimulatedDisk()
        guard (try? disk.createDirectory("/log")) != nil else { return }
        disk.replace("/log/00000001.segment", with: bytes)
        guard let footer = try? SegmentFooter.read(.append(1), directory: "/log", fileSystem: disk) else { continue }
        require(footer.framesEnd < bytes.count, "frames beyond the file")
        check(footer, byteCount: bytes.count)
    }
}

/// Whatever a footer lists, a lookup finds; and it lists no place that is none.
private func check(_ footer: SegmentFooter, byteCount: Int) {
    var executions: [SegmentPostings.Execution] = []
    guard (try? footer.forEachExecution { executions.append($0) }) != nil else { return }
    require(executions.count == footer.totals.executionCount, "executions that the totals do not count")
    require(executions.reduce(0) { $0 + $1.offsets.count } <= byteCount, "more places than the file has room for")
    for (index, execution) in executions.enumerated() {
        require(index == 0 || executions[index - 1].number < execution.number, "executions that do not ascend")
        require(execution.recordCount > 0 && !execution.offsets.isEmpty, "an execution without a record")
        require(
            zip(execution.offsets, execution.offsets.dropFirst()).allSatisfy { $0 < $1 }, "places that do not ascend")
        require(
            execution.offsets.allSatisfy {
                $0 >= frameStart && $0 < footer.framesEnd && $0 % FrameHeader.alignment == 0
            },
            "a place where no frame can be")
        let found = try? footer.frames(of: execution.number)
        require(
            found.map { $0.offsets == execution.offsets && $0.recordBytes == execution.recordBytes } ?? false,
            "an execution that is listed and not found")
    }
}
