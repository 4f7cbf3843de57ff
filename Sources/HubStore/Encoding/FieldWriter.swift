/// Writes numbered fields, on disk and between hubs, in the encoding of Protocol Buffers:
///
///     key      varint   field number * 8 + kind
///     kind 0            then a varint: 7 bits per byte, least significant first, the top bit on all but the last
///     kind 2            then a varint length and that many bytes; nested fields and texts, too
///
/// A field that holds zero or nothing is left out, and a reader skips numbers that it does not know. So fields can be
/// added and neighbouring versions understand each other. A number is never used again for something else.
public struct FieldWriter {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    /// Left out when zero.
    public mutating func put(_ field: Int, _ value: UInt64) {
        guard value != 0 else { return }
        putVarint(UInt64(field) << 3)
        putVarint(value)
    }

    /// Left out when empty.
    public mutating func put(_ field: Int, _ value: some Collection<UInt8>) {
        guard !value.isEmpty else { return }
        putVarint(UInt64(field) << 3 | 2)
        putVarint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// Left out when empty.
    public mutating func put(_ field: Int, text: String) { put(field, text.utf8) }

    /// Nested fields; written even when there are none, so that a list keeps its count.
    public mutating func put(_ field: Int, _ body: (inout FieldWriter) -> Void) {
        var nested = FieldWriter()
        body(&nested)
        putVarint(UInt64(field) << 3 | 2)
        putVarint(UInt64(nested.bytes.count))
        bytes.append(contentsOf: nested.bytes)
    }

    private mutating func putVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }
}
