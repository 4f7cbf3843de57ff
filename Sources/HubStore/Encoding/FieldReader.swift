/// Why bytes are not what a `FieldWriter` writes.
public enum FieldError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The bytes end inside a field.
    case truncated
    /// A kind that this encoding does not have, or a field number of zero.
    case malformedKey(UInt64)
    /// A number of more than 64 bits.
    case numberTooLong
    /// A field that must be there, or whose value is out of its range.
    case unexpected(field: Int, in: String)

    public var description: String {
        switch self {
        case .truncated: "the bytes end inside a field"
        case .malformedKey(let key): "field key \(key) is malformed"
        case .numberTooLong: "a number has more than 64 bits"
        case .unexpected(let field, let name): "field \(field) of a \(name) is missing or out of its range"
        }
    }
}

/// Reads what a `FieldWriter` has written, one field after the other.
public struct FieldReader {
    public enum Value {
        case number(UInt64)
        case bytes(ArraySlice<UInt8>)

        /// Zero for a field that holds bytes, as if it had been left out.
        public var number: UInt64 { if case .number(let number) = self { number } else { 0 } }
        /// Empty for a field that holds a number, as if it had been left out.
        public var bytes: ArraySlice<UInt8> { if case .bytes(let bytes) = self { bytes } else { [] } }
        public var array: [UInt8] { Array(bytes) }
        /// Malformed UTF-8 is replaced.
        public var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    private var rest: ArraySlice<UInt8>

    public init(_ bytes: ArraySlice<UInt8>) { rest = bytes }
    public init(_ bytes: [UInt8]) { rest = bytes[...] }

    /// The next field; nil at the end.
    public mutating func next() throws(FieldError) -> (field: Int, value: Value)? {
        guard !rest.isEmpty else { return nil }
        let key = try varint()
        guard key >> 3 > 0, key >> 3 <= UInt64(Int32.max) else { throw .malformedKey(key) }
        let field = Int(key >> 3)
        switch key & 7 {
        case 0: return (field, .number(try varint()))
        case 2:
            let count = try varint()
            guard count <= UInt64(rest.count) else { throw .truncated }
            defer { rest = rest.dropFirst(Int(count)) }
            return (field, .bytes(rest.prefix(Int(count))))
        default: throw .malformedKey(key)
        }
    }

    private mutating func varint() throws(FieldError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while let byte = rest.popFirst() {
            let bits = UInt64(byte & 0x7F)
            guard shift < 63 || (shift == 63 && bits <= 1) else { throw .numberTooLong }
            value |= bits << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw .truncated
    }
}
