import Foundation
package import NIOCore

/// One JSON object a line, in both directions: what the gateway and the worker speak.
package struct LineDecoder<Message: Decodable & Sendable>: NIOSingleStepByteToMessageDecoder {
    package typealias InboundOut = Message

    /// A line longer than this is an error, so that a stranger on the port cannot fill the memory.
    static var lineLengthMax: Int { 64 << 10 }

    private let decoder = JSONDecoder()

    package init() {}

    package mutating func decode(buffer: inout ByteBuffer) throws -> Message? {
        guard let length = buffer.readableBytesView.firstIndex(of: UInt8(ascii: "\n")).map({ $0 - buffer.readerIndex })
        else {
            if buffer.readableBytes > Self.lineLengthMax { throw LineTooLong() }
            return nil
        }
        let line = buffer.readBytes(length: length)!
        buffer.moveReaderIndex(forwardBy: 1)
        return try decoder.decode(Message.self, from: Data(line))
    }

    package mutating func decodeLast(buffer: inout ByteBuffer, seenEOF: Bool) throws -> Message? {
        buffer.readableBytes == 0 ? nil : try decode(buffer: &buffer)
    }
}

package struct LineEncoder<Message: Encodable & Sendable>: MessageToByteEncoder {
    package typealias OutboundIn = Message

    private let encoder = JSONEncoder()

    package init() {}

    package func encode(data: Message, out: inout ByteBuffer) throws {
        out.writeBytes(try encoder.encode(data))
        out.writeInteger(UInt8(ascii: "\n"))
    }
}

package struct LineTooLong: Error {}
