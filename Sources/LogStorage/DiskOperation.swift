/// A call to a ``SimulatedDisk``.
package struct DiskOperation: Equatable, Sendable {
    package var operation: FileSystemError.Operation
    package var path: String
    package var offset: Int
    package var length: Int
    package var failed: Bool

    /// Which calls a failure strikes.
    package enum Class: Sendable, CaseIterable {
        /// Everything that asks: reads, opening what exists, listing.
        case read
        /// Everything that changes bytes, sizes or names.
        case write
        case sync
        case any

        package func contains(_ operation: FileSystemError.Operation) -> Bool {
            switch operation {
            case .list, .exists, .open, .read, .size: self == .read || self == .any
            case .createDirectory, .create, .write, .truncate, .deallocate, .rename, .remove, .lock:
                self == .write || self == .any
            case .syncData, .sync, .syncDirectory: self == .sync || self == .any
            }
        }
    }
}

/// A failure that a ``SimulatedDisk`` was asked for.
struct DiskFailure: Sendable {
    var operations: DiskOperation.Class
    /// Until the one that fails.
    var callsLeft: Int
    var code: Int32
    var persists: Bool
}
