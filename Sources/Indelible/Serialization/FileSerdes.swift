import LogStorage

/// Keeps values in files, and their places in the record: for values that are too large for a log.
///
/// ```swift
/// let render = DurableFunction("render", options: FunctionOptions(serdes: .files(at: "/mnt/values"))) { … }
/// ```
///
/// The directory must exist, and be on storage that every process sees which runs the handler, for as long as the record is
/// kept. A file is durable, with its name, before anything is recorded that names it; it is never changed after that, and
/// its length and checksum, which the record holds, are verified whenever it is read.
///
/// What is recorded is JSON, one of these:
///
///     {"data": text}                                                          in the record: the base's bytes
///     {"base64": text}                                                        the same, where they are no UTF-8
///     {"checksum": hexadecimal, "file": path, "length": count}                in a file, below the directory
///     {"checksum": …, "file": …, "length": …, "preview": {…}}                 with some of it to look at
///
/// The path is `<function>/<execution>/<execution id>/<operation id>.<checksum>.json`: the checksum is in the name so that
/// what a crash makes run again never touches the file of an earlier attempt. What an execution returns has `result` in place
/// of an operation id. Where there is no execution (an input before it starts, what a callback is completed with), the path
/// is `@outside/<checksum>.json`, so that starting an execution again with the same input gives the same bytes.
///
/// When the directory cannot be reached or written, or a file is missing, the error has the code
/// ``SerdesError/Code/unavailable``: the invocation ends, and is tried again. A file whose bytes are not those that were
/// written is a ``SerdesError`` like any other. A path in a record that leads out of the directory is refused.
///
/// Nothing removes files: an execution's directory may be removed once the execution has been deleted and no other waits for
/// what is in it. A name that ends in `.tmp` is left over from a crash.
public struct FileSerdes: Serdes {
    /// Which values are kept in files.
    public enum Mode: Sendable, Hashable {
        /// All of them.
        case always
        /// Those that are too large for the record: see ``FileSerdes/init(at:base:mode:inlineLengthMax:pathStyle:preview:)``.
        case overflow
    }

    /// What the parts of a path look like.
    public enum PathStyle: Sendable, Hashable {
        /// The names as they are, with what is not a letter, a digit or one of `-._~` percent-encoded.
        case readable
        /// Of each name, 32 hexadecimal digits: for names that are too long for a file system, or not for everybody who may
        /// list a directory. They can be guessed by whoever knows the name.
        case hashed
    }

    /// AWS's figure: what it takes of a checkpoint, less 1 KiB.
    public static let inlineLengthMaxDefault = 256 * 1024 - 1024

    private let base: any Serdes
    private let mode: Mode
    private let pathStyle: PathStyle
    private let inlineLengthMax: Int
    private let preview: JSONPreview?
    private let files: ValueFiles

    /// - Parameters:
    ///   - directory: An existing one. The record does not name it, so it may be moved.
    ///   - base: Gives and takes the bytes that are kept. Encrypting here encrypts the files.
    ///   - mode: Which values are kept in files.
    ///   - inlineLengthMax: In the mode ``Mode/overflow``, what is recorded without a file: at most so many bytes, as they
    ///     stand in the record.
    ///   - pathStyle: What the parts of a path look like.
    ///   - preview: What the record shows of a value whose bytes are in a file. It is made from the base's bytes where those
    ///     are a JSON object; nil: nothing.
    public init(
        at directory: String, base: any Serdes = .json, mode: Mode = .overflow,
        inlineLengthMax: Int = inlineLengthMaxDefault, pathStyle: PathStyle = .readable, preview: JSONPreview? = nil
    ) {
        self.init(
            at: directory, base: base, mode: mode, inlineLengthMax: inlineLengthMax, pathStyle: pathStyle,
            preview: preview, fileSystem: PosixFileSystem())
    }

    package init(
        at directory: String, base: any Serdes = .json, mode: Mode = .overflow,
        inlineLengthMax: Int = inlineLengthMaxDefault, pathStyle: PathStyle = .readable, preview: JSONPreview? = nil,
        fileSystem: any LogFileSystem
    ) {
        precondition(!directory.isEmpty, "the directory of a file serdes has a name")
        precondition(inlineLengthMax >= 0, "what a record may hold is 0 bytes or more")
        self.base = base
        self.mode = mode
        self.pathStyle = pathStyle
        self.inlineLengthMax = inlineLengthMax
        self.preview = preview
        files = ValueFiles(at: directory, fileSystem: fileSystem)
    }

    public nonisolated(nonsending) func encode<Value: Encodable>(
        _ value: Value, for place: SerdesPlace
    ) async throws -> [UInt8]? {
        guard let bytes = try await base.encode(value, for: place) else { return nil }
        // Escaping and the envelope only add to the length.
        if mode == .overflow, bytes.count <= inlineLengthMax {
            let envelope = try FileEnvelope(.inline(bytes)).encoded()
            if envelope.count <= inlineLengthMax { return envelope }
        }
        let reference = try await files.write(bytes, to: ValueFilePath(place, style: pathStyle))
        return try FileEnvelope(.file(reference)).encoded(preview: preview?.apply(to: bytes))
    }

    public nonisolated(nonsending) func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: [UInt8]?, for place: SerdesPlace
    ) async throws -> Value {
        guard let bytes else { return try await base.decode(type, from: nil, for: place) }
        switch try FileEnvelope(decoding: bytes).content {
        case .inline(let bytes): return try await base.decode(type, from: bytes, for: place)
        case .file(let reference): return try await base.decode(type, from: files.read(reference), for: place)
        }
    }
}

extension Serdes where Self == FileSerdes {
    /// Values in files: see ``FileSerdes``.
    public static func files(
        at directory: String, base: any Serdes = .json, mode: FileSerdes.Mode = .overflow,
        inlineLengthMax: Int = FileSerdes.inlineLengthMaxDefault, pathStyle: FileSerdes.PathStyle = .readable,
        preview: JSONPreview? = nil
    ) -> FileSerdes {
        FileSerdes(
            at: directory, base: base, mode: mode, inlineLengthMax: inlineLengthMax, pathStyle: pathStyle,
            preview: preview)
    }
}
