import ExecutionModel
import Foundation

/// Writes data to standard output: buffered, so that a million lines are not a million system calls.
struct Printer {
    private var buffer: [UInt8] = []
    private let encoder = JSONEncoder()

    init() {
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    }

    mutating func line(_ text: String) {
        buffer += text.utf8
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count > 64 << 10 { flush() }
    }

    mutating func json(_ value: some Encodable) throws {
        line(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// Call it at the end.
    mutating func flush() {
        FileHandle.standardOutput.write(Data(buffer))
        buffer.removeAll(keepingCapacity: true)
    }
}

/// Columns of text, as wide as their widest cell.
struct TextTable {
    private var rows: [[String]]

    init(_ titles: [String]) {
        rows = [titles]
    }

    mutating func append(_ row: [String]) {
        rows.append(row)
    }

    var lines: [String] {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return String(cells.joined(separator: "  ").trimmingSuffix(" "))
        }
    }
}

extension String {
    fileprivate func trimmingSuffix(_ character: Character) -> Substring {
        var end = endIndex
        while end > startIndex, self[index(before: end)] == character { end = index(before: end) }
        return self[..<end]
    }
}

extension Timestamp {
    /// As ISO 8601 with milliseconds, in UTC.
    var text: String {
        Date(timeIntervalSince1970: Double(millisecondsSinceEpoch) / 1_000)
            .formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }
}

/// `1.9 MiB`.
func byteText(_ count: Int) -> String {
    var value = Double(count)
    for unit in ["bytes", "KiB", "MiB", "GiB"] {
        if value < 1_024 || unit == "GiB" {
            return unit == "bytes" ? "\(count) bytes" : String(format: "%.1f %@", value, unit)
        }
        value /= 1_024
    }
    preconditionFailure("the last unit has no limit")
}
