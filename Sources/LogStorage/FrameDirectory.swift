/// The uncompressed table of a frame's records, covered by the header's checksum: recovery, indexing and accounting read
/// it without the bodies. SPEC.md §1.5 is the authority. For each record, in LSN order:
///
///     LSN         signed varint    in a rewritten frame only: minus the record's before it; the first is the frame's
///                                  firstLSN, so it has 0 here; modulo 2^64
///     execution   signed varint    minus the record's before it; the first minus the frame's firstLSN; modulo 2^64
///     sequence    varint           at most 2^32 - 1
///     kind        1 byte
///     length      varint           of the body, at most 16 MiB
///     time        signed varint    minus the frame's baseTime; modulo 2^64
package enum FrameDirectory {
    /// Writes the entries at `target`, where the caller has reserved room, and returns the byte after.
    static func encode(
        _ entries: ArraySlice<RecordBatch.Entry>, firstLSN: LSN, baseTime: Int64, to target: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        var next = target
        var execution = firstLSN.rawValue
        entries.withUnsafeBufferPointer { entries in
            for entry in entries {
                let step = Int64(bitPattern: entry.execution &- execution)
                execution = entry.execution
                next = Varint.encode(Varint.zigzag(step), to: next)
                next = Varint.encode(UInt64(entry.sequence), to: next)
                next.storeBytes(of: entry.kind, as: UInt8.self)
                next = Varint.encode(UInt64(entry.length), to: next + 1)
                next = Varint.encode(Varint.zigzag(entry.time &- baseTime), to: next)
            }
        }
        return next
    }

    /// Writes the entries of a rewritten frame in the same way.
    static func encode(
        _ entries: [RecordBatch.Entry], lsns: [LSN], baseTime: Int64, to target: UnsafeMutableRawPointer
    ) -> UnsafeMutableRawPointer {
        precondition(entries.count == lsns.count, "every record has an LSN")
        var next = target
        var lsn = lsns[0].rawValue
        var execution = lsn
        for (entry, entryLSN) in zip(entries, lsns) {
            next = Varint.encode(Varint.zigzag(Int64(bitPattern: entryLSN.rawValue &- lsn)), to: next)
            next = Varint.encode(Varint.zigzag(Int64(bitPattern: entry.execution &- execution)), to: next)
            next = Varint.encode(UInt64(entry.sequence), to: next)
            next.storeBytes(of: entry.kind, as: UInt8.self)
            next = Varint.encode(UInt64(entry.length), to: next + 1)
            next = Varint.encode(Varint.zigzag(entry.time &- baseTime), to: next)
            lsn = entryLSN.rawValue
            execution = entry.execution
        }
        return next
    }

    /// Decodes the directory of `header`, which has been checked, and appends its entries.
    ///
    /// - Parameter lsns: Gets the LSNs of a rewritten frame's entries; nil for any other frame.
    package static func decode(
        _ bytes: RawSpan, of header: FrameHeader, into entries: inout [RecordBatch.Entry], lsns: inout [LSN]?
    ) throws(FrameError) {
        let isRewritten = header.flags.contains(.rewritten)
        var rewrittenLSNs: [LSN] = []
        var lsn = header.firstLSN.rawValue
        var offset = 0
        var execution = lsn
        var total = 0
        for record in 0..<header.recordCount {
            do throws(Varint.Failure) {
                if isRewritten {
                    let step = Varint.unzigzag(try Varint.decode(bytes, at: &offset))
                    lsn = lsn &+ UInt64(bitPattern: step)
                    guard lsn > 0, lsn <= FormatLimits.lsnMax.rawValue, record > 0 || step == 0 else {
                        throw .malformed
                    }
                    rewrittenLSNs.append(LSN(lsn))
                }
                let step = Varint.unzigzag(try Varint.decode(bytes, at: &offset))
                execution = execution &+ UInt64(bitPattern: step)
                let sequence = try Varint.decode(bytes, at: &offset)
                guard offset < bytes.byteCount else { throw .truncated }
                let kind = bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
                offset += 1
                let length = try Varint.decode(bytes, at: &offset)
                let time = header.baseTime &+ Varint.unzigzag(try Varint.decode(bytes, at: &offset))
                guard sequence <= UInt32.max, length <= FormatLimits.recordByteCountMax else { throw .malformed }
                total += Int(length)
                entries.append(
                    RecordBatch.Entry(
                        execution: execution, sequence: UInt32(sequence), kind: kind, length: Int(length), time: time))
            } catch {
                throw .malformedDirectory(record: record)
            }
        }
        guard offset == bytes.byteCount else { throw .malformed(field: "directoryLength") }
        guard total == header.rawLength else { throw .malformed(field: "rawLength") }
        lsns = isRewritten ? rewrittenLSNs : nil
    }
}
