import ExecutionModel
import LogStorage
import Synchronization

/// Files that hold one value each, below a directory. A file gets its name when its bytes are durable, and is never changed
/// after that.
final class ValueFiles: Sendable {
    /// Names that are tried for one value: a name holds other bytes only where somebody has damaged or forged a file.
    static let copiesMax = 16
    /// Directories that are remembered; at one more all of them are forgotten.
    private static let rememberedMax = 1_024

    private let directory: String
    private let fileSystem: any LogFileSystem
    /// Directories of which this process knows that their names are durable: one that it finds may have been made by a
    /// process that died before it synced.
    private let durableDirectories = Mutex<Set<String>>([])

    /// Held while a file gets its name, in all of the process: what it looks at and what it does are then one.
    private static let naming = Mutex<Void>(())

    init(at directory: String, fileSystem: any LogFileSystem) {
        self.directory = directory.utf8.count > 1 && directory.hasSuffix("/") ? String(directory.dropLast()) : directory
        self.fileSystem = fileSystem
    }

    /// Keeps bytes in a file. When this returns, the file and its name are durable.
    nonisolated(nonsending) func write(
        _ bytes: [UInt8], to path: ValueFilePath
    ) async throws(SerdesError) -> ValueFileReference {
        try await FileThreads.shared.run { [self] () throws(SerdesError) in
            let checksum = ValueFileReference.checksum(of: bytes)
            do {
                let name = try store(bytes, checksum, at: path)
                return ValueFileReference(
                    path: (path.directory + [name]).joined(separator: "/"), length: bytes.count, checksum: checksum)
            } catch {
                throw SerdesError(valueFile: error)
            }
        }
    }

    /// The bytes of a file, verified.
    nonisolated(nonsending) func read(_ reference: ValueFileReference) async throws(SerdesError) -> [UInt8] {
        guard ValueFilePath.isInside(reference.path) else {
            throw SerdesError(
                .decodingFailed,
                message: "the record names the file '\(reference.path)', which does not lie below \(directory)")
        }
        return try await FileThreads.shared.run { [self] () throws(SerdesError) in
            do {
                return try load(reference)
            } catch {
                throw SerdesError(valueFile: error)
            }
        }
    }

    private func load(_ reference: ValueFileReference) throws -> [UInt8] {
        let path = "\(directory)/\(reference.path)"
        let file = try fileSystem.open(path, .read)
        defer { file.close() }
        // The length is what a record says, and is not believed before the file says the same.
        let size = try file.size()
        guard size == reference.length else {
            throw SerdesError(alteredFile: path, "it holds \(size) bytes, and the record says \(reference.length)")
        }
        let bytes = try file.read(at: 0, count: size)
        let checksum = ValueFileReference.checksum(of: bytes)
        guard checksum == reference.checksum else {
            throw SerdesError(
                alteredFile: path, "its checksum is \(checksum), and the record says \(reference.checksum)")
        }
        return bytes
    }
}

// MARK: Writing

extension ValueFiles {
    /// What the directory has for some bytes: a file that holds them, or a name that nothing has.
    private enum Spot {
        case kept(String)
        case free(String)

        var name: String {
            switch self {
            case .kept(let name), .free(let name): name
            }
        }
    }

    private func store(_ bytes: [UInt8], _ checksum: RandomBits, at path: ValueFilePath) throws -> String {
        // Never made: where a file system is not mounted, the files would go to the disk beneath it.
        guard try fileSystem.exists(directory) else {
            throw SerdesError(
                .unavailable,
                message: "the directory \(directory) does not exist: make it, or mount the file system that holds it")
        }
        let target = ([directory] + path.directory).joined(separator: "/")
        try fileSystem.createDirectory(target)
        var spot = try spot(for: bytes, checksum, at: path, in: target)
        if case .free = spot {
            let draft = "\(target)/\(checksum).\(String(UInt64.random(in: 0 ... .max), radix: 16)).tmp"
            do {
                try write(bytes, to: draft)
                spot = try Self.naming.withLock { _ in
                    let spot = try self.spot(for: bytes, checksum, at: path, in: target)
                    if case .free(let name) = spot { try fileSystem.rename(draft, to: "\(target)/\(name)") }
                    return spot
                }
                if case .kept = spot { try fileSystem.remove(draft) }
            } catch {
                // It is not known what is there. What stays is in nobody's way.
                try? fileSystem.remove(draft)
                throw error
            }
        }
        try syncNames(path.directory)
        return spot.name
    }

    private func spot(
        for bytes: [UInt8], _ checksum: RandomBits, at path: ValueFilePath, in target: String
    ) throws -> Spot {
        for copy in 0..<Self.copiesMax {
            let name = path.name(checksum: checksum, copy: copy)
            let full = "\(target)/\(name)"
            guard try fileSystem.exists(full) else { return .free(name) }
            if try isKept(bytes, in: full) { return .kept(name) }
        }
        throw SerdesError(
            .encodingFailed,
            message: """
                \(Self.copiesMax) files in \(target) with the checksum \(checksum) in their names hold other bytes: they \
                are damaged or forged; remove those that no record names
                """)
    }

    /// Whether a file holds these bytes. If it does, they are durable.
    private func isKept(_ bytes: [UInt8], in path: String) throws -> Bool {
        let file = try fileSystem.open(path, .read)
        defer { file.close() }
        guard try file.size() == bytes.count, try file.read(at: 0, count: bytes.count) == bytes else { return false }
        // Somebody may have put it back from a backup.
        try file.sync()
        return true
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        let file = try fileSystem.open(path, .create)
        defer { file.close() }
        try file.write(bytes, at: 0)
        try file.sync()
    }

    /// Makes the names in a file's directory durable, and those of the directories above it.
    private func syncNames(_ parts: [String]) throws {
        var names: [String] = []
        for count in (0...parts.count).reversed() {
            let path = ([directory] + parts.prefix(count)).joined(separator: "/")
            try fileSystem.syncDirectory(path)
            // Where its own name is durable, so are those above it.
            if count == 0 || durableDirectories.withLock({ $0.contains(path) }) { break }
            names.append(path)
        }
        durableDirectories.withLock { directories in
            if directories.count + names.count > Self.rememberedMax { directories = [] }
            directories.formUnion(names)
        }
    }
}

// MARK: Errors

extension SerdesError {
    fileprivate init(valueFile error: any Error) {
        switch error {
        case let error as SerdesError: self = error
        case let error as FileSystemError:
            let message = error.advice.map { "could not \(error.operation.rawValue) \(error.path): \($0)" }
            self.init(.unavailable, message: message ?? "\(error)", cause: error)
        default: self.init(.unavailable, message: "\(error)", cause: error)
        }
    }

    fileprivate init(alteredFile path: String, _ difference: String) {
        self.init(
            .decodingFailed,
            message: "\(path) is not what was written: \(difference); put it back from a backup")
    }
}

extension FileSystemError {
    /// What is wrong, and what to do before the next try; nil: only the system knows.
    fileprivate var advice: String? {
        switch reason {
        case .notFound: "it does not exist; put it back, or mount the file system that holds it"
        case .diskFull: "no space is left; free some"
        case .permissionDenied: "permission denied; check the owner and the mode"
        case .readOnlyFileSystem: "the file system is read-only; mount it read-write"
        case .notADirectory: "a part of the path is not a directory; check the path"
        case .tooManyOpenFiles: "too many files are open; raise the limit (ulimit -n)"
        case .inputOutput: "the device reported an error; check it"
        case .locked, .alreadyExists, .other: nil
        }
    }
}
