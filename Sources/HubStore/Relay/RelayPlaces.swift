/// What the column family `places` of a relay store says (`RelayStore`).
struct RelayPlaces {
    var first = ChunkSequence(1)
    /// Chunks from here on do not count. Nil in logs from before it was kept.
    var end: ChunkSequence?
    var owner = ""
    var cursors: [ServerID: RelayStore.Cursor] = [:]
    var received: [ServerID: BinlogProgress] = [:]
    var suspects: [RelayStore.SuspectName: ServerID] = [:]

    /// - Throws: `.corruption` for what no store has written.
    init(of database: RocksDatabase) throws(StoreError) {
        var iterator = database.iterator(from: [], to: nil, in: database.family("places"))
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
}

/// A number as a key that sorts by its value.
func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0) }
}

/// The number that up to eight bytes hold, most significant first.
func bigEndianValue(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
}
