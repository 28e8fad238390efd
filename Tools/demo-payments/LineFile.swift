import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Appends whole lines of JSON to a file that several processes may read: each append is one `write` to a file opened with
/// `O_APPEND`, so lines of two writers do not mix.
package final class LineWriter: Sendable {
    private let descriptor: Int32
    private let path: String

    package init(_ path: String) throws {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        self.path = path
        if descriptor < 0 { throw LineFileError(path: path, operation: "open", code: errno) }
    }

    deinit { close(descriptor) }

    /// Appends one line for each value. Not synced.
    package func append(_ values: [some Encodable]) throws {
        var bytes = Data()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        for value in values {
            bytes += try encoder.encode(value)
            bytes.append(UInt8(ascii: "\n"))
        }
        try bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                let count = write(descriptor, buffer.baseAddress! + offset, buffer.count - offset)
                if count < 0 {
                    if errno == EINTR { continue }
                    throw LineFileError(path: path, operation: "write", code: errno)
                }
                offset += count
            }
        }
    }

    package func sync() throws {
        if fsync(descriptor) != 0 { throw LineFileError(path: path, operation: "fsync", code: errno) }
    }
}

/// Reads the lines that were appended to a file since the last call. A line is read once it ends.
package struct LineReader {
    private let path: String
    private var offset: UInt64 = 0

    package init(_ path: String) {
        self.path = path
    }

    /// The new lines; none while the file does not exist.
    package mutating func next<Value: Decodable>(_ type: Value.Type) throws -> [Value] {
        guard let file = FileHandle(forReadingAtPath: path) else { return [] }
        defer { try? file.close() }  // Only read from: nothing can be lost in closing it.
        try file.seek(toOffset: offset)
        guard let data = try file.readToEnd(), let end = data.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
        let whole = data[data.startIndex...end]
        let decoder = JSONDecoder()
        let values = try whole.split(separator: UInt8(ascii: "\n")).map { try decoder.decode(type, from: Data($0)) }
        offset += UInt64(whole.count)
        return values
    }
}

package struct LineFileError: Error, CustomStringConvertible {
    package var path: String
    package var operation: String
    package var code: Int32

    package init(path: String, operation: String, code: Int32) {
        self.path = path
        self.operation = operation
        self.code = code
    }

    package var description: String { "\(path): \(operation): \(String(cString: strerror(code)))" }
}
