/// What the next frame of a segment must say to continue the ones before it.
struct FrameChain {
    /// The LSN of the next record.
    private(set) var nextLSN: LSN
    /// The header CRC of the last frame.
    private(set) var lastFrameCRC: UInt32
    /// Everything below was synced, as the frames and the segment's header say.
    private(set) var durable: LSN
    /// The first LSN of the group that is not complete yet.
    private(set) var openGroup: LSN?

    private let writerEpoch: UInt32
    private let isRewrite: Bool
    private var groupIndex = 0
    private var groupCount = 0

    init(_ header: SegmentHeader) {
        nextLSN = header.firstLSN
        durable = header.firstLSN
        lastFrameCRC = header.predecessor?.lastFrameCRC ?? 0
        writerEpoch = header.writerEpoch
        isRewrite = header.rewrite != nil
    }

    /// The end of what is whole: an incomplete group does not count.
    var wholeLSN: LSN { openGroup ?? nextLSN }

    /// Takes the frame as the next one.
    ///
    /// - Returns: The field that does not continue the chain; nil when all do.
    mutating func take(_ header: FrameHeader) -> String? {
        // Of rewritten frames each stands by itself: their LSNs follow from nothing.
        if !isRewrite && header.firstLSN != nextLSN { return "firstLSN" }
        if header.previousFrameCRC != lastFrameCRC { return "previousFrameCRC" }
        if header.writerEpoch != writerEpoch { return "writerEpoch" }
        if isRewrite {
            lastFrameCRC = header.headerCRC
            return nil
        }
        if header.durableLSN < durable || header.durableLSN > wholeLSN { return "durableLSN" }
        if header.groupIndex != groupIndex || (groupIndex > 0 && header.groupCount != groupCount) {
            return "place in the group"
        }
        durable = header.durableLSN
        openGroup = header.isLastOfGroup ? nil : wholeLSN
        groupIndex = header.isLastOfGroup ? 0 : groupIndex + 1
        groupCount = header.groupCount
        nextLSN = header.endLSN
        lastFrameCRC = header.headerCRC
        return nil
    }

    /// Takes the chain up at a sound frame that starts a group, behind bytes that could not be read.
    mutating func resume(at header: FrameHeader) {
        nextLSN = header.firstLSN
        lastFrameCRC = header.previousFrameCRC
        durable = min(durable, header.durableLSN)
        openGroup = nil
        groupIndex = 0
    }
}
