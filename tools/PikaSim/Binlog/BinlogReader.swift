/// Reads one binlog file item by item, in the way of Pika's sender threads and with their mistakes: a fragment of
/// length 0 in the middle of a file passes for its end, and leaves the reader 8 bytes behind its own idea of where it
/// stands.
package struct BinlogReader {
    package enum Step: Equatable {
        case item(Bytes)
        case endOfFile
        /// No header stands here: what a real Pika does next is undefined.
        case garbage(at: UInt64)
    }

    package let file: UInt32
    /// Where Pika believes to be; compared with the binlog's end to see whether anything is left.
    package private(set) var offset: UInt64
    /// Where the next byte is really read.
    private(set) var position: UInt64
    private var offsetInBlock: Int

    /// `offset` must be an item's start.
    package init(file: UInt32, offset: UInt64 = 0) {
        self.file = file
        self.offset = offset
        position = offset
        offsetInBlock = Int(offset % UInt64(BinlogFormat.blockSize))
    }

    /// `read` answers up to `count` bytes at a position, fewer at the file's end.
    package mutating func next(_ read: (_ position: UInt64, _ count: Int) -> ArraySlice<UInt8>) -> Step {
        var item: Bytes = []
        while true {
            skipBlockEnd()
            let header = Array(read(position, BinlogFormat.headerSize))
            guard header.count == BinlogFormat.headerSize else { return .endOfFile }
            let length = Int(header[0]) | Int(header[1]) << 8 | Int(header[2]) << 16
            let start = position
            position += UInt64(BinlogFormat.headerSize)
            if length == 0 || header[7] == 0 { return .endOfFile }
            guard let fragment = BinlogFormat.Fragment(rawValue: header[7]), length < BinlogFormat.blockSize else {
                return .garbage(at: start)
            }
            let payload = read(position, length)
            position += UInt64(payload.count)
            guard payload.count == length else { return .endOfFile }
            offset += UInt64(BinlogFormat.headerSize + length)
            offsetInBlock += BinlogFormat.headerSize + length
            switch fragment {
            case .whole: return .item(Array(payload))
            case .first: item = Array(payload)
            case .middle: item += payload
            case .last: return .item(item + payload)
            }
        }
    }

    private mutating func skipBlockEnd() {
        let room = BinlogFormat.blockSize - offsetInBlock
        guard (0...BinlogFormat.headerSize).contains(room) else { return }
        offset += UInt64(room)
        position += UInt64(room)
        offsetInBlock = 0
    }
}
