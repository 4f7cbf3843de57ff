/// The binlog on disk: `write2file<N>` and `manifest`, which holds its end.
///
/// ```
/// manifest, 36 bytes LE: offset u64 | unused 12 | file u32 | unused 12
/// ```
///
/// The manifest is written after the records, so what lies behind its offset was never acknowledged to anyone and is
/// written over. Appended bytes are gathered until `flush`.
final class BinlogFiles {
    private static let prefix = "write2file"
    /// The newest files that purging leaves alone.
    private static let untouchable: UInt32 = 10
    private static let readBytes = 256 * 1024

    /// The end, appended records included.
    private(set) var end: BinlogEnd
    /// The existing files, ascending, the newest last.
    private(set) var files: [UInt32]
    private let directory: String
    private let fileSize: UInt64
    private let manifest: DiskFile
    private var current: DiskFile
    private var pending: Bytes = []
    private var pendingOffset: UInt64
    /// What the manifest says.
    private var savedEnd: BinlogEnd?
    private var closedBytes: [UInt32: UInt64] = [:]

    /// `fileSize`: a file is closed by the first record that comes after it has grown beyond this many bytes.
    init(directory: String, fileSize: UInt64) throws(DiskError) {
        self.directory = directory
        self.fileSize = fileSize
        var numbers: [UInt32] = []
        for name in try DiskFile.names(in: directory) where name.hasPrefix(Self.prefix) {
            if let number = UInt32(name.dropFirst(Self.prefix.count)) { numbers.append(number) }
        }
        manifest = try DiskFile(path: directory + "/manifest")
        let stored = try manifest.read(36, at: 0)
        end = BinlogEnd(file: 0, offset: 0)
        if stored.count == 36 {
            end.offset = stored[0..<8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
            end.file = stored[20..<24].reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
        current = try DiskFile(path: Self.path(directory, end.file))
        try current.truncate(to: end.offset)
        pendingOffset = end.offset
        let newest = end.file
        files = numbers.filter { $0 < newest }.sorted() + [newest]
        for leftOver in numbers where leftOver > newest { try DiskFile.remove(Self.path(directory, leftOver)) }
        for file in files.dropLast() { closedBytes[file] = try DiskFile(path: Self.path(directory, file)).size() }
        try flush()
    }

    private static func path(_ directory: String, _ file: UInt32) -> String { "\(directory)/\(prefix)\(file)" }

    func exists(_ file: UInt32) -> Bool { files.contains(file) }

    /// Appends one item, which may be empty; rolls to a new file first when the current one is full.
    func append(_ item: Bytes, now: Int64) throws(DiskError) {
        if end.offset > fileSize { try startFile(end.file + 1) }
        end.offset = BinlogFormat.append(
            item, at: end.offset, seconds: UInt32(truncatingIfNeeded: now), to: &pending)
        if pending.count > 1 << 20 { try flush() }
    }

    private func startFile(_ file: UInt32) throws(DiskError) {
        try flush()
        closedBytes[end.file] = end.offset
        current = try DiskFile(path: Self.path(directory, file))
        try current.truncate(to: 0)
        files.append(file)
        end = BinlogEnd(file: file, offset: 0)
        pendingOffset = 0
    }

    /// Hands everything to the kernel: the records, then the manifest.
    func flush() throws(DiskError) {
        guard savedEnd != end else { return }
        try current.write(pending, at: pendingOffset)
        pendingOffset = end.offset
        pending.removeAll(keepingCapacity: true)
        var bytes = Bytes(repeating: 0, count: 36)
        for index in 0..<8 { bytes[index] = UInt8(truncatingIfNeeded: end.offset >> (8 * UInt64(index))) }
        for index in 0..<4 { bytes[20 + index] = UInt8(truncatingIfNeeded: end.file >> (8 * UInt32(index))) }
        try manifest.write(bytes, at: 0)
        savedEnd = end
    }

    /// Begins the binlog of a new slave at its master's position. The filler is the original's: whole blocks of
    /// blanks without a header, which no reader understands, then one item of blanks.
    func restart(at start: BinlogEnd, now: Int64) throws(DiskError) {
        pending = []
        for file in files { try DiskFile.remove(Self.path(directory, file)) }
        files = []
        try startFile(start.file)
        closedBytes = [:]
        if start.offset >= UInt64(BinlogFormat.headerSize) {
            let rest = Int(start.offset % UInt64(BinlogFormat.blockSize))
            pending = Bytes(repeating: 0x20, count: Int(start.offset) - rest)
            _ = BinlogFormat.append(
                Bytes(repeating: 0x20, count: max(0, rest - BinlogFormat.headerSize)), at: UInt64(pending.count),
                seconds: UInt32(truncatingIfNeeded: now), to: &pending)
        }
        end = start
        try flush()
    }

    /// Removes the files up to `last` (all but the newest `keeping` where nil), never one of the newest ten.
    func purge(upTo last: UInt32?, keeping: Int) throws(DiskError) {
        var surplus = files.count - keeping
        while let oldest = files.first, oldest &+ Self.untouchable <= end.file,
            surplus > 0 || last.map({ oldest <= $0 }) ?? false
        {
            try DiskFile.remove(Self.path(directory, oldest))
            closedBytes[files.removeFirst()] = nil
            surplus -= 1
        }
    }

    /// The bytes of all files.
    var size: UInt64 { closedBytes.values.reduce(end.offset, +) }

    /// A part of one file, for repeated reading in order.
    struct Chunk {
        fileprivate let file: UInt32
        fileprivate let source: DiskFile
        fileprivate var start: UInt64 = 0
        fileprivate var bytes: Bytes = []
    }

    /// Opens an existing file; it stays readable when it is purged.
    func open(_ file: UInt32) throws(DiskError) -> Chunk {
        Chunk(file: file, source: try DiskFile(path: Self.path(directory, file)))
    }

    /// Up to `count` bytes at `position`. The newest file reads as zeros behind its end, as a preallocated one does.
    func read(_ chunk: inout Chunk, at position: UInt64, _ count: Int) throws(DiskError) -> ArraySlice<UInt8> {
        if chunk.file == end.file, !pending.isEmpty { try flush() }
        if position < chunk.start || position + UInt64(count) > chunk.start + UInt64(chunk.bytes.count) {
            chunk.start = position
            let limit = chunk.file == end.file ? end.offset : UInt64.max
            let wanted = position < limit ? min(UInt64(max(count, Self.readBytes)), limit - position) : 0
            chunk.bytes = try chunk.source.read(Int(wanted), at: position)
            if chunk.file == end.file, chunk.bytes.count < count {
                return ArraySlice(chunk.bytes + Bytes(repeating: 0, count: count - chunk.bytes.count))
            }
        }
        let first = Int(position - chunk.start)
        return chunk.bytes[first..<min(first + count, chunk.bytes.count)]
    }
}
