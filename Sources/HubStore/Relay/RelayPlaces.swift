/// What the column family `places` of a relay store holds (`RelayStore`), and what of it is still to be written.
struct RelayPlaces: Sendable {
    private(set) var first = ChunkSequence(1)
    /// Chunks from here on do not count. Nil in logs from before it was kept.
    private(set) var end: ChunkSequence?
    private(set) var owner = ""
    private(set) var cursors: [ServerID: RelayStore.Cursor] = [:]
    private(set) var received: [ServerID: BinlogProgress] = [:]
    private(set) var suspects: [RelayStore.SuspectName: ServerID] = [:]
    /// By key; nil for what is gone.
    private var unsaved: [[UInt8]: [UInt8]?] = [:]

    /// - Throws: `.corruption` for what no store has written.
    init(of database: RocksDatabase, _ family: ColumnFamily) throws(StoreError) {
        var iterator = database.iterator(from: [], to: nil, in: family)
        while let (key, value) = try iterator.next() {
            let server = ServerID(UInt32(truncatingIfNeeded: bigEndianValue(key.dropFirst())))
            var reader = LittleEndianReader(bytes: value)
            switch key.first {
            case UInt8(ascii: "m") where value.count >= 8 && bigEndianValue(value[..<8]) > 0:
                first = ChunkSequence(bigEndianValue(value[..<8]))
                owner = String(decoding: value[8...], as: UTF8.self)
            case UInt8(ascii: "n") where value.count == 8 && bigEndianValue(value[...]) > 0:
                end = ChunkSequence(bigEndianValue(value[...]))
            case UInt8(ascii: "c") where key.count == 5 && value.count >= 8:
                cursors[server] = RelayStore.Cursor(
                    acknowledged: ChunkSequence(bigEndianValue(value[..<8])),
                    run: String(decoding: value[8...], as: UTF8.self))
            case UInt8(ascii: "r") where key.count == 5:
                guard let progress = BinlogProgress(from: &reader) else { fallthrough }
                received[server] = progress
            case UInt8(ascii: "s") where key.count >= 2 && value.count == 4:
                let name = RelayStore.SuspectName(key: Array(key[2...]), type: key[1])
                suspects[name] = ServerID(UInt32(truncatingIfNeeded: bigEndianValue(value[...])))
            default:
                throw .corruption(during: "reading \(database.path)", text: "the place \(key) has \(value.count) bytes")
            }
        }
    }

    mutating func keep(from first: ChunkSequence, owner: String) {
        (self.first, self.owner) = (first, owner)
        unsaved[Array("m".utf8)] = bigEndian(first.rawValue) + owner.utf8
    }

    mutating func end(at end: ChunkSequence) {
        self.end = end
        unsaved[Array("n".utf8)] = bigEndian(end.rawValue)
    }

    mutating func receive(_ progress: BinlogProgress?, of server: ServerID) {
        received[server] = progress
        unsaved[Self.key("r", server)] = .some(progress?.stored)
    }

    mutating func move(_ cursor: RelayStore.Cursor?, of server: ServerID) {
        cursors[server] = cursor
        unsaved[Self.key("c", server)] = .some(cursor.map { bigEndian($0.acknowledged.rawValue) + $0.run.utf8 })
    }

    mutating func suspect(_ name: RelayStore.SuspectName, winner: ServerID?) {
        suspects[name] = winner
        unsaved[name.stored] = .some(winner.map { bigEndian($0.rawValue) })
    }

    /// Of another primary's log nothing holds but the numbers.
    mutating func forgetAll() {
        for server in cursors.keys { move(nil, of: server) }
        for server in received.keys { receive(nil, of: server) }
        for name in suspects.keys { suspect(name, winner: nil) }
    }

    /// Writes what has changed into the batch.
    mutating func save(into batch: inout WriteBatch, _ family: ColumnFamily) {
        for (key, value) in unsaved {
            if let value { batch.put(key, value, in: family) } else { batch.delete(key, in: family) }
        }
        unsaved = [:]
    }

    private static func key(_ kind: String, _ server: ServerID) -> [UInt8] {
        Array(kind.utf8) + bigEndian(server.rawValue)
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
