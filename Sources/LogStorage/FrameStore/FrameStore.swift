import Synchronization

/// Reads single frames of either sort of segment by their place, and keeps the ones used last.
///
/// Thread-safe. Blocks, so it may not run on the cooperative pool. A frame that is being read when its file is dropped is
/// read to its end: an open file outlives its name.
package final class FrameStore: Sendable {
    /// A segment that is open, and what its frames are read with.
    private final class OpenFile: Sendable {
        let handle: LogFileHandle
        let decoder: FrameDecoder

        init(_ segment: SegmentReading) {
            handle = segment.handle
            decoder = FrameDecoder(segment: segment.header)
        }
    }

    private struct Content: Sendable {
        var frames: RecentlyUsed<FrameLocation, StoredFrame>
        var files = RecentlyUsed<LogFileID, OpenFile>(limit: FrameStore.openFileLimit)
        /// Counts what was forgotten, so that a read that was on its way then keeps nothing.
        var forgotten = 0
    }

    /// Files kept open. Others are opened again when a frame of theirs is wanted.
    private static let openFileLimit = 128
    /// Read at once: most frames are smaller, and a larger one takes a second read.
    private static let readByteCount = 16 << 10

    let directory: String
    let fileSystem: any LogFileSystem
    private let content: Mutex<Content>

    /// - Parameter cacheByteLimit: Bytes of frames that are kept, about; 0 keeps none.
    package init(directory: String, fileSystem: any LogFileSystem, cacheByteLimit: Int) {
        self.directory = directory
        self.fileSystem = fileSystem
        self.content = Mutex(Content(frames: RecentlyUsed(limit: cacheByteLimit)))
    }

    /// Bytes of frames that it keeps, about.
    package var cachedByteCount: Int { content.withLock { $0.frames.cost } }

    /// The frame that starts there, with every checksum checked; from memory when it was used lately.
    package func frame(at location: FrameLocation) throws(FrameStoreError) -> StoredFrame {
        let (kept, forgotten) = content.withLock { ($0.frames.value(for: location), $0.forgotten) }
        if let kept { return kept }
        guard location.offset >= SegmentHeader.encodedByteCount, location.offset % FrameHeader.alignment == 0 else {
            // The place comes from an index, which is bytes from a disk.
            throw .damaged(location.damage(.frameOutOfPlace(field: "offset")))
        }
        let file = try open(location.file, forgotten)
        let frame = StoredFrame(try read(file, at: location), at: location)
        content.withLock { content in
            guard content.forgotten == forgotten else { return }
            content.frames.insert(frame, for: location, cost: frame.byteCount)
        }
        return frame
    }

    /// Closes the file and drops what is kept of it: it was dropped from the log, or another will get its name.
    package func forget(_ file: LogFileID) {
        content.withLock { content in
            content.forgotten += 1
            content.files.remove(file)
            for location in Array(content.frames.keys) where location.file == file { content.frames.remove(location) }
        }
    }

    private func open(_ id: LogFileID, _ forgotten: Int) throws(FrameStoreError) -> OpenFile {
        if let file = content.withLock({ $0.files.value(for: id) }) { return file }
        let file: OpenFile
        do throws(LogError) {
            file = OpenFile(try SegmentReading(id, in: directory, fileSystem))
        } catch {
            throw FrameStoreError(error, reading: id)
        }
        content.withLock { content in
            if content.forgotten == forgotten { content.files.insert(file, for: id, cost: 1) }
        }
        return file
    }

    private func read(_ file: OpenFile, at location: FrameLocation) throws(FrameStoreError) -> Frame {
        var needed = Self.readByteCount
        while true {
            let bytes: [UInt8]
            do throws(FileSystemError) {
                bytes = try file.handle.file.read(at: location.offset, count: needed)
            } catch {
                throw .storage(error)
            }
            do throws(FrameError) {
                return try file.decoder.frame(bytes.span.bytes, at: location.offset)
            } catch .truncated(let more, _) where more > needed {
                // Every length has been checked against its limit, and the file may have so much.
                needed = more
            } catch {
                if error.isFromNewerBuild { throw .newerVersion(location.file) }
                throw .damaged(location.damage(.frame(error)))
            }
        }
    }
}

extension FrameLocation {
    func damage(_ reason: LogDamage.Reason) -> LogDamage {
        LogDamage(segment: file.number, offset: offset, reason: reason, sort: file.sort)
    }
}
