/// The bytes of a binlog file (`write2file<N>`, N from 0), as Pika 2.3 writes them:
///
/// ```
/// file     = blocks of 65536 bytes
/// block    = fragments, then 0–7 zero bytes when no header fits any more
/// fragment = length u24 LE | unix seconds u32 LE | type u8 | payload of `length` bytes
/// type     = 1 whole item, 2 first part, 3 middle part, 4 last part
/// item     = one RESP array, or several when an MSET wrote it (see BinlogRecord)
/// ```
///
/// A fragment never crosses a block. The zero bytes are written before the item that does not fit, so they belong to
/// that item's length, not to its predecessor's. When exactly a header fits, a first part of length 0 is written.
/// A reader stops at a fragment of length 0 or type 0: that is how the end of a preallocated file looks.
package enum BinlogFormat {
    static let blockSize = 65536
    static let headerSize = 8

    enum Fragment: UInt8 {
        case whole = 1
        case first
        case middle
        case last
    }

    /// Appends what `item` looks like when written at `offset`; answers the offset behind it.
    package static func append(_ item: Bytes, at offset: UInt64, seconds: UInt32, to out: inout Bytes) -> UInt64 {
        var offset = offset
        var rest = item[...]
        var isFirst = true
        repeat {
            var room = blockSize - Int(offset % UInt64(blockSize))
            if room < headerSize {
                out.append(contentsOf: repeatElement(0, count: room))
                offset += UInt64(room)
                room = blockSize
            }
            let part = rest.prefix(room - headerSize)
            rest = rest.dropFirst(part.count)
            let type: Fragment = isFirst ? (rest.isEmpty ? .whole : .first) : (rest.isEmpty ? .last : .middle)
            let length = UInt32(part.count)
            for shift in [0, 8, 16] { out.append(UInt8(truncatingIfNeeded: length >> shift)) }
            for shift in [0, 8, 16, 24] { out.append(UInt8(truncatingIfNeeded: seconds >> shift)) }
            out.append(type.rawValue)
            out += part
            offset += UInt64(headerSize + part.count)
            isFirst = false
        } while !rest.isEmpty
        return offset
    }
}
