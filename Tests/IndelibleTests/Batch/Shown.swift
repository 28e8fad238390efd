import Indelible

/// Any JSON: the result of handlers that stand in one table.
enum Shown: Codable, Hashable, Sendable {
    case number(Int)
    case text(String)
    case flag(Bool)
    case list([Shown])
    case fields([String: Shown])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Bool.self) {
            self = .flag(value)
        } else if let value = try? container.decode(Int.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([Shown].self) {
            self = .list(value)
        } else {
            self = .fields(try container.decode([String: Shown].self))
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .number(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        case .flag(let value): try container.encode(value)
        case .list(let value): try container.encode(value)
        case .fields(let value): try container.encode(value)
        }
    }
}

extension Shown: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, ExpressibleByBooleanLiteral {
    init(integerLiteral value: Int) { self = .number(value) }
    init(stringLiteral value: String) { self = .text(value) }
    init(booleanLiteral value: Bool) { self = .flag(value) }
}

extension Shown: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    init(arrayLiteral elements: Shown...) { self = .list(elements) }
    init(dictionaryLiteral elements: (String, Shown)...) {
        self = .fields(Dictionary(uniqueKeysWithValues: elements))
    }
}

extension BatchResult {
    /// What AWS's conformance handlers return of a batch: the fields asked for.
    func shown(_ keys: String...) -> Shown {
        let all: [String: Shown] = [
            "completionReason": .text(completionReason.rawValue), "status": .text(status.rawValue),
            "successCount": .number(successCount), "failureCount": .number(failureCount),
            "totalCount": .number(totalCount),
        ]
        return .fields(all.filter { keys.contains($0.key) })
    }

    /// Every field that there is.
    var summary: Shown { shown("completionReason", "status", "successCount", "failureCount", "totalCount") }
}
