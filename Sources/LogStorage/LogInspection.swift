/// One pass over all segments, which notes damage and goes on behind it.
struct LogInspection {
    var report = LogReport()
    let directory: LogDirectory
    let fileSystem: any LogFileSystem
    /// The sealed segments that there must be, by number; nil: all.
    private let retained: [UInt64: SealedSegment]?
    private let lastRetained: UInt64
    /// The rewrite segments that there must be; nil: those that there are.
    private let rewrites: [UInt64]?

    init(
        directory: LogDirectory, fileSystem: any LogFileSystem, retained: [SealedSegment]? = nil,
        rewrites: [UInt64]? = nil
    ) {
        self.rewrites = rewrites
        self.directory = directory
        self.fileSystem = fileSystem
        self.retained = retained.map { rows in Dictionary(rows.map { ($0.number, $0) }) { first, _ in first } }
        lastRetained = retained?.map(\.number).max() ?? 0
    }

    mutating func run(progress: (Int, Int) -> Void, _ take: (LocatedFrame) -> Void) throws(LogError) {
        // One that is not listed was dropped, and what it held may be held by others since.
        var numbers = directory.segments.filter(isExpected)
        let rewrites = rewrites ?? directory.rewrites
        var index = 0
        while index < numbers.count {
            let number = numbers[index]
            let expected = index == 0 ? 1 : numbers[index - 1] + 1
            for missing in expected..<number where isExpected(missing) {
                report.problems.append(LogDamage(segment: missing, offset: 0, reason: .missing))
            }
            // A segment may get its successor while it is being looked at.
            if index + 1 == numbers.count, try exists(number + 1) { numbers.append(number + 1) }
            if let segment = try open(number) {
                checkIdentity(segment)
                let isNewest = index + 1 == numbers.count
                let successor = isNewest || numbers[index + 1] != number + 1 ? nil : try open(number + 1, notes: false)
                let place = Place(segment: segment, successor: successor?.header, isNewest: isNewest)
                if try !inspect(place, take) { continue }
            }
            index += 1
            progress(index, numbers.count + rewrites.count)
        }
        checkEnd(numbers.last ?? 0)
        for (index, number) in rewrites.enumerated() {
            if directory.rewrites.contains(number) {
                try inspectRewrite(number)
            } else {
                report.problems.append(LogDamage(segment: number, offset: 0, reason: .missing, sort: .rewrite))
            }
            progress(numbers.count + index + 1, numbers.count + rewrites.count)
        }
    }

    /// Notes what is missing behind the newest segment that is there: the list was made durable when it was.
    private mutating func checkEnd(_ newest: UInt64) {
        guard let last = retained?[lastRetained] else { return }
        for number in (retained ?? [:]).keys.sorted() where number > newest {
            report.problems.append(LogDamage(segment: number, offset: 0, reason: .missing))
        }
        guard report.problems.isEmpty, report.nextLSN < last.nextLSN else { return }
        let end = report.segments.last?.end ?? 0
        report.problems.append(
            LogDamage(
                segment: newest, offset: end,
                reason: .recordsMissing(next: report.nextLSN, durable: last.nextLSN, found: nil)))
    }

    private func isExpected(_ number: UInt64) -> Bool {
        guard let retained, number <= lastRetained else { return true }
        return retained[number] != nil
    }

    private struct Place {
        var segment: SegmentReading
        /// Nil also where the successor is missing or cannot be read.
        var successor: SegmentHeader?
        var isNewest: Bool
    }

    private func exists(_ number: UInt64) throws(LogError) -> Bool {
        do throws(FileSystemError) {
            return try fileSystem.exists(directory.path(ofSegment: number))
        } catch {
            throw .storage(error)
        }
    }

    /// - Returns: Nil for a segment whose header is damaged.
    private mutating func open(_ number: UInt64, notes: Bool = true) throws(LogError) -> SegmentReading? {
        do throws(LogError) {
            return try SegmentReading(number, in: directory, fileSystem)
        } catch .damaged(let damage) {
            if notes { report.problems.append(damage) }
            return nil
        } catch {
            throw error
        }
    }

    private mutating func checkIdentity(_ segment: SegmentReading) {
        if segment.header.number == 1, let damage = segment.checkFirst() { report.problems.append(damage) }
        if let logID = report.logID, logID != segment.header.logID {
            report.problems.append(segment.headerDamage(.foreignLog))
        }
        report.logID = report.logID ?? segment.header.logID
    }

    /// - Returns: False when the segment got its successor meanwhile, and has to be looked at again as what it is now.
    private mutating func inspect(_ place: Place, _ take: (LocatedFrame) -> Void) throws(LogError) -> Bool {
        let header = place.segment.header
        var figures = SegmentReport(header)
        var problems: [LogDamage] = []
        var torn: LogDamage?
        let end = try end(of: place, &problems)
        // Once it has a successor, its tail may be given back.
        if place.isNewest, !problems.isEmpty, try exists(header.number + 1) { return false }
        // Of a file that lacks its last bytes nobody can say what they were.
        let hasTail = place.isNewest && problems.isEmpty
        var walk = SegmentWalk(FrameScanner(place.segment.file, header: header, end: end))
        // A second look at the segment hands on only what is new.
        let known = report.nextLSN
        let isSealed = place.successor != nil || (!place.isNewest && retained?[header.number] != nil)
        var postings = SegmentPostings()
        func count(_ located: LocatedFrame) {
            figures.add(located)
            // Behind a damage there are others, and a footer that does not tell of them.
            if isSealed && problems.isEmpty { postings.add(located, of: header.file) }
            if located.frame.header.endLSN > known { take(located) }
        }
        while true {
            let offset = walk.offset
            let verdict =
                if let successor = place.successor {
                    try walk.judge(successor: successor, count)
                } else if isSealed, let row = retained?[header.number] {
                    try walk.judge(row, count)
                } else {
                    try walk.judgeNewest(count)
                }
            guard case .damaged(let damage) = verdict else {
                if case .whole(let tail) = verdict, hasTail { torn = tail }
                break
            }
            if place.isNewest {
                if try exists(header.number + 1) { return false }
                // A writer may have filled the place between two reads; then the next look gets further.
                if walk.offset > offset { continue }
            }
            problems.append(damage)
            guard damage.segment == header.number, try walk.resume() else { break }
        }
        if isSealed, problems.isEmpty { try checkFooter(place.segment, postings) }
        figures.problemCount = problems.count
        report.segments.append(figures)
        report.problems += problems
        report.tornTail = torn
        report.nextLSN = max(report.nextLSN, walk.entry.nextLSN)
        return true
    }

    private func end(of place: Place, _ problems: inout [LogDamage]) throws(LogError) -> Int {
        let header = place.segment.header
        if let successor = place.successor {
            let end = successor.endOfPredecessor(header)
            if let damage = try place.segment.checkSize(expected: end) { problems.append(damage) }
            return end
        }
        if place.isNewest {
            if let damage = try place.segment.checkSize(expected: header.byteCount) { problems.append(damage) }
            return header.byteCount
        }
        if let row = retained?[header.number] {
            if let damage = try place.segment.checkSize(expected: row.end) { problems.append(damage) }
            return min(row.end, header.byteCount)
        }
        // Nobody says where it ends; it may have been cut rightly.
        do throws(FileSystemError) {
            return min(try place.segment.file.size(), header.byteCount)
        } catch {
            throw .storage(error)
        }
    }
}
