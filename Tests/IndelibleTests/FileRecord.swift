import Foundation
import Indelible
import LogStorage

/// What a file serdes records, as anybody reads it.
struct FileRecord: Codable, Equatable {
    var data: String?
    var base64: Data?
    var file: String?
    var length: Int?
    var checksum: String?

    init(_ bytes: [UInt8]?) throws {
        self = try JSONDecoder().decode(FileRecord.self, from: Data(bytes ?? []))
    }
}

extension SimulatedDisk {
    /// The names of all files below a directory.
    func files(below directory: String) throws -> [String] {
        var found: [String] = []
        for name in try list(directory) {
            let path = "\(directory)/\(name)"
            if contents(of: path) != nil { found.append(path) } else { found += try files(below: path) }
        }
        return found
    }
}
