public import HubStore

/// One record as it arrives from a Pika's binlog sender, described by places in the bytes that were received, so that
/// nothing is copied (`protocol/pika-2.3-hub.md`, section 2).
///
/// | part | bytes |
/// |---|---|
/// | array header | `*<n+4>\r\n` |
/// | n client arguments | `$<length>\r\n<bytes>\r\n` each; the first is the command's name |
/// | magic | `$14\r\n__PIKA_X#$SKGI\r\n` |
/// | server id | `$<length>\r\n<decimal>\r\n` |
/// | stamp | `$16\r\n` exec_time u32, file u32, offset u64, little endian, `\r\n` |
/// | for the hub | `$1\r\n1\r\n`, or `0` |
///
/// A record is valid when every part has that shape and n is at least 1. `parse` needs the whole record.
public struct BinlogRecord: Equatable, Sendable {
    /// Bytes of the whole record.
    public var length = 0
    /// Client arguments, the command's name included. At least 1.
    public var argumentCount = 0
    /// The client arguments with their length headers, as a destination takes them after a new array header.
    public var arguments = 0..<0
    /// The command's name, as the client typed it.
    public var name = 0..<0
    /// The first argument after the name; empty when there is none.
    public var key = 0..<0
    public var serverID = ServerID(0)
    /// Unix seconds by the source's clock.
    public var execTime: UInt32 = 0
    /// The stamp's file.
    public var file: UInt32 = 0
    /// The stamp's offset: where the record starts in the source's binlog, in bytes.
    public var offset: UInt64 = 0
    public var isForHub = false

    public init() {}

    /// The largest record that is accepted: Pika's own limit for one request (`REDIS_MAX_MESSAGE`), and room for
    /// the stamp.
    public static let maximumLength = (64 << 20) + 4096

    /// Reads the record that starts at `start`.
    ///
    /// All ranges of the result count from the start of `bytes`.
    /// - Returns: false when the record goes on after the end of `bytes`.
    /// - Throws: when the bytes cannot be, or become, a record; the connection that sent them is of no use any more.
    public mutating func parse(_ bytes: UnsafeRawBufferPointer, from start: Int) throws(RecordError) -> Bool {
        var cursor = RecordCursor(bytes: bytes, position: start)
        guard let total = try cursor.number(after: UInt8(ascii: "*")) else { return false }
        guard total >= 5, total <= 1 << 20 else { throw .argumentCount(total) }
        argumentCount = total - 4
        let first = cursor.position
        guard let name = try cursor.argument() else { return false }
        self.name = name
        key = name.upperBound..<name.upperBound
        if argumentCount > 1 {
            guard let key = try cursor.argument() else { return false }
            self.key = key
            var left = argumentCount - 2
            while left > 0 {
                guard try cursor.argument() != nil else { return false }
                left -= 1
            }
        }
        arguments = first..<cursor.position

        guard let magic = try cursor.argument() else { return false }
        guard magic.count == 14, Self.isMagic(bytes, magic.lowerBound) else { throw .noMagic }
        guard let id = try cursor.argument() else { return false }
        guard let value = decimal(bytes[id]), let id = UInt32(exactly: value), id > 0 else { throw .badServerID }
        serverID = ServerID(id)
        guard let stamp = try cursor.argument() else { return false }
        guard stamp.count == 16 else { throw .badStamp }
        execTime = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: stamp.lowerBound, as: UInt32.self))
        file = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: stamp.lowerBound + 4, as: UInt32.self))
        offset = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: stamp.lowerBound + 8, as: UInt64.self))
        guard let flag = try cursor.argument() else { return false }
        guard flag.count == 1 else { throw .badFlag }
        isForHub = bytes[flag.lowerBound] == UInt8(ascii: "1")
        length = cursor.position - start
        return true
    }

    /// `__PIKA_X` and the six bytes that follow it.
    private static func isMagic(_ bytes: UnsafeRawBufferPointer, _ start: Int) -> Bool {
        bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self) == UInt64(littleEndian: 0x585F_414B_4950_5F5F)
            && bytes.loadUnaligned(fromByteOffset: start + 6, as: UInt64.self)
                == UInt64(littleEndian: 0x4947_4B53_2423_585F)
    }
}

/// Why bytes on a binlog connection are not a record.
public enum RecordError: Error, Equatable, Sendable, CustomStringConvertible {
    case unexpectedByte(found: UInt8, expected: UInt8)
    case badLength
    case tooLong(bytes: Int)
    case argumentCount(Int)
    case noMagic
    case badServerID
    case badStamp
    case badFlag
    /// A stored command ends too early.
    case truncated

    public var description: String {
        switch self {
        case .unexpectedByte(let found, let expected): "byte \(found) where \(expected) was expected"
        case .badLength: "a length that is not a decimal number followed by CR LF"
        case .tooLong(let bytes): "a record of at least \(bytes) bytes, more than \(BinlogRecord.maximumLength)"
        case .argumentCount(let count): "an array of \(count) arguments, expected 5 to \(1 << 20)"
        case .noMagic: "the fourth argument from the end is not __PIKA_X#$SKGI"
        case .badServerID: "the server id is not a positive 32-bit number"
        case .badStamp: "the stamp is not 16 bytes long"
        case .badFlag: "the last argument is not one byte long"
        case .truncated: "the bytes end inside a command"
        }
    }
}

/// Walks over the parts of one array. Nil means that the bytes end before the part does.
struct RecordCursor {
    let bytes: UnsafeRawBufferPointer
    var position: Int
    private let start: Int

    init(bytes: UnsafeRawBufferPointer, position: Int) {
        self.bytes = bytes
        self.position = position
        start = position
    }

    /// `<marker><decimal>\r\n`.
    @inline(__always)
    mutating func number(after marker: UInt8) throws(RecordError) -> Int? {
        var index = position
        let end = bytes.count
        guard index < end else { return nil }
        guard bytes[index] == marker else { throw .unexpectedByte(found: bytes[index], expected: marker) }
        index += 1
        var value = 0
        let firstDigit = index
        while index < end {
            let digit = bytes[index] &- UInt8(ascii: "0")
            if digit > 9 { break }
            value = value &* 10 &+ Int(digit)
            index += 1
            guard index - firstDigit <= 9 else { throw .badLength }
        }
        guard index + 1 < end else { return nil }
        guard index > firstDigit, bytes[index] == UInt8(ascii: "\r"), bytes[index + 1] == UInt8(ascii: "\n") else {
            throw .badLength
        }
        position = index + 2
        return value
    }

    /// `$<length>\r\n<bytes>\r\n`; the range of the bytes.
    @inline(__always)
    mutating func argument() throws(RecordError) -> Range<Int>? {
        guard let length = try number(after: UInt8(ascii: "$")) else { return nil }
        let first = position
        let end = first + length
        guard end - start <= BinlogRecord.maximumLength else { throw .tooLong(bytes: end - start) }
        guard end + 2 <= bytes.count else { return nil }
        guard bytes[end] == UInt8(ascii: "\r"), bytes[end + 1] == UInt8(ascii: "\n") else { throw .badLength }
        position = end + 2
        return first..<end
    }
}

/// The value of a decimal number without sign; nil for anything else or more than 18 digits.
func decimal(_ bytes: Slice<UnsafeRawBufferPointer>) -> Int? {
    guard !bytes.isEmpty, bytes.count <= 18 else { return nil }
    var value = 0
    for byte in bytes {
        let digit = byte &- UInt8(ascii: "0")
        guard digit <= 9 else { return nil }
        value = value * 10 + Int(digit)
    }
    return value
}
