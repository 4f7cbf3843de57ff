import HubStore

// A write-ahead log of RocksDB, as far as a check needs to understand it (RocksDB's wiki, "Write Ahead Log File
// Format"). Everything is little endian.
//
//     file      blocks of 32 KiB, the last one shorter
//     block     records; zeros where fewer bytes are left than a header has
//     record    checksum u32, length u16, type u8, [log number u32,] that many bytes
//     type      1 whole, 2 first part, 3 middle part, 4 last part; 5–8 the same, with the log number, in files that
//               are used again; 0 with length 0: space that was allotted and never written
//     checksum  CRC32C of everything behind the length, rotated right by 15 bits, plus 0xA282EAD8
//
// RocksDB takes the first record that it cannot read for the end of the file wherever a crash could have left it so,
// and doesn't say what it dropped. A file is damaged, and not just torn, when a whole record stands behind that place.

/// What a write-ahead log holds behind its last whole record.
package enum WALEnd: Equatable {
    /// Nothing.
    case clean
    /// A record that was not written to its end, which is what a crash leaves.
    case torn(offset: Int, bytes: Int)
    /// A record was changed after it was written.
    case damaged(offset: Int)
}

package struct WALFile {
    private static let blockBytes = 32 << 10
    private static let headerBytes = 7

    private let bytes: [UInt8]
    private let number: UInt64

    /// - Parameter number: the number in the file's name.
    package init(bytes: [UInt8], number: UInt64) {
        self.bytes = bytes
        self.number = number
    }

    private struct Record {
        var end: Int
        /// 1 whole, 2 first, 3 middle, 4 last.
        var part: UInt8
    }

    package var end: WALEnd {
        var offset = 0
        /// Where the first part stands of what has no last part yet.
        var begun: Int?
        while offset < bytes.count {
            if Self.blockBytes - offset % Self.blockBytes < Self.headerBytes || isUnwritten(offset) {
                offset = nextBlock(offset)
                continue
            }
            guard let record = record(at: offset) else {
                if isDamage(at: offset) { return .damaged(offset: offset) }
                return isOfEarlierUse(offset) && begun == nil ? .clean : torn(begun ?? offset)
            }
            switch record.part {
            case 2: begun = offset
            case 4: begun = nil
            default: break
            }
            offset = record.end
        }
        return begun.map(torn) ?? .clean
    }

    private func torn(_ offset: Int) -> WALEnd { .torn(offset: offset, bytes: bytes.count - offset) }

    private func nextBlock(_ offset: Int) -> Int { (offset / Self.blockBytes + 1) * Self.blockBytes }

    private func isUnwritten(_ offset: Int) -> Bool {
        bytes[offset..<min(nextBlock(offset), bytes.count)].allSatisfy { $0 == 0 }
    }

    /// The whole record that stands at `offset`.
    private func record(at offset: Int) -> Record? {
        guard bytes.count - offset >= Self.headerBytes else { return nil }
        let type = bytes[offset + 6]
        let length = Int(bytes[offset + 4]) | Int(bytes[offset + 5]) << 8
        let header = Self.headerBytes + (type > 4 ? 4 : 0)
        let end = offset + header + length
        guard (1...8).contains(type), end <= min(nextBlock(offset), bytes.count) else { return nil }
        if type > 4, number32(offset + 7) != UInt32(truncatingIfNeeded: number) { return nil }
        let sum = CRC32C.checksum(bytes[(offset + 6)..<end])
        guard (sum >> 15 | sum << 17) &+ 0xA282_EAD8 == number32(offset) else { return nil }
        return Record(end: end, part: type > 4 ? type - 4 : type)
    }

    private func number32(_ offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * UInt32($1)) }
    }

    /// Whether what is no record at `offset` was one: it is whole and the bytes at its end were written, or a record
    /// follows. Files that are used again hold their earlier content behind the end, which tells nothing.
    private func isDamage(at offset: Int) -> Bool {
        if (offset + 1..<min(nextBlock(offset), bytes.count)).contains(where: { record(at: $0) != nil }) { return true }
        var block = nextBlock(offset)
        while block < bytes.count {
            if record(at: block) != nil { return true }
            block += Self.blockBytes
        }
        guard !isUsedAgain, bytes.count - offset >= Self.headerBytes else { return false }
        let end = offset + Self.headerBytes + Int(bytes[offset + 4]) + Int(bytes[offset + 5]) << 8
        return end <= bytes.count && bytes.last != 0
    }

    private var isUsedAgain: Bool { bytes.count > 6 && bytes[6] > 4 }

    /// Behind the end of a file that is used again stands what it held before: not a record that was torn.
    private func isOfEarlierUse(_ offset: Int) -> Bool { isUsedAgain && bytes.count - offset >= Self.headerBytes }
}
