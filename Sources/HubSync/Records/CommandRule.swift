/// What the hub has to know of a command to relay it: the keys that it writes, and what kind of write it is.
/// The table holds every command that a Pika 2.3 sends or that a hub may send to it
/// (`protocol/pika-2.3-hub.md`, sections 2 and 3).
public struct CommandRule: Equatable, Sendable {
    /// How a write relates to the key's registers (`design/convergence.md`).
    public enum Effect: Equatable, Sendable {
        /// The whole value (and the expiry): SET and its like.
        case value
        /// The key is gone afterwards.
        case delete
        /// The expiry only.
        case expiry
        /// Changes what is there: a delta, a list or sorted-set operation, a condition. Has to arrive in order and
        /// must not arrive twice.
        case operation
    }

    /// Where a command's keys stand.
    public enum Keys: Equatable, Sendable {
        /// The first argument.
        case first
        /// The first argument; others are only read: ZUNIONSTORE.
        case firstOfSeveral
        /// Every argument.
        case every
        /// Every other argument, beginning with the first: MSET.
        case alternate
        /// The first two arguments: RPOPLPUSH.
        case firstTwo
    }

    /// Pika keeps a namespace for each type, so one key can be a string and a list at once.
    public enum ValueType: UInt8, Equatable, Sendable, Codable {
        case string = 1
        case list = 2
        case sortedSet = 3
        /// Of any type: DEL, EXPIREAT, PERSIST.
        case any = 4
    }

    public var effect: Effect
    public var keys: Keys
    public var type: ValueType

    /// The rule for a command name in any letter case; nil when the hub cannot relay it.
    public static func of(_ name: Slice<UnsafeRawBufferPointer>) -> CommandRule? {
        guard name.count <= longestName else { return nil }
        if name.count == 3 {
            // Most records are one of these two; a look into the table costs as much as parsing the record.
            let start = name.startIndex
            let letters = (name[start] | 0x20, name[start + 1] | 0x20, name[start + 2] | 0x20)
            if letters == (0x73, 0x65, 0x74) { return setRule }
            if letters == (0x64, 0x65, 0x6C) { return deleteRule }
        }
        return table[lowercased(name)]
    }

    static func lowercased(_ name: some Sequence<UInt8>) -> String {
        String(decoding: name.map { $0 &- 65 < 26 ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    private static let longestName = 16
    private static let setRule = CommandRule(effect: .value, keys: .first, type: .string)
    private static let deleteRule = CommandRule(effect: .delete, keys: .every, type: .any)

    static let table: [String: CommandRule] = {
        var table: [String: CommandRule] = [:]
        func add(_ names: String, _ effect: Effect, _ type: ValueType, keys: Keys = .first) {
            for name in names.split(separator: " ") {
                table[String(name)] = CommandRule(effect: effect, keys: keys, type: type)
            }
        }
        add("set setex getset", .value, .string)
        add("setnx incr incrby incrbyfloat decr decrby append setrange pfadd", .operation, .string)
        add("mset", .operation, .string, keys: .alternate)
        add("msetnx", .operation, .string, keys: .alternate)
        add("pfmerge", .operation, .string, keys: .every)
        add("del", .delete, .any, keys: .every)
        add("expire pexpire expireat pexpireat persist", .expiry, .any)
        add("lpush lpushx lpop rpush rpushx rpop lset lrem ltrim linsert", .operation, .list)
        add("rpoplpush", .operation, .list, keys: .firstTwo)
        add("zadd zincrby zrem zremrangebyrank zremrangebyscore zremrangebylex", .operation, .sortedSet)
        add("zunionstore zinterstore", .operation, .sortedSet, keys: .firstOfSeveral)
        return table
    }()
}

extension CommandRule {
    /// Deltas whose order among themselves does not matter.
    static let commuting: Set<String> = ["incr", "incrby", "decr", "decrby"]

    /// Whether the command must not overtake records of earlier files. Whole values may: what they overtake is older
    /// and dropped when it arrives.
    func mustArriveInOrder(_ record: BinlogRecord, _ bytes: UnsafeRawBufferPointer) -> Bool {
        switch effect {
        case .delete: false
        case .expiry, .operation: true
        case .value:
            record.argumentCount > 3 && record.name.count == 3
                && record.argumentRanges(in: bytes).dropFirst(3).contains {
                    ["nx", "xx"].contains(Self.lowercased(bytes[$0]))
                }
        }
    }

    /// A Pika runs commands of different keys in different workers; this one touches keys of several.
    var spansWorkers: Bool { keys == .firstTwo || keys == .firstOfSeveral || keys == .every && effect == .operation }

    /// Arguments, the name included, below which Pika would run it with what an earlier command left behind.
    func minimumArguments(_ name: String) -> Int {
        switch name {
        case "incr", "decr", "del", "persist", "lpop", "rpop", "pfmerge", "pfadd": 2
        case "setex", "setrange", "lset", "lrem", "ltrim", "zadd", "zincrby", "zremrangebyrank", "zremrangebyscore",
            "zremrangebylex", "zunionstore", "zinterstore":
            4
        case "linsert": 5
        default: 3
        }
    }

    /// The places of the keys that a command with these arguments writes.
    func keyRanges(_ arguments: [Range<Int>]) -> [Range<Int>] {
        switch keys {
        case .first, .firstOfSeveral: [arguments[1]]
        case .every: Array(arguments.dropFirst())
        case .firstTwo: Array(arguments[1...2])
        case .alternate: stride(from: 1, to: arguments.count - 1, by: 2).map { arguments[$0] }
        }
    }
}
