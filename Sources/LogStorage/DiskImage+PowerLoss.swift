extension DiskImage {
    /// What is on the disk when the power comes back. The seed chooses, for each file and directory by itself, what of the
    /// unsynced changes got there: nothing, everything, the first ones, or any of them.
    func afterPowerLoss(seed: UInt64) -> DiskImage {
        var random = SplitMix64(seed: seed)
        var image = DiskImage(seed: seed, capacity: capacity, recordsCrashPoints: false)
        image.nextNumber = nextNumber
        // Sorted: the order of a dictionary is not the same in every process.
        for path in directories.keys.sorted() {
            let entries = directories[path]!.entriesAfterPowerLoss(&random)
            image.directories[path] = Directory(cached: entries, durable: entries)
            for number in entries.values { image.files[number] = FileImage() }
        }
        for number in image.files.keys.sorted() {
            image.files[number] = FileImage(files[number]!.contentAfterPowerLoss(&random))
        }
        return image
    }

    func afterProcessKill() -> DiskImage {
        var image = DiskImage(seed: 0, capacity: capacity, recordsCrashPoints: false)
        image.random = random
        image.files = files
        image.directories = directories
        image.nextNumber = nextNumber
        image.hasLied = hasLied
        return image
    }
}

extension DiskImage.Directory {
    fileprivate func entriesAfterPowerLoss(_ random: inout SplitMix64) -> [String: Int] {
        var entries = durable
        switch Int.random(in: 0..<4, using: &random) {
        case 0:
            break
        case 1:
            entries = unsynced.reduce(into: entries) { Self.apply($1, to: &$0) }
        case 2:
            // What a journal does.
            let count = Int.random(in: 0...unsynced.count, using: &random)
            entries = unsynced.prefix(count).reduce(into: entries) { Self.apply($1, to: &$0) }
        default:
            for change in unsynced where Bool.random(using: &random) { Self.apply(change, to: &entries) }
        }
        return entries
    }
}

extension FileImage {
    fileprivate init(_ content: FileContent) {
        cached = content
        durable = content
    }

    fileprivate func contentAfterPowerLoss(_ random: inout SplitMix64) -> FileContent {
        var content = durable
        switch Int.random(in: 0..<6, using: &random) {
        case 0:
            break
        case 1:
            for change in unsynced { Self.apply(change, to: &content) }
        case 2:
            let count = Int.random(in: 0...unsynced.count, using: &random)
            for change in unsynced.prefix(count) { Self.apply(change, to: &content) }
        case 3:
            applyAny(of: 8, outOf: 16, to: &content, &random)
        case 4:
            applyAny(of: 1, outOf: 16, to: &content, &random)
        default:
            applyAny(of: 15, outOf: 16, to: &content, &random)
        }
        content.clearBeyondSize()
        return content
    }

    /// Applies each change with the probability `part / whole`: each sector, and the size, ends in its old state or in any
    /// of the versions written since.
    private func applyAny(of part: Int, outOf whole: Int, to content: inout FileContent, _ random: inout SplitMix64) {
        for change in unsynced where Int.random(in: 0..<whole, using: &random) < part {
            Self.apply(change, to: &content)
        }
    }
}
