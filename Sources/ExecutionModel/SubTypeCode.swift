/// The bytes that stand for the well-known sub types. SPEC.md has the table; codes are only ever added.
enum SubTypeCode {
    /// Before a sub type that has no code: the string follows.
    static let other: UInt8 = 255

    /// The code of a sub type is its place here plus one. Codes 8 to 12 belong to operations that come later.
    static let wellKnown = [
        "Step", "Wait", "Callback", "RunInChildContext", "WaitForCallback", "WaitForCondition", "WithRetry",
        "ChainedInvoke", "Map", "MapIteration", "Parallel", "ParallelBranch",
    ]

    static func code(of subType: String) -> UInt8? {
        // A scan: the frequent ones stand first, and twelve short strings compare faster than one is hashed.
        guard let index = wellKnown.firstIndex(of: subType) else { return nil }
        return UInt8(index + 1)
    }

    static func subType(of code: UInt8) -> String? {
        wellKnown.indices.contains(Int(code) - 1) ? wellKnown[Int(code) - 1] : nil
    }
}
