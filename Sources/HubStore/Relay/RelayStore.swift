/// The relay log on disk: `floyd-path/relay`, a RocksDB of its own, so that its bulk and Raft's small synced writes
/// do not get in each other's way (`notes/rocksdb.md`).
///
/// | column family | key | value |
/// |---|---|---|
/// | `default` | chunk sequence, u64 big endian | the chunk: `RelayChunk` in HubSync gives the layout; or a `RelayGroup` that ends with it |
/// | `places` | `c`, then a server id, u32 big endian | acknowledged chunk sequence, u64 big endian, then the server's run, UTF-8 |
/// | `places` | `r`, then a server id, u32 big endian | how far this source has been read, as `BinlogProgress.stored` |
/// | `places` | `s`, then a value type, u8, then a key | the server whose state of the key is to be copied, u32 big endian |
/// | `places` | `m` | first chunk sequence still kept, u64 big endian, then the owner, UTF-8 |
/// | `places` | `n` | the number after that of the newest chunk, u64 big endian: a chunk from there on was written without its places, and does not count |
///
/// Nothing here is synced. It survives the end of the process, but for *bulk*: a write of much, and what follows it, goes
/// past the write-ahead log, or every byte would be written twice, and survives from the next `persist` on. What was
/// dropped in bulk may be gone before that. A loss of power can take the newest writes too. What is lost is read again
/// from the sources. For that reason damage at the end of the write-ahead log opens as if it were its end.
public struct RelayStore: Sendable {
    /// How far one destination has acknowledged the relay log.
    public struct Cursor: Equatable, Sendable {
        public var acknowledged: ChunkSequence
        /// Names the destination's process, so that a restart of it is noticed; empty when unknown.
        public var run: String

        public init(acknowledged: ChunkSequence, run: String) {
            self.acknowledged = acknowledged
            self.run = run
        }
    }

    /// A key that awaits repair, in the name space of its type (`CommandRule.ValueType` in HubSync).
    public struct SuspectName: Hashable, Sendable {
        public var key: [UInt8]
        public var type: UInt8

        public init(key: [UInt8], type: UInt8) {
            self.key = key
            self.type = type
        }

        var stored: [UInt8] { Array("s".utf8) + [type] + key }
    }

    /// One chunk to write: its header and its commands, written one after the other.
    public struct Item: Sendable {
        public var sequence: ChunkSequence
        public var header: [UInt8]
        public var commands: [UInt8]

        public init(sequence: ChunkSequence, header: [UInt8], commands: [UInt8]) {
            self.sequence = sequence
            self.header = header
            self.commands = commands
        }
    }

    private static let memtableBytes = 24 << 20
    /// A write of chunks of this much is bulk.
    private static let bulkBytes = 1 << 20

    /// After so many keys were dropped it is worth while to look for files to delete.
    private static let maximumDropped = 256

    private let database: RocksDatabase
    private let chunks: ColumnFamily
    private let placesFamily: ColumnFamily
    private var places: RelayPlaces
    /// What was written last does not survive the end of the process yet (`persist`).
    public private(set) var isBulk = false
    private var persistCount = 0
    /// Some table files may hold nothing but what was dropped.
    private var hasEmptyFiles = false
    /// Keys since it was known to be so.
    private var dropped = 0
    /// The chunk that is written next, at the earliest.
    public private(set) var next: ChunkSequence
    /// The numbers under which chunks were written since the store was opened, oldest first.
    private var keys: [ChunkSequence] = []
    /// The newest chunk that was there then.
    private let newestFound: ChunkSequence

    /// The first chunk that is kept, or would be.
    public var first: ChunkSequence { places.first }
    public var cursors: [ServerID: Cursor] { places.cursors }
    /// How far each source had been read with the newest chunk.
    public var received: [ServerID: BinlogProgress] { places.received }
    /// Keys that await repair, and the servers that their states are to be copied from.
    public var suspects: [SuspectName: ServerID] { places.suspects }
    /// Who wrote the log: only the hub that was primary last may go on with it. Empty for a new log.
    public var owner: String { places.owner }

    /// The column families besides `default`.
    public static let families = ["places"]

    /// Opens or makes the store.
    ///
    /// - Parameter readOnly: for tools: takes no lock, makes and writes nothing. `write` and its like then throw.
    public init(path: String, readOnly: Bool = false) throws(StoreError) {
        var options = RocksOptions()
        options.readOnly = readOnly
        options.walRecovery = .pointInTime
        options.writeBufferBytes = Self.memtableBytes
        options.writeBufferCount = 3
        options.maxTotalWALBytes = 96 << 20
        options.directFlush = !readOnly && DurableFile.takesDirectWrites(in: path)
        database = try RocksDatabase(path: path, families: Self.families, options: options)
        chunks = database.family()
        placesFamily = database.family("places")
        places = try RelayPlaces(of: database, placesFamily)
        // Seeking from the first kept one never walks over deleted ones.
        let newest = try Self.lastSequence(database, from: places.first) ?? places.first.previous
        guard newest.rawValue < .max else {
            throw .corruption(during: "reading \(path)", text: "the newest chunk has the number \(newest)")
        }
        // What was dropped in bulk may be gone although the places do not say so, and the number of a chunk that a
        // cursor names must not come twice.
        next = max(places.end ?? newest.next, places.first)
        newestFound = min(newest, next.previous)
        let oldest = try oldestKept() ?? next
        if oldest > first { places.keep(from: oldest, owner: owner) }
        guard newest >= next, !readOnly else { return }
        var batch = WriteBatch()
        batch.deleteRange(bigEndian(next.rawValue), bigEndian(newest.next.rawValue), in: chunks)
        try commit(&batch)
    }

    /// Writes chunks, moves cursors and drops what is not needed any more. After the end of the process either all of it
    /// counts or nothing, but for what was dropped.
    ///
    /// - Parameters:
    ///   - received: how far the sources of the chunks have been read with them.
    ///   - dropThrough: the last chunk that nobody needs any more.
    public mutating func write(
        _ items: [Item], received read: [ServerID: BinlogProgress] = [:], cursors moved: [ServerID: Cursor] = [:],
        suspects changed: [SuspectName: ServerID?] = [:], dropThrough: ChunkSequence? = nil
    ) throws(StoreError) {
        var batch = WriteBatch()
        isBulk = isBulk || items.reduce(0) { $0 + $1.byteCount } >= Self.bulkBytes
        try put(items, &batch)
        if !items.isEmpty { places.end(at: next) }
        for (server, progress) in read { places.receive(progress, of: server) }
        for (server, cursor) in moved { places.move(cursor, of: server) }
        for (name, winner) in changed { places.suspect(name, winner: winner) }
        guard let dropThrough, dropThrough >= first else { return try commit(&batch) }
        let from = first
        places.keep(from: dropThrough.next, owner: owner)
        next = max(next, first)
        // Of what was there before, it is not known which numbers are keys.
        let foundEnd = max(from, min(dropThrough, newestFound).next)
        let found = from.rawValue..<foundEnd.rawValue
        let gone = Array(keys.prefix { $0 <= dropThrough })
        keys.removeFirst(gone.count)
        dropped += found.count + gone.count
        if dropped >= Self.maximumDropped { (dropped, hasEmptyFiles) = (0, true) }
        if found.count + gone.count <= 1000 {
            for key in found { batch.delete(bigEndian(key), in: chunks) }
            for key in gone { batch.delete(bigEndian(key.rawValue), in: chunks) }
            return try commit(&batch)
        }
        let last = gone.last ?? foundEnd.previous
        batch.deleteRange(bigEndian(from.rawValue), bigEndian(last.next.rawValue), in: chunks)
        try commit(&batch)
    }

    /// Small chunks go together, large ones are not copied once more. Those of bulk need not wait for their places.
    private mutating func put(_ items: [Item], _ batch: inout WriteBatch) throws(StoreError) {
        var group = RelayGroup()
        for item in items {
            precondition(item.sequence >= next, "chunk \(item.sequence) written where \(next) is next")
            next = item.sequence.next
            if !group.takes(item) { put(&group, &batch) }
            if item.byteCount < RelayGroup.maximumBytes {
                group.add(item)
                continue
            }
            keys.append(item.sequence)
            item.header.withUnsafeBytes { header in
                item.commands.withUnsafeBytes { commands in
                    batch.put(bigEndian(item.sequence.rawValue), parts: [header, commands], in: chunks)
                }
            }
            guard isBulk, batch.byteCount >= Self.bulkBytes else { continue }
            try database.writeUnlogged(batch)
            batch.clear()
        }
        if !group.isEmpty { put(&group, &batch) }
    }

    private mutating func put(_ group: inout RelayGroup, _ batch: inout WriteBatch) {
        keys.append(group.last)
        batch.put(bigEndian(group.last.rawValue), group.bytes, in: chunks)
        group = RelayGroup()
    }

    /// Names who goes on with the log, without touching what is in it.
    public mutating func own(_ owner: String) throws(StoreError) {
        places.keep(from: first, owner: owner)
        places.end(at: next)
        var batch = WriteBatch()
        try commit(&batch)
    }

    /// Forgets every chunk and place; the numbers go on. For a hub that becomes primary after another one.
    public mutating func start(over owner: String) throws(StoreError) {
        var batch = WriteBatch()
        if first < next { batch.deleteRange(bigEndian(first.rawValue), bigEndian(next.rawValue), in: chunks) }
        keys = []
        places.forgetAll()
        places.keep(from: next, owner: owner)
        places.end(at: next)
        hasEmptyFiles = true
        try commit(&batch)
    }

    /// Bulk is not logged, and its places are not even written: one flushed before the chunks would say too much.
    private mutating func commit(_ batch: inout WriteBatch) throws(StoreError) {
        if isBulk { return try database.writeUnlogged(batch) }
        places.save(into: &batch, placesFamily)
        // Files go in any order, and at once: first it has to be sure that nobody looks for what was in them.
        try database.write(batch, sync: hasEmptyFiles)
        guard hasEmptyFiles else { return }
        hasEmptyFiles = false
        try database.deleteFiles(
            from: bigEndian(UInt64(0)), to: bigEndian(first.previous.rawValue), in: chunks)
    }

    /// Lets bulk survive the end of the process. To be called twice a second while `isBulk`, and before the store is
    /// closed.
    public mutating func persist() throws(StoreError) {
        guard isBulk else { return }
        try database.flush(chunks)
        isBulk = false
        hasEmptyFiles = true
        var batch = WriteBatch()
        try commit(&batch)
        // Each flush leaves a write-ahead log with the few bytes of the places, until those are flushed too.
        persistCount += 1
        if persistCount.isMultiple(of: 60) { try database.flush(placesFamily) }
    }

    /// The chunks from `sequence` on, up to about `maximumBytes`, at least one if there is one.
    public func read(from sequence: ChunkSequence, maximumBytes: Int) throws(StoreError) -> [(ChunkSequence, [UInt8])] {
        var result: [(ChunkSequence, [UInt8])] = []
        var bytes = 0
        let from = max(sequence, first)
        var iterator = database.iterator(from: bigEndian(from.rawValue), to: bigEndian(next.rawValue), in: chunks)
        while bytes < maximumBytes, let (key, value) = try iterator.next() {
            let last = ChunkSequence(bigEndianValue(key[...]))
            guard let chunks = RelayGroup.chunks(of: value, last: last) else {
                throw .corruption(during: "reading the relay log", text: "the chunks up to \(last) are damaged")
            }
            for chunk in chunks where chunk.0 >= from && bytes < maximumBytes {
                result.append(chunk)
                bytes += chunk.1.count
            }
        }
        return result
    }

    /// The oldest chunk from `first` on; nil when there is none. One that is damaged says so when it is read.
    private func oldestKept() throws(StoreError) -> ChunkSequence? {
        var iterator = database.iterator(from: bigEndian(first.rawValue), to: bigEndian(next.rawValue), in: chunks)
        guard let (key, value) = try iterator.next() else { return nil }
        let last = ChunkSequence(bigEndianValue(key[...]))
        return max(first, RelayGroup.chunks(of: value, last: last)?.first?.0 ?? last)
    }

    /// Bytes of the store's files, as RocksDB counts them.
    public var bytesOnDisk: UInt64 {
        (database.figure("rocksdb.total-sst-files-size", in: chunks) ?? 0)
            + (database.figure("rocksdb.size-all-mem-tables", in: chunks) ?? 0)
    }

    private static func lastSequence(
        _ database: RocksDatabase, from first: ChunkSequence
    ) throws(StoreError) -> ChunkSequence? {
        try database.lastKey(in: database.family()).map { ChunkSequence(bigEndianValue($0[...])) }
            .flatMap { $0 >= first ? $0 : nil }
    }
}
