import ExecutionModel
import Foundation

/// Writes data to standard output: buffered, so that a million lines are not a million system calls.
struct Printer {
    private var buffer: [UInt8] = []
    private let encoder = JSONEncoder()

    init() {
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    }

    mutating func line(_ text: String) throws {
        buffer += text.utf8
        buffer.append(UInt8(ascii: "\n"))
        if buffer.count > 64 << 10 { try flush() }
    }

    mutating func json(_ value: some Encodable) throws {
        try line(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// Call it at the end.
    mutating func flush() throws {
        do {
            try FileHandle.standardOutput.write(contentsOf: buffer)
        } catch {
            // Foundation hides what the system said under a text of its own.
            let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
            let reason = cause.map { String(cString: strerror(Int32($0.code))) } ?? "\(error)"
            throw ToolFailure(
                .couldNot, "could not write to standard output: \(reason); what was printed is not all there is")
        }
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

/// `1 segment`, `2 segments`.
func counted(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
}

/// `14 days`, `90 s`, `1500 ms`: in the greatest unit that loses nothing, and exact for that reason.
func durationText(milliseconds: Int64) -> String {
    for (unit, length) in [("day", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1_000)] as [(String, Int64)]
    where milliseconds >= length && milliseconds % length == 0 {
        let count = milliseconds / length
        return unit == "day" ? counted(Int(count), unit) : "\(count) \(unit)"
    }
    return "\(milliseconds) ms"
}
