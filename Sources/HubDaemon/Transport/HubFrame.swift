internal import HubStore
internal import NIOCore
internal import RaftLog

// What hubs send each other, over TCP on `floyd-local-port`. The hub that dials sends Hello and, after a welcome,
// messages and requests; the other sends the answer and responses. All integers are big endian.
//
//     offset  bytes
//     0       4      length of the body, at most 4 MiB
//     4       4      CRC32C of the body
//     8              body: 1 hello  2 answer  3 message (repeated)  4 request  5 response, as in FieldWriter.swift
//     Request and response: 1 number  2 bytes
//
// A frame whose length or checksum is wrong ends the connection: nothing behind it can be trusted to be a frame.
// A field that is not known is skipped.

/// One frame.
struct HubFrame {
    static let maximumBodyBytes = 4 << 20

    var hello: Hello?
    var answer: HelloAnswer?
    var messages: [Message] = []
    var request: (number: UInt64, bytes: [UInt8])?
    var response: (number: UInt64, bytes: [UInt8])?

    enum Failure: Error, CustomStringConvertible {
        case tooLong(Int)
        case checksum
        case body(FieldError)

        var description: String {
            switch self {
            case .tooLong(let bytes): "a frame of \(bytes) bytes; at most \(maximumBodyBytes) are allowed"
            case .checksum: "a frame's checksum is wrong"
            case .body(let error): "a frame cannot be read: \(error)"
            }
        }
    }

    /// Appends the whole frame.
    static func write(to buffer: inout ByteBuffer, _ body: (inout FieldWriter) -> Void) {
        var writer = FieldWriter()
        body(&writer)
        write(body: writer.bytes, to: &buffer)
    }

    static func write(body: [UInt8], to buffer: inout ByteBuffer) {
        buffer.writeInteger(UInt32(body.count))
        buffer.writeInteger(CRC32C.checksum(body))
        buffer.writeBytes(body)
    }

    /// Takes a frame off the front; nil while it is not all there.
    static func read(from buffer: inout ByteBuffer) throws(Failure) -> HubFrame? {
        guard let length = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self).map(Int.init) else { return nil }
        guard length <= maximumBodyBytes else { throw .tooLong(length) }
        guard buffer.readableBytes >= 8 + length,
            let checksum = buffer.getInteger(at: buffer.readerIndex + 4, as: UInt32.self),
            let body = buffer.getBytes(at: buffer.readerIndex + 8, length: length)
        else { return nil }
        buffer.moveReaderIndex(forwardBy: 8 + length)
        guard CRC32C.checksum(body) == checksum else { throw .checksum }
        do throws(FieldError) { return try HubFrame(decoding: body) } catch { throw .body(error) }
    }

    private init(decoding body: [UInt8]) throws(FieldError) {
        var reader = FieldReader(body)
        while let (field, value) = try reader.next() {
            switch field {
            case 1: hello = try Hello(decoding: value.bytes)
            case 2: answer = try HelloAnswer(decoding: value.bytes)
            case 3: if let message = try Message(decoding: value.bytes) { messages.append(message) }
            case 4: request = try Self.call(value.bytes)
            case 5: response = try Self.call(value.bytes)
            default: break
            }
        }
    }

    private static func call(_ bytes: ArraySlice<UInt8>) throws(FieldError) -> (number: UInt64, bytes: [UInt8]) {
        var reader = FieldReader(bytes)
        var call: (number: UInt64, bytes: [UInt8]) = (0, [])
        while let (field, value) = try reader.next() {
            switch field {
            case 1: call.number = value.number
            case 2: call.bytes = value.array
            default: break
            }
        }
        return call
    }

    static func encode(number: UInt64, bytes: [UInt8], to writer: inout FieldWriter) {
        writer.put(1, number)
        writer.put(2, bytes)
    }
}

/// Cuts what arrives into frames and hands on all that came with one read.
final class HubFrameReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = [HubFrame]

    private var rest = ByteBuffer()

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var incoming = unwrapInboundIn(data)
        rest.writeBuffer(&incoming)
        var frames: [HubFrame] = []
        do throws(HubFrame.Failure) {
            while let frame = try HubFrame.read(from: &rest) { frames.append(frame) }
        } catch {
            context.fireErrorCaught(error)
            context.close(promise: nil)
            return
        }
        rest.discardReadBytes()
        if !frames.isEmpty { context.fireChannelRead(wrapInboundOut(frames)) }
    }
}
