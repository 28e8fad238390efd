import Testing

@testable import LogStorage

@Suite struct ManifestTests {
    private func error(_ bytes: [UInt8]) -> ManifestError? {
        do throws(ManifestError) { _ = try Manifest(decoding: bytes.span.bytes) } catch { return error }
        return nil
    }

    @Test func `a manifest is read as it was written`() throws {
        var manifest = Manifest.sample
        #expect(try Manifest(decoding: manifest.encoded().span.bytes) == manifest)
        manifest.optionalFeatures = 0x8000_0001
        manifest.appendSegments = []
        manifest.rewriteSegments = []
        manifest.tables = []
        #expect(manifest.encoded().count == Manifest.fieldsByteCount)
        #expect(try Manifest(decoding: manifest.encoded().span.bytes) == manifest)
    }

    @Test func `every flipped bit is found`() {
        var bytes = Manifest.sample.encoded()
        for offset in bytes.indices {
            for bit in 0..<8 {
                bytes[offset] ^= 1 << UInt8(bit)
                switch error(bytes) {
                case .wrongMagic where offset < 8, .checksumMismatch where offset >= 8: break
                case let error: Issue.record("byte \(offset) bit \(bit): \(error.map { "\($0)" } ?? "not found")")
                }
                bytes[offset] ^= 1 << UInt8(bit)
            }
        }
    }

    @Test func `a manifest that is cut at any byte, or longer, is refused`() {
        let bytes = Manifest.sample.encoded()
        for length in bytes.indices {
            let error = error(Array(bytes[..<length]))
            if length < Manifest.fieldsByteCount {
                #expect(error == .truncated(available: length))
            } else {
                #expect(error != nil, "cut at \(length)")
            }
        }
        #expect(error(bytes + [0]) != nil)
    }

    @Test(
        arguments: [
            (8, [2, 0, 0, 0], .newerVersion(2)), (8, [0], .malformed(field: "version")),
            (96, [0, 1], .unknownFeatures(256)), (100, [1], nil), (104, [1, 2, 3], nil), (132, [9], nil),
            (32, [0], .malformed(field: "number")), (32, [8], .malformed(field: "number")),
            (56, [0, 0], .malformed(field: "position")), (64, [0], .malformed(field: "positionSegment")),
            (72, [0], .malformed(field: "next numbers")), (80, [0], .malformed(field: "next numbers")),
            (88, [0], .malformed(field: "number")),
            (63, [0x80], .malformed(field: "position")), (71, [0x80], .malformed(field: "positionSegment")),
            (79, [0x80], .malformed(field: "next numbers")), (87, [0x80], .malformed(field: "next numbers")),
            (95, [0x80], .malformed(field: "next numbers")),
            (120, [3], .malformed(field: "counts")), (124, [0xFF, 0xFF, 0xFF, 0xFF], .malformed(field: "counts")),
            (128, [0xFF, 0xFF, 0xFF, 0xFF], .malformed(field: "counts")),
            // Rows of append segments at 136 and 192.
            (136, [0], .malformed(field: "append segment's number")),
            (192, [1], .malformed(field: "append segment's number")),
            (144, [0], .malformed(field: "append segment's firstLSN")),
            (200, [0x8F, 1], .malformed(field: "append segment's firstLSN")),
            (208, [0, 0], .malformed(field: "append segment's nextLSN")),
            (232, [4], .malformed(field: "append segment's endOffset")),
            (232, [0, 0], .malformed(field: "append segment's endOffset")),
            (239, [0x80], .malformed(field: "append segment's endOffset")),
            (224, [0xA1, 0x0F], .malformed(field: "append segment's liveByteCount")),
            (244, [1, 1, 1, 1], nil), (199, [0x80], .malformed(field: "append segment's number")),
            (215, [0x80], .malformed(field: "append segment's nextLSN")), (220, [0xFF], nil),
            (221, [1], .malformed(field: "append segment's recordByteCount")),
            (223, [0x80], .malformed(field: "append segment's recordByteCount")),
            // A rewrite segment at 248, tables at 280 and 312.
            (248, [0], .malformed(field: "rewrite segment's number")),
            (248, [3], .malformed(field: "rewrite segment's number")),
            (263, [0x80], .malformed(field: "rewrite segment's byteCount")),
            (269, [1], .malformed(field: "rewrite segment's recordByteCount")),
            (272, [0x89, 0x13], .malformed(field: "rewrite segment's liveByteCount")),
            (280, [0], .malformed(field: "table's number")), (280, [6], .malformed(field: "table's number")),
            (280, [7], .malformed(field: "table's number")), (288, [63, 0], .malformed(field: "table's byteCount")),
            (295, [0xFF], .malformed(field: "table's byteCount")),
            (303, [0x80], .malformed(field: "table's entryCount")), (308, [1], nil),
        ] as [(Int, [UInt8], ManifestError?)])
    func `a field out of its range under a sound checksum is named`(
        offset: Int, change: [UInt8], expected: ManifestError?
    ) {
        #expect(error(Manifest.sample.resealed(at: offset, change)) == expected)
    }
}
