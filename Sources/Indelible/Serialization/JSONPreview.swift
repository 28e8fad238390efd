/// Chooses what the record shows of a value whose bytes are in a file: fields of a JSON object, for people to look at.
///
/// ```swift
/// let preview = JSONPreview(.includeAll, exclude: ["blob"], mask: ["email", .path("card.number")])
/// let orders = FileSerdes(at: "/mnt/values", preview: preview)
/// ```
///
/// A preview has at most 4,096 bytes: fields that do not fit are left out. The fields of an array's objects stand where the
/// array does, later ones in place of earlier ones; an array of anything else is shown as it is. A field with a dot in its
/// name is left out. A value that is no object has no preview.
public struct JSONPreview: Sendable {
    /// What is shown of a field that no list names.
    public enum Mode: Sendable, Hashable {
        /// It is.
        case includeAll
        /// It is not.
        case excludeAll
    }

    /// Names fields; a text alone does it by ``anywhere(_:)``. What it says of a field it says of all that is inside.
    public struct Field: Sendable, Hashable, ExpressibleByStringLiteral {
        let name: String
        let isPath: Bool

        /// Each field of this name, however deep.
        public static func anywhere(_ name: String) -> Field { Field(name: name, isPath: false) }

        /// The field at the end of a path from the top, with dots between its parts: `card.number`.
        public static func path(_ path: String) -> Field { Field(name: path, isPath: true) }

        private init(name: String, isPath: Bool) {
            self.name = name
            self.isPath = isPath
        }

        public init(stringLiteral name: String) {
            self.init(name: name, isPath: false)
        }
    }

    static let lengthMax = 4_096
    private static let mask = Array(#""***""#.utf8)

    private let mode: Mode
    private let included: [Field]
    private let excluded: [Field]
    private let masked: [Field]

    /// - Parameters:
    ///   - mode: What is shown of fields that no list names.
    ///   - include: Fields that are shown.
    ///   - exclude: Fields that are not, whatever the other lists say.
    ///   - mask: Fields that are shown as `"***"`.
    public init(_ mode: Mode, include: [Field] = [], exclude: [Field] = [], mask: [Field] = []) {
        self.mode = mode
        included = include
        excluded = exclude
        masked = mask
    }

    /// The preview of a value, as JSON; nil when there is nothing to show.
    func apply(to json: [UInt8]) -> [UInt8]? {
        var selection = Selection(preview: self, room: Self.lengthMax - 2)
        var walk = JSONWalk(json)
        guard walk.next == UInt8(ascii: "{"),
            walk.value(at: [], { selection.decide($0, isVisible: $1) }, { selection.add($0, $1) }), walk.isAtEnd,
            !selection.shown.isEmpty
        else { return nil }
        let preview = JSONMember.object(selection.shown)
        return String(validating: preview, as: UTF8.self) == nil ? nil : preview
    }

    /// What becomes of a field.
    enum Decision {
        case leaveOut
        case mask
        /// Whether it is shown, where it is no object.
        case look(isVisible: Bool)
    }

    private func decide(_ path: [String], isVisible: Bool) -> Decision {
        guard let name = path.last, !name.contains(".") else { return .leaveOut }
        let joined = path.joined(separator: ".")
        func isNamed(in fields: [Field]) -> Bool {
            fields.contains { $0.name == ($0.isPath ? joined : name) }
        }
        if isNamed(in: excluded) { return .leaveOut }
        if isNamed(in: masked) { return .mask }
        return .look(isVisible: isVisible || mode == .includeAll || isNamed(in: included))
    }

    private struct Selection {
        let preview: JSONPreview
        var room: Int
        var shown: [JSONMember] = []

        func decide(_ path: [[UInt8]], isVisible: Bool) -> Decision {
            preview.decide(path.map { JSONRedaction.text(of: $0[...]) }, isVisible: isVisible)
        }

        mutating func add(_ path: [[UInt8]], _ value: ArraySlice<UInt8>?) {
            let value = value.map(Array.init) ?? JSONPreview.mask
            // As if nothing of the path were there: a colon, a comma and two braces for each part.
            let length = path.reduce(value.count) { $0 + $1.count + 4 }
            guard length <= room else { return }
            room -= length
            JSONMember.insert(value, at: path[...], in: &shown)
        }
    }
}

/// A field of a preview: its key as it stands in JSON, and what it has.
private struct JSONMember {
    enum Content {
        case value([UInt8])
        case object([JSONMember])
    }

    let key: [UInt8]
    var content: Content

    /// Puts a value at the end of a path. What stands in its way goes.
    static func insert(_ value: [UInt8], at path: ArraySlice<[UInt8]>, in members: inout [JSONMember]) {
        guard let key = path.first else { return }
        let rest = path.dropFirst()
        let index = members.firstIndex { $0.key == key } ?? members.count
        if index == members.count { members.append(JSONMember(key: key, content: .object([]))) }
        guard !rest.isEmpty else { return members[index].content = .value(value) }
        var inner: [JSONMember] = []
        if case .object(let known) = members[index].content { inner = known }
        insert(value, at: rest, in: &inner)
        members[index].content = .object(inner)
    }

    static func object(_ members: [JSONMember]) -> [UInt8] {
        var bytes = [UInt8(ascii: "{")]
        for (index, member) in members.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes += member.key
            bytes.append(UInt8(ascii: ":"))
            switch member.content {
            case .value(let value): bytes += value
            case .object(let inner): bytes += object(inner)
            }
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }
}
