internal import PikaSim

/// A Pika's binlog without a disk. It survives the end of the process, and a file that is open stays readable when it
/// is purged.
final class MemoryBinlog {
    final class File {
        fileprivate(set) var bytes: [UInt8] = []
    }

    private(set) var end = BinlogEnd(file: 0, offset: 0)
    private(set) var files: [UInt32: File] = [0: File()]
    /// Bytes beyond which the next record begins a new file.
    private let fileBytes: UInt64

    init(fileBytes: UInt64) { self.fileBytes = fileBytes }

    /// The binlog of a slave that has just got a full copy: it goes on where the master's ended, behind a blank item as
    /// long as what the master had in that file.
    init(copying master: MemoryBinlog) {
        fileBytes = master.fileBytes
        let file = File()
        let headerBytes: UInt64 = 8
        if master.end.offset >= headerBytes {
            precondition(master.end.offset < 65_536, "a blank of more than a block is no item")
            let blank = [UInt8](repeating: 0x20, count: Int(master.end.offset - headerBytes))
            _ = BinlogFormat.append(blank, at: 0, seconds: 0, to: &file.bytes)
        }
        files = [master.end.file: file]
        end = master.end
    }

    func append(_ item: [UInt8], now: Int64) {
        if end.offset > fileBytes {
            end = BinlogEnd(file: end.file + 1, offset: 0)
            files[end.file] = File()
        }
        guard let file = files[end.file] else { preconditionFailure("binlog file \(end.file) is missing") }
        end.offset = BinlogFormat.append(
            item, at: end.offset, seconds: UInt32(truncatingIfNeeded: now), to: &file.bytes)
    }

    /// Removes the files below `file`, never one of the newest ten.
    func purge(below file: UInt32) {
        for number in files.keys where number < file && number + 10 <= end.file { files[number] = nil }
    }

    /// Up to `count` bytes; the newest file reads as zeros behind its end, as a preallocated one does.
    func read(_ file: File, number: UInt32, at position: UInt64, _ count: Int) -> ArraySlice<UInt8> {
        let start = min(Int(position), file.bytes.count)
        let slice = file.bytes[start..<min(start + count, file.bytes.count)]
        guard number == end.file, slice.count < count else { return slice }
        return ArraySlice(slice + Array(repeating: 0, count: count - slice.count))
    }
}
