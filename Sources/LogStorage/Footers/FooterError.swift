/// Why a segment's footer cannot be used. It is a cache: whoever needs it builds it anew from the segment's frames.
package enum FooterError: Error, Equatable, Sendable {
    /// The file has none: it was never written, or a crash cut it.
    case absent
    /// There is one, and it does not check; `part` says where.
    case damaged(part: String)
    /// It checks, but it is not of the frames that the segment has now.
    case stale(field: String)
    /// A newer version wrote it.
    case newerVersion(UInt32)
    /// The segment itself cannot be opened.
    case segment(LogError)
    case storage(FileSystemError)
}

extension FooterError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .absent: "the segment has no footer"
        case .damaged(let part): "the footer does not check: \(part)"
        case .stale(let field): "the footer is not of these frames: \(field)"
        case .newerVersion(let version): "the footer has version \(version), which this program does not know"
        case .segment(let error): "\(error)"
        case .storage(let error): "\(error)"
        }
    }
}
