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

    private let database: RocksDatabase
    private let chunks: ColumnFamily
    private let places: ColumnFamily
    /// The first chunk that is kept, or would be.
    public private(set) var first: ChunkSequence
    /// The chunk that is written next, at the earliest.
    public private(set) var next: ChunkSequence
    /// The numbers under which chunks were written since the store was opened, oldest first.
    private var keys: [ChunkSequence] = []
    /// The newest chunk that was there then.
    private let newestFound: ChunkSequence
    public private(set) var cursors: [ServerID: Cursor]
    /// How far each source had been read with the newest chunk.
    public private(set) var received: [ServerID: BinlogProgress]
    /// Keys that await repair, and the servers that their states are to be copied from.
    public private(set) var suspects: [SuspectName: ServerID]
    /// Who wrote the log: only the hub that was primary last may go on with it. Empty for a new log.
    public private(set) var owner: String

    /// The column families besides `default`.
    public static let families = ["places"]

    /// Opens or makes the store.
    ///
    /// - Parameter readOnly: for tools: takes no lock, makes and writes nothing. `write` and its like then throw.
    public init(path: String, readOnly: Bool = false) throws(StoreError) {
        var options = RocksOptions()
        options.readOnly = readOnly
        options.walRecovery = .pointInTime
        options.writeBufferBytes = 24 << 20
        options.writeBufferCount = 3
        options.maxTotalWALBytes = 96 << 20
        options.recycledLogFiles = 4
        database = try RocksDatabase(path: path, families: Self.families, options: options)
        chunks = database.family()
        places = database.family("places")
        (first, owner, cursors, received, suspects) = try Self.readPlaces(database)
        next = first
        // The newest chunk tells the next number. Seeking from the first kept one never walks over deleted ones.
        newestFound = try Self.lastSequence(database, from: first) ?? first.previous
        guard newestFound.rawValue < .max else {
            throw .corruption(during: "reading \(path)", text: "the newest chunk has the number \(newestFound)")
        }
        next = newestFound.next
    }

    /// Writes chunks, moves cursors and drops what is not needed any more, all of it or nothing.
    ///
    /// - Parameters:
    ///   - received: how far the sources of the chunks have been read with them.
    ///   - dropThrough: the last chunk that nobody needs any more.
    public mutating func write(
        _ items: [Item], received read: [ServerID: BinlogProgress] = [:], cursors moved: [ServerID: Cursor] = [:],
        suspects changed: [SuspectName: ServerID?] = [:], dropThrough: ChunkSequence? = nil
    ) throws(StoreError) {
        var batch = WriteBatch()
        put(items, &batch)
        for (server, progress) in read {
            received[server] = progress
            batch.put(Self.key("r", server), progress.stored, in: places)
        }
        for (server, cursor) in moved {
            cursors[server] = cursor
            batch.put(
                Self.key("c", server), bigEndian(cursor.acknowledged.rawValue) + cursor.run.utf8, in: places)
        }
        for (name, winner) in changed {
            suspects[name] = winner
            if let winner {
                batch.put(name.stored, bigEndian(winner.rawValue), in: places)
            } else {
                batch.delete(name.stored, in: places)
            }
        }
        guard let dropThrough, dropThrough >= first else { return try database.write(batch, sync: false) }
        let from = first
        first = dropThrough.next
        next = max(next, first)
        putFirst(&batch)
        // Of what was there before, it is not known which numbers are keys.
        let foundEnd = max(from, min(dropThrough, newestFound).next)
        let found = from.rawValue..<foundEnd.rawValue
        let gone = Array(keys.prefix { $0 <= dropThrough })
        keys.removeFirst(gone.count)
        if found.count + gone.count <= 1000 {
            for key in found { batch.delete(bigEndian(key), in: chunks) }
            for key in gone { batch.delete(bigEndian(key.rawValue), in: chunks) }
            return try database.write(batch, sync: false)
        }
        let last = gone.last ?? foundEnd.previous
        batch.deleteRange(bigEndian(from.rawValue), bigEndian(last.next.rawValue), in: chunks)
        try database.write(batch, sync: false)
        try database.deleteFiles(from: bigEndian(from.rawValue), to: bigEndian(last.rawValue), in: chunks)
    }

    /// Small chunks go together, large ones are not copied once more.
    private mutating func put(_ items: [Item], _ batch: inout WriteBatch) {
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
        self.owner = owner
        var batch = WriteBatch()
        putFirst(&batch)
        try database.write(batch, sync: false)
    }

    /// Forgets every chunk and place; the numbers go on. For a hub that becomes primary after another one.
    public mutating func start(over owner: String) throws(StoreError) {
        var batch = WriteBatch()
        if first < next { batch.deleteRange(bigEndian(first.rawValue), bigEndian(next.rawValue), in: chunks) }
        for server in cursors.keys { batch.delete(Self.key("c", server), in: places) }
        for server in received.keys { batch.delete(Self.key("r", server), in: places) }
        for name in suspects.keys { batch.delete(name.stored, in: places) }
        (cursors, received, suspects, keys) = ([:], [:], [:], [])
        first = next
        self.owner = owner
        putFirst(&batch)
        try database.write(batch, sync: false)
        try database.deleteFiles(from: bigEndian(UInt64(0)), to: bigEndian(next.rawValue), in: chunks)
    }

    private func putFirst(_ batch: inout WriteBatch) {
        batch.put(Array("m".utf8), bigEndian(first.rawValue) + owner.utf8, in: places)
    }

    private static func key(_ kind: String, _ server: ServerID) -> [UInt8] {
        Array(kind.utf8) + bigEndian(server.rawValue)
    }

    /// The chunks from `sequence` on, up to about `maximumBytes`, at least one if there is one.
    public func read(from sequence: ChunkSequence, maximumBytes: Int) throws(StoreError) -> [(ChunkSequence, [UInt8])] {
        var result: [(ChunkSequence, [UInt8])] = []
        var bytes = 0
        let from = max(sequence, first)
        var iterator = database.iterator(from: bigEndian(from.rawValue), to: nil, in: chunks)
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

    /// Bytes of the store's files, as RocksDB counts them.
    public var bytesOnDisk: UInt64 {
        (database.figure("rocksdb.total-sst-files-size", in: chunks) ?? 0)
            + (database.figure("rocksdb.size-all-mem-tables", in: chunks) ?? 0)
    }

    private static func readPlaces(
        _ database: RocksDatabase
    ) throws(StoreError) -> (
        ChunkSequence, String, [ServerID: Cursor], [ServerID: BinlogProgress], [SuspectName: ServerID]
    ) {
        var first = ChunkSequence(1)
        var owner = ""
        var cursors: [ServerID: Cursor] = [:]
        var received: [ServerID: BinlogProgress] = [:]
        var suspects: [SuspectName: ServerID] = [:]
        var iterator = database.iterator(from: [], to: nil, in: database.family("places"))
        while let (key, value) = try iterator.next() {
            let server = ServerID(UInt32(truncatingIfNeeded: bigEndianValue(key.dropFirst())))
            var reader = LittleEndianReader(bytes: value)
            switch key.first {
            case UInt8(ascii: "m") where value.count >= 8 && bigEndianValue(value[..<8]) > 0:
                (first, owner) = (
                    ChunkSequence(bigEndianValue(value[..<8])), String(decoding: value[8...], as: UTF8.self)
                )
            case UInt8(ascii: "c") where key.count == 5 && value.count >= 8:
                cursors[server] = Cursor(
                    acknowledged: ChunkSequence(bigEndianValue(value[..<8])),
                    run: String(decoding: value[8...], as: UTF8.self))
            case UInt8(ascii: "r") where key.count == 5:
                guard let progress = BinlogProgress(from: &reader) else { fallthrough }
                received[server] = progress
            case UInt8(ascii: "s") where key.count >= 2 && value.count == 4:
                suspects[SuspectName(key: Array(key[2...]), type: key[1])] = ServerID(
                    UInt32(truncatingIfNeeded: bigEndianValue(value[...])))
            default:
                throw .corruption(during: "reading \(database.path)", text: "the place \(key) has \(value.count) bytes")
            }
        }
        return (first, owner, cursors, received, suspects)
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
