#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Everything about a ``SimulatedDisk``, as a value. This file: names, failures and the bookkeeping of calls.
struct DiskImage: Sendable {
    struct Directory: Sendable {
        enum Change: Sendable {
            case link(String, Int)
            case unlink(String)
            case rename(String, to: String, Int)
        }

        /// File numbers by name.
        var cached: [String: Int] = [:]
        var durable: [String: Int] = [:]
        var unsynced: [Change] = []

        mutating func change(_ change: Change) {
            Self.apply(change, to: &cached)
            unsynced.append(change)
        }

        static func apply(_ change: Change, to entries: inout [String: Int]) {
            switch change {
            case .link(let name, let number): entries[name] = number
            case .unlink(let name): entries[name] = nil
            case .rename(let source, let target, let number):
                entries[source] = nil
                entries[target] = number
            }
        }
    }

    var files: [Int: FileImage] = [:]
    var directories: [String: Directory] = ["": Directory(), ".": Directory()]
    var nextNumber = 1
    var locks: Set<String> = []
    var capacity: Int
    var random: SplitMix64
    var failures: [DiskFailure] = []
    var lie: DiskFailure?
    var hasLied = false
    private(set) var operations: [DiskOperation] = []
    private(set) var crashPoints: [CrashPoint] = []
    var recordsCrashPoints: Bool

    init(seed: UInt64, capacity: Int, recordsCrashPoints: Bool) {
        self.random = SplitMix64(seed: seed)
        self.capacity = capacity
        self.recordsCrashPoints = recordsCrashPoints
    }

    // MARK: Calls

    /// Records a call and returns the errno that it is to fail with, if any.
    mutating func begin(
        _ operation: FileSystemError.Operation, _ path: String, at offset: Int = 0, length: Int = 0
    ) -> Int32? {
        var code: Int32?
        for index in failures.indices where failures[index].operations.contains(operation) {
            failures[index].callsLeft -= 1
            if failures[index].callsLeft <= 0 { code = code ?? failures[index].code }
        }
        failures.removeAll { $0.callsLeft <= 0 && !$0.persists }
        operations.append(
            DiskOperation(operation: operation, path: path, offset: offset, length: length, failed: code != nil))
        return code
    }

    /// Whether the sync that has just begun, and does not fail, reports success without having written anything.
    mutating func lies() -> Bool {
        guard var lie else { return false }
        lie.callsLeft -= 1
        let strikes = lie.callsLeft <= 0
        self.lie = strikes && !lie.persists ? nil : lie
        hasLied = hasLied || strikes
        return strikes
    }

    /// ``begin(_:_:at:length:)`` for calls that do nothing when they fail.
    mutating func beginOrThrow(
        _ operation: FileSystemError.Operation, _ path: String, at offset: Int = 0, length: Int = 0
    ) throws(FileSystemError) {
        if let code = begin(operation, path, at: offset, length: length) {
            throw FileSystemError(operation, path, code: code)
        }
    }

    /// Notes that the last call may have changed the disk.
    mutating func changed() {
        guard recordsCrashPoints, let operation = operations.last else { return }
        var image = self
        image.crashPoints = []
        image.operations = []
        crashPoints.append(CrashPoint(operationCount: operations.count, operation: operation, image: image))
    }

    // MARK: Names

    mutating func createDirectory(_ path: String) throws(FileSystemError) {
        try beginOrThrow(.createDirectory, path)
        let name = Self.trimmed(path)
        var missing: [String] = []
        var ancestor = name
        while directories[ancestor] == nil {
            if find(ancestor) != nil { throw FileSystemError(.createDirectory, path, code: ENOTDIR) }
            missing.append(ancestor)
            ancestor = Self.split(ancestor).directory
        }
        if missing.isEmpty { return }
        // Durable at once: the call syncs every parent that it changes.
        for path in missing { directories[path] = Directory() }
        changed()
    }

    mutating func list(_ path: String) throws(FileSystemError) -> [String] {
        try beginOrThrow(.list, path)
        let name = Self.trimmed(path)
        guard let directory = directories[name] else {
            throw FileSystemError(.list, path, code: find(path) == nil ? ENOENT : ENOTDIR)
        }
        let below = directories.keys.filter { !["", "."].contains($0) }.map(Self.split)
        let names = directory.cached.keys + below.filter { $0.directory == name }.map(\.name)
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    mutating func exists(_ path: String) throws(FileSystemError) -> Bool {
        try beginOrThrow(.exists, path)
        return find(path) != nil || directories[Self.trimmed(path)] != nil
    }

    mutating func open(_ path: String, _ mode: FileOpenMode) throws(FileSystemError) -> Int {
        guard mode == .create else {
            try beginOrThrow(.open, path)
            guard let number = find(path) else { throw FileSystemError(.open, path, code: ENOENT) }
            return number
        }
        let failure = begin(.create, path)
        if find(path) != nil { throw FileSystemError(.create, path, code: EEXIST) }
        if usedByteCount >= capacity { throw FileSystemError(.create, path, code: ENOSPC) }
        let number = nextNumber
        try changeName(.create, path, failure) { .link($0, number) }
        return number
    }

    mutating func rename(_ source: String, to target: String) throws(FileSystemError) {
        let failure = begin(.rename, source)
        guard let number = find(source) else { throw FileSystemError(.rename, source, code: ENOENT) }
        let (directory, targetName) = Self.split(target)
        precondition(directory == Self.split(source).directory, "a rename stays within its directory")
        try changeName(.rename, source, failure) { .rename($0, to: targetName, number) }
    }

    mutating func remove(_ path: String) throws(FileSystemError) {
        let failure = begin(.remove, path)
        if find(path) == nil { throw FileSystemError(.remove, path, code: ENOENT) }
        try changeName(.remove, path, failure) { .unlink($0) }
    }

    mutating func syncDirectory(_ path: String) throws(FileSystemError) {
        let failure = begin(.syncDirectory, path)
        let name = Self.trimmed(path)
        guard var directory = directories[name] else {
            throw FileSystemError(.syncDirectory, path, code: ENOENT)
        }
        if failure == nil, lies() { return }
        // As for files: what a failed sync did not write is forgotten.
        let reached =
            failure == nil ? directory.unsynced.count : Int.random(in: 0...directory.unsynced.count, using: &random)
        for change in directory.unsynced.prefix(reached) { Directory.apply(change, to: &directory.durable) }
        directory.unsynced = []
        directories[name] = directory
        changed()
        if let failure { throw FileSystemError(.syncDirectory, path, code: failure) }
    }

    mutating func lock(_ path: String) throws(FileSystemError) {
        let failure = begin(.lock, path)
        if failure == nil && locks.contains(path) { throw FileSystemError(.lock, path, code: EAGAIN) }
        if find(path) == nil {
            if usedByteCount >= capacity { throw FileSystemError(.lock, path, code: ENOSPC) }
            let number = nextNumber
            try changeName(.lock, path, failure) { .link($0, number) }
        } else if let failure {
            throw FileSystemError(.lock, path, code: failure)
        }
        locks.insert(path)
    }

    /// Makes one change to the directory of `path`. A failing call may have made it or not.
    private mutating func changeName(
        _ operation: FileSystemError.Operation, _ path: String, _ failure: Int32?,
        _ change: (String) -> Directory.Change
    ) throws(FileSystemError) {
        let (directory, name) = Self.split(path)
        guard directories[directory] != nil else {
            throw FileSystemError(operation, path, code: find(directory) == nil ? ENOENT : ENOTDIR)
        }
        if failure == nil || (failure == EIO && Bool.random(using: &random)) {
            let change = change(name)
            if case .link(_, let number) = change {
                files[number] = FileImage()
                nextNumber = number + 1
            }
            directories[directory]!.change(change)
            changed()
        }
        if let failure { throw FileSystemError(operation, path, code: failure) }
    }

    /// What the files that have a name take.
    var usedByteCount: Int {
        directories.values.reduce(0) { sum, directory in
            directory.cached.values.reduce(sum) { $0 + files[$1]!.cached.usedSectorCount }
        } * FileContent.sectorByteCount
    }

    /// The number of the file of that name.
    func find(_ path: String) -> Int? {
        let (directory, name) = Self.split(path)
        return directories[directory]?.cached[name]
    }

    mutating func replace(_ path: String, with bytes: [UInt8]) {
        lose(path)
        let number = nextNumber
        nextNumber += 1
        var file = FileImage()
        file.put(bytes, at: 0)
        file.settle()
        files[number] = file
        let (directory, name) = Self.split(path)
        precondition(directories[directory] != nil, "\(directory) does not exist")
        directories[directory]!.cached[name] = number
        directories[directory]!.durable[name] = number
    }

    mutating func lose(_ path: String) {
        guard find(path) != nil else { return }
        let (directory, name) = Self.split(path)
        directories[directory]!.cached[name] = nil
        directories[directory]!.durable[name] = nil
    }

    private static func trimmed(_ path: String) -> String {
        var name = path[...]
        while name.utf8.last == UInt8(ascii: "/") { name = name.dropLast() }
        return String(name)
    }

    private static func split(_ path: String) -> (directory: String, name: String) {
        let path = trimmed(path)
        guard let slash = path.lastIndex(of: "/") else { return (".", path) }
        return (trimmed(String(path[..<slash])), String(path[path.index(after: slash)...]))
    }
}
