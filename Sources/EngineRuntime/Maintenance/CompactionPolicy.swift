import LogStorage

/// Which files to compact: those of which too little is still needed, and rewrite segments that are many and small.
package struct CompactionPolicy: Sendable {
    /// A file is rewritten once less of it than this is needed: the log then stays within 1 / 0.4 = 2.5 times of what is.
    package var liveShareMin = 0.4
    /// Rewrite segments below this size are put together once there are so many of them.
    package var smallByteCount = 4 << 20
    package var smallCountMax = 8
    /// What is copied at a time, at most: more than one victim only where they are small.
    package var copiedByteCountMax = 48 << 20

    package init() {}

    struct Candidate {
        var file: LogFileID
        var bytes: FileBytes

        /// The gain of each byte copied, greater for what has been as it is for longer: Rosenblum and Ousterhout's
        /// cost-benefit rule (LFS, 1991), with the age in files.
        func benefit(age: Int) -> Double {
            let share = Double(bytes.live) / Double(max(bytes.total, 1))
            return (1 - share) * Double(age + 1) / (1 + share)
        }
    }

    /// The files to compact next, of those that nothing is appended to any more; none when all are fine.
    ///
    /// - Parameter candidates: By file, the oldest first.
    func victims(among candidates: [Candidate]) -> [LogFileID] {
        let dead = candidates.filter { $0.bytes.live == 0 }
        if !dead.isEmpty { return dead.map(\.file) }
        let sparse = candidates.enumerated()
            .filter { Double($0.element.bytes.live) < liveShareMin * Double($0.element.bytes.total) }
            .sorted { left, right in
                let benefits = [left, right].map { $0.element.benefit(age: candidates.count - $0.offset) }
                return benefits[0] == benefits[1] ? left.offset < right.offset : benefits[0] > benefits[1]
            }
        var victims = prefix(of: sparse.map(\.element))
        if victims.isEmpty {
            let small = candidates.filter { $0.file.sort == .rewrite && $0.bytes.total < smallByteCount }
            if small.count > smallCountMax { victims = prefix(of: small) }
            // One by itself would be as small again.
            if victims.count == 1 { victims = [] }
        }
        return victims.map(\.file)
    }

    /// As many of them, from the first on, as are copied at a time.
    func prefix(of candidates: [Candidate]) -> [Candidate] {
        var sum = 0
        return Array(
            candidates.prefix { candidate in
                defer { sum += candidate.bytes.live }
                return sum == 0 || sum + candidate.bytes.live <= copiedByteCountMax
            })
    }
}
