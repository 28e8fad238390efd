import Foundation

/// Reads a JSON-lines file of orders. All of it or nothing: an order that cannot be read stops the run before it begins,
/// so that none is left out unnoticed.
package enum OrderFile {
    package static func read(_ path: String) throws(OrderFileError) -> [Order] {
        guard let data = FileManager.default.contents(atPath: path) else { throw .unreadable(path: path) }
        return try parse(data, path: path)
    }

    package static func parse(_ data: Data, path: String) throws(OrderFileError) -> [Order] {
        var orders: [Order] = []
        var lineOfID: [String: Int] = [:]
        var faults: [OrderFileError.Fault] = []
        let decoder = JSONDecoder()
        for (index, line) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            let number = index + 1
            if line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) { continue }
            let order: Order
            do {
                order = try decoder.decode(Order.self, from: Data(line))
            } catch {
                faults.append(OrderFileError.Fault(line: number, text: describe(error)))
                continue
            }
            if let fault = order.fault {
                faults.append(OrderFileError.Fault(line: number, text: fault))
            } else if let earlier = lineOfID.updateValue(number, forKey: order.id) {
                faults.append(.init(line: number, text: "id \(order.id) stands in line \(earlier) already"))
            } else {
                orders.append(order)
            }
        }
        guard faults.isEmpty else { throw .badLines(path: path, faults) }
        guard !orders.isEmpty else { throw .noOrders(path: path) }
        return orders
    }

    private static func describe(_ error: any Error) -> String {
        switch error {
        case DecodingError.keyNotFound(let key, _): "no field '\(key.stringValue)'"
        case DecodingError.typeMismatch(let type, let context), DecodingError.valueNotFound(let type, let context):
            "field '\(context.codingPath.map(\.stringValue).joined(separator: "."))' is no \(type)"
        default: "not a JSON object"
        }
    }
}

/// Why an orders file was refused. Nothing of it has been started.
package enum OrderFileError: Error, Equatable, CustomStringConvertible {
    package struct Fault: Equatable, Sendable {
        package var line: Int
        package var text: String

        package init(line: Int, text: String) {
            self.line = line
            self.text = text
        }
    }

    case unreadable(path: String)
    case noOrders(path: String)
    case badLines(path: String, [Fault])

    package var description: String {
        switch self {
        case .unreadable(let path): return "\(path): cannot be read; give a file of one JSON object a line"
        case .noOrders(let path): return "\(path): holds no order; give a file of one JSON object a line"
        case .badLines(let path, let faults):
            let shown = faults.prefix(10).map { "\(path):\($0.line): \($0.text)" }
            let more = faults.count > 10 ? ["\(path): and \(faults.count - 10) more"] : []
            return (shown + more + ["nothing was started; correct the lines and run again"]).joined(separator: "\n")
        }
    }
}
