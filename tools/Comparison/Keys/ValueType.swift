/// A type of value. A Pika keeps each type apart: one key can be a string and a list at once.
enum ValueType: String, CaseIterable, Sendable {
    case string, list, zset, hash, set

    /// What a Pika 2.3 tells a hub of, so that it is the same everywhere.
    static let relayed: [ValueType] = [.string, .list, .zset]

    var lengthCommand: String {
        switch self {
        case .string: "STRLEN"
        case .list: "LLEN"
        case .zset: "ZCARD"
        case .hash: "HLEN"
        case .set: "SCARD"
        }
    }

    /// Elements that one command reads; nil for all of them.
    private var pageLength: Int? { self == .list || self == .zset ? 500 : nil }

    /// Reads the elements from `start` on.
    func read(_ key: [UInt8], from start: Int) -> [[UInt8]] {
        func words(_ words: String...) -> [[UInt8]] { words.map { Array($0.utf8) } }
        let range = words("\(start)", "\(start + (pageLength ?? 0) - 1)")
        return switch self {
        case .string: words("GET") + [key]
        case .list: words("LRANGE") + [key] + range
        case .zset: words("ZRANGE") + [key] + range + words("WITHSCORES")
        case .hash: words("HGETALL") + [key]
        case .set: words("SMEMBERS") + [key]
        }
    }

    /// Where the read after the one from `start` begins; nil when there is none, with `length` elements in all.
    func next(after start: Int, length: Int) -> Int? {
        guard let pageLength, start + pageLength < length else { return nil }
        return start + pageLength
    }
}
