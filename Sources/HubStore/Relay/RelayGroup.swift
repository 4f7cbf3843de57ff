/// Chunks that are written together, as one value under the number of the last of them: a database that takes thousands
/// of small values a second spends its time on their keys, and holds up deliveries on a machine with few processors.
///
/// | field | bytes |
/// |---|---|
/// | 0, with which no chunk begins | u8 |
/// | for each chunk, oldest first: its length n, little endian | u32 |
/// | the chunk | n |
///
/// Valid when there is at least one chunk and the lengths come out even. The chunks' numbers follow one another. A value
/// that does not begin with 0 is a chunk by itself.
struct RelayGroup {
    /// A group that holds this much is full; a larger chunk is a value by itself.
    static let maximumBytes = 64 << 10

    private(set) var bytes: [UInt8] = []
    private(set) var last = ChunkSequence(0)

    var isEmpty: Bool { bytes.isEmpty }

    /// Whether the chunk may be added.
    func takes(_ item: RelayStore.Item) -> Bool {
        isEmpty || item.sequence == last.next && bytes.count + item.byteCount <= Self.maximumBytes
    }

    mutating func add(_ item: RelayStore.Item) {
        if isEmpty { bytes.append(0) }
        bytes.appendLittleEndian(UInt32(item.byteCount))
        bytes += item.header
        bytes += item.commands
        last = item.sequence
    }

    /// The chunks of a stored value, oldest first. Nil when it is damaged.
    static func chunks(of value: [UInt8], last: ChunkSequence) -> [(ChunkSequence, [UInt8])]? {
        guard value.first == 0 else { return [(last, value)] }
        var ranges: [Range<Int>] = []
        var place = 1
        while place < value.count {
            guard value.count - place >= 4 else { return nil }
            let length = value[place..<place + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
            place += 4
            guard value.count - place >= length else { return nil }
            ranges.append(place..<place + length)
            place += length
        }
        guard !ranges.isEmpty, UInt64(ranges.count) <= last.rawValue else { return nil }
        let first = last.rawValue - UInt64(ranges.count) + 1
        return ranges.enumerated().map { (ChunkSequence(first + UInt64($0)), Array(value[$1])) }
    }
}

extension RelayStore.Item {
    var byteCount: Int { header.count + commands.count }
}
