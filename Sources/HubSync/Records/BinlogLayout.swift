/// How a Pika lays records out in a binlog file: blocks of 64 KiB, each piece of a record behind a header of 8 bytes,
/// a rest of a block too short for a header filled with zeros. So the place where a record ends can be told from
/// where it starts and how long it is, and the end of a file can be proven to have been read.
enum BinlogLayout {
    static let blockBytes: UInt64 = 64 << 10
    static let headerBytes: UInt64 = 8

    /// Where the record after one of `length` bytes at `start` has its stamp.
    static func end(start: UInt64, length: Int) -> UInt64 {
        var position = start
        var left = UInt64(length)
        repeat {
            let room = blockBytes - position % blockBytes
            if room < headerBytes {
                position += room
                continue
            }
            let piece = min(left, room - headerBytes)
            position += headerBytes + piece
            left -= piece
        } while left > 0
        return position
    }
}
