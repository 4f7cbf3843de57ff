/// The relay log on disk: `floyd-path/relay`, a RocksDB of its own, so that its bulk and Raft's small synced writes
/// do not get in each other's way (`notes/rocksdb.md`).
///
/// | column family | key | value |
/// |---|---|---|
/// | `default` | chunk sequence, u64 big endian | the chunk: `RelayChunk` in HubSync gives the layout |
/// | `cursors` | server id, u32 big endian | acknowledged chunk sequence, u64 big endian, then the server's run, UTF-8 |
/// | `cursors` | empty | first chunk sequence still kept, u64 big endian, then the owner, UTF-8 |
///
/// Nothing here is synced. It survives the end of the process. A loss of power can take the newest writes, all of
/// one batch or none; what they held is read again from the sources. For that reason damage at the end of the
/// write-ahead log opens as if it were its end.
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

    private let database: RocksDatabase
    private let chunks: ColumnFamily
    private let cursorFamily: ColumnFamily
    /// The first chunk that is kept, or would be.
    public private(set) var first: ChunkSequence
    /// The chunk that is written next.
    public private(set) var next: ChunkSequence
    public private(set) var cursors: [ServerID: Cursor]
    /// Who wrote the log: only the hub that was primary last may go on with it. Empty for a new log.
    public private(set) var owner: String

    /// Opens or makes the store.
    public init(path: String) throws(StoreError) {
        var options = RocksOptions()
        options.walRecovery = .pointInTime
        options.writeBufferBytes = 32 << 20
        options.writeBufferCount = 3
        options.maxTotalWALBytes = 96 << 20
        options.recycledLogFiles = 4
        database = try RocksDatabase(path: path, families: ["cursors"], options: options)
        chunks = database.family()
        cursorFamily = database.family("cursors")
        (first, owner, cursors) = try Self.readCursors(database)
        next = first
        // The newest chunk tells the next number. Seeking from the first kept one never walks over deleted ones.
        if let last = try Self.lastSequence(database, from: first) { next = last.next }
    }

    /// Writes chunks, moves cursors and drops what is not needed any more, all of it or nothing.
    ///
    /// - Parameter dropThrough: the last chunk that nobody needs any more.
    public mutating func write(
        _ items: [Item], cursors moved: [ServerID: Cursor] = [:], dropThrough: ChunkSequence? = nil
    ) throws(StoreError) {
        var batch = WriteBatch()
        for item in items {
            precondition(item.sequence == next, "chunk \(item.sequence) written where \(next) is next")
            next = item.sequence.next
            item.header.withUnsafeBytes { header in
                item.commands.withUnsafeBytes { commands in
                    batch.put(bigEndian(item.sequence.rawValue), parts: [header, commands], in: chunks)
                }
            }
        }
        for (server, cursor) in moved {
            cursors[server] = cursor
            batch.put(
                bigEndian(server.rawValue), bigEndian(cursor.acknowledged.rawValue) + cursor.run.utf8,
                in: cursorFamily)
        }
        if let dropThrough, dropThrough >= first {
            if dropThrough.rawValue - first.rawValue > 1000 {
                batch.deleteRange(bigEndian(first.rawValue), bigEndian(dropThrough.next.rawValue), in: chunks)
            } else {
                for sequence in first.rawValue...dropThrough.rawValue { batch.delete(bigEndian(sequence), in: chunks) }
            }
            let from = first
            first = dropThrough.next
            batch.put([], bigEndian(first.rawValue) + owner.utf8, in: cursorFamily)
            try database.write(batch, sync: false)
            if dropThrough.rawValue - from.rawValue > 1000 {
                try database.deleteFiles(from: bigEndian(from.rawValue), to: bigEndian(dropThrough.rawValue), in: chunks)
            }
            return
        }
        try database.write(batch, sync: false)
    }

    /// Forgets every chunk and cursor; the numbers go on. For a hub that becomes primary after another one.
    public mutating func start(over owner: String) throws(StoreError) {
        var batch = WriteBatch()
        batch.deleteRange(bigEndian(first.rawValue), bigEndian(next.rawValue), in: chunks)
        for server in cursors.keys { batch.delete(bigEndian(server.rawValue), in: cursorFamily) }
        cursors = [:]
        first = next
        self.owner = owner
        batch.put([], bigEndian(first.rawValue) + owner.utf8, in: cursorFamily)
        try database.write(batch, sync: false)
        try database.deleteFiles(from: bigEndian(0), to: bigEndian(next.rawValue), in: chunks)
    }

    /// The chunks from `sequence` on, up to about `maximumBytes`, at least one if there is one.
    public func read(from sequence: ChunkSequence, maximumBytes: Int) throws(StoreError) -> [(ChunkSequence, [UInt8])] {
        var result: [(ChunkSequence, [UInt8])] = []
        var bytes = 0
        var iterator = database.iterator(from: bigEndian(max(sequence, first).rawValue), to: nil, in: chunks)
        while bytes < maximumBytes, let pair = try iterator.next() {
            result.append((ChunkSequence(bigEndianValue(pair.key[...])), pair.value))
            bytes += pair.value.count
        }
        return result
    }

    /// Bytes of the store's files, as RocksDB counts them.
    public var bytesOnDisk: UInt64 {
        (database.figure("rocksdb.total-sst-files-size", in: chunks) ?? 0)
            + (database.figure("rocksdb.size-all-mem-tables", in: chunks) ?? 0)
    }

    private static func readCursors(
        _ database: RocksDatabase
    ) throws(StoreError) -> (ChunkSequence, String, [ServerID: Cursor]) {
        var first = ChunkSequence(1)
        var owner = ""
        var cursors: [ServerID: Cursor] = [:]
        var iterator = database.iterator(from: [], to: nil, in: database.family("cursors"))
        while let pair = try iterator.next() {
            guard pair.value.count >= 8 else {
                throw .corruption(during: "reading \(database.path)", text: "a cursor of \(pair.value.count) bytes")
            }
            let sequence = ChunkSequence(bigEndianValue(pair.value[..<8]))
            let text = String(decoding: pair.value[8...], as: UTF8.self)
            if pair.key.isEmpty {
                (first, owner) = (sequence, text)
            } else {
                let server = ServerID(UInt32(truncatingIfNeeded: bigEndianValue(pair.key[...])))
                cursors[server] = Cursor(acknowledged: sequence, run: text)
            }
        }
        return (first, owner, cursors)
    }

    private static func lastSequence(
        _ database: RocksDatabase, from first: ChunkSequence
    ) throws(StoreError) -> ChunkSequence? {
        try database.lastKey(in: database.family()).map { ChunkSequence(bigEndianValue($0[...])) }
            .flatMap { $0 >= first ? $0 : nil }
    }
}

/// A number as a key that sorts by its value.
func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
}

/// The number that up to eight bytes hold, most significant first.
func bigEndianValue(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
}
