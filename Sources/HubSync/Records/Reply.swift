/// A server's answer in RESP2.
public enum Reply: Hashable, Sendable {
    case status(String)
    case error(String)
    case integer(Int)
    case bulk([UInt8])
    case null
    case array([Reply])

    /// The largest answer that is accepted, in bytes: a list or sorted set that is read for a repair.
    public static let maximumBytes = 80 << 20

    /// Reads the answer at the beginning of `bytes`.
    /// - Returns: the answer and the place after it; nil when it goes on after the end.
    /// - Throws: `RecordError` when the bytes cannot be an answer.
    public static func parse(_ bytes: ArraySlice<UInt8>) throws(RecordError) -> (Reply, end: Int)? {
        var parser = ReplyParser(bytes: bytes, index: bytes.startIndex)
        guard let reply = try parser.next(depth: 0) else { return nil }
        return (reply, parser.index)
    }

    public var text: String? {
        switch self {
        case .status(let text), .error(let text): text
        case .bulk(let bytes): String(decoding: bytes, as: UTF8.self)
        case .integer(let value): String(value)
        case .null, .array: nil
        }
    }
}

private struct ReplyParser {
    let bytes: ArraySlice<UInt8>
    var index: Int

    mutating func next(depth: Int) throws(RecordError) -> Reply? {
        guard bytes.count <= Reply.maximumBytes else { throw .tooLong(bytes: bytes.count) }
        guard index < bytes.endIndex else { return nil }
        let marker = bytes[index]
        index += 1
        guard let line = try line() else { return nil }
        switch marker {
        case UInt8(ascii: "+"): return .status(String(decoding: line, as: UTF8.self))
        case UInt8(ascii: "-"): return .error(String(decoding: line, as: UTF8.self))
        case UInt8(ascii: ":"):
            guard let value = Int(String(decoding: line, as: UTF8.self)) else { throw .badLength }
            return .integer(value)
        case UInt8(ascii: "$"):
            guard let length = Int(String(decoding: line, as: UTF8.self)), length >= -1 else { throw .badLength }
            if length == -1 { return .null }
            guard length <= Reply.maximumBytes else { throw .tooLong(bytes: length) }
            guard bytes.endIndex - index >= length + 2 else { return nil }
            defer { index += length + 2 }
            return .bulk(Array(bytes[index..<index + length]))
        case UInt8(ascii: "*"):
            guard let count = Int(String(decoding: line, as: UTF8.self)), count >= -1, depth < 4 else {
                throw .badLength
            }
            if count == -1 { return .null }
            var elements: [Reply] = []
            for _ in 0..<count {
                guard let element = try next(depth: depth + 1) else { return nil }
                elements.append(element)
            }
            return .array(elements)
        default:
            throw .unexpectedByte(found: marker, expected: UInt8(ascii: "+"))
        }
    }

    /// Up to CR LF. A line without an end after 64 KiB is no answer.
    private mutating func line() throws(RecordError) -> ArraySlice<UInt8>? {
        guard let end = bytes[index...].prefix(64 << 10).firstIndex(of: UInt8(ascii: "\n")) else {
            if bytes.endIndex - index >= 64 << 10 { throw .badLength }
            return nil
        }
        guard end > index, bytes[end - 1] == UInt8(ascii: "\r") else { throw .badLength }
        defer { index = end + 1 }
        return bytes[index..<end - 1]
    }
}
