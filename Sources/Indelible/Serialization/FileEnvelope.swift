import ExecutionModel

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// What is recorded of a value that a ``FileSerdes`` was given: the table there is the authority.
struct FileEnvelope: Equatable, Sendable {
    enum Content: Equatable, Sendable {
        case inline([UInt8])
        case file(ValueFileReference)
    }

    var content: Content

    init(_ content: Content) {
        self.content = content
    }

    /// What is recorded.
    ///
    /// - Parameter preview: JSON, for people to look at; nothing is read from it.
    func encoded(preview: [UInt8]? = nil) throws -> [UInt8] {
        var bytes = try JSONSerdes.encode(self)
        if let preview {
            // Its key is the last one in order.
            bytes.removeLast()
            bytes += Array(#","preview":"#.utf8) + preview + [UInt8(ascii: "}")]
        }
        return bytes
    }

    /// Reads what a record holds, which may be anything: who completes a callback chooses the bytes.
    init(decoding bytes: [UInt8]) throws(SerdesError) {
        do {
            self = try JSONSerdes.decode(FileEnvelope.self, from: bytes)
        } catch {
            throw SerdesError(
                .decodingFailed,
                message: """
                    the record holds no envelope of a file serdes, {"data": …} or {"file": …}: another serdes recorded it, \
                    name that one where it is read (\(error))
                    """, cause: error)
        }
    }
}

/// A file that holds a value, and what it must hold.
struct ValueFileReference: Equatable, Sendable {
    /// Below the directory of the serdes, with `/` between its parts.
    var path: String
    var length: Int
    var checksum: RandomBits

    /// What stands for the bytes of a value, in the record and in the file's name. It finds damage; whoever can write to the
    /// directory can forge it.
    static func checksum(of bytes: [UInt8]) -> RandomBits {
        SipHash128(of: bytes, key: RandomBits(high: 0, low: 0)).digest
    }
}

extension FileEnvelope: Codable {
    private enum CodingKeys: String, CodingKey {
        case data, base64, file, length, checksum
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func refuse(_ reason: String) -> DecodingError {
            DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: reason))
        }
        let kinds = container.allKeys.filter { [.data, .base64, .file].contains($0) }
        guard kinds.count == 1 else { throw refuse("it has not one of data, base64 and file") }
        switch kinds[0] {
        case .data:
            content = .inline(Array(try container.decode(String.self, forKey: .data).utf8))
        case .base64:
            content = .inline(Array(try container.decode(Data.self, forKey: .base64)))
        default:
            let length = try container.decode(Int.self, forKey: .length)
            guard let checksum = RandomBits(try container.decode(String.self, forKey: .checksum)), length >= 0 else {
                throw refuse("its length is negative, or its checksum is not 32 hexadecimal digits")
            }
            content = .file(
                ValueFileReference(
                    path: try container.decode(String.self, forKey: .file), length: length, checksum: checksum))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch content {
        case .inline(let bytes):
            if let text = String(validating: bytes, as: UTF8.self) {
                try container.encode(text, forKey: .data)
            } else {
                try container.encode(Data(bytes), forKey: .base64)
            }
        case .file(let reference):
            try container.encode(reference.path, forKey: .file)
            try container.encode(reference.length, forKey: .length)
            try container.encode("\(reference.checksum)", forKey: .checksum)
        }
    }
}
