/// Runs one data command: the arguments (the name first), and the time in unix seconds.
package typealias CommandBody = @Sendable (inout Keyspace, [Bytes], Int64) -> Reply

/// One data command: what is checked before it runs, and what becomes of it in the binlog.
package struct Command: Sendable {
    /// What the binlog keeps of a command that succeeded (`protocol/pika-2.3-hub.md`, section 2).
    package enum Logged: Sendable {
        case never
        case asTyped
        /// As typed, with the arguments that can be option words in lower case.
        case lowercasing(@Sendable ([Bytes]) -> Range<Int>)
        /// One `set` per pair, when the reply is not 0; all pairs are one item.
        case pairs
        /// `expireat key <unix seconds>`.
        case expireAt(unit: Int64, fromNow: Bool)
    }

    /// Like Redis: the number of arguments with the name, negative for at least.
    let arity: Int
    package let logged: Logged
    /// Hubs hear of and may deliver it: strings, lists, sorted sets and hyperloglogs.
    package let isForHubs: Bool
    package let run: CommandBody

    package var isWrite: Bool {
        if case .never = logged { false } else { true }
    }

    package func accepts(_ count: Int) -> Bool { arity > 0 ? count == arity : count >= -arity }

    /// The arguments of the binlog's RESP arrays: none, one, or one for each pair.
    package func logArguments(_ arguments: [Bytes], reply: Reply, now: Int64) -> [[Bytes]] {
        switch logged {
        case .never: return []
        case .asTyped: return [arguments]
        case .lowercasing(let options):
            var arguments = arguments
            for index in options(arguments) { arguments[index] = arguments[index].lowercased }
            return [arguments]
        case .pairs:
            return reply == .integer(0)
                ? [] : StringCommands.pairs(arguments).map { [Bytes("set"), $0.0, $0.1] }
        case .expireAt(let unit, let fromNow):
            guard let number = arguments[2].integer else { return [] }
            let second = fromNow ? now + number / unit : number / unit
            return [[Bytes("expireat"), arguments[1], Bytes(String(second))]]
        }
    }

    package static let table: [Bytes: Command] = Dictionary(
        uniqueKeysWithValues: (strings + keys + lists + sortedSets + internals).map { (Bytes($0.0), $0.1) })

    private static func read(_ arity: Int, _ run: @escaping CommandBody) -> Command {
        Command(arity: arity, logged: .never, isForHubs: true, run: run)
    }

    private static func write(_ arity: Int, _ logged: Logged = .asTyped, _ run: @escaping CommandBody) -> Command {
        Command(arity: arity, logged: logged, isForHubs: true, run: run)
    }

    private static let strings: [(String, Command)] = [
        ("set", write(-3, .lowercasing { 3..<$0.count }, StringCommands.set)),
        ("setex", write(4, .asTyped, StringCommands.setex)),
        ("setnx", write(3, .pairs, StringCommands.setnx)),
        ("mset", write(-3, .pairs, StringCommands.mset)),
        ("msetnx", write(-3, .pairs, StringCommands.msetnx)),
        ("get", read(2, StringCommands.get)),
        ("mget", read(-2, StringCommands.mget)),
        ("getset", write(3, .asTyped, StringCommands.getset)),
        ("strlen", read(2, StringCommands.strlen)),
        ("append", write(3, .asTyped, StringCommands.append)),
        ("getrange", read(4, StringCommands.getrange)),
        ("setrange", write(4, .asTyped, StringCommands.setrange)),
        ("incr", write(2, .asTyped, StringCommands.increment(sign: 1))),
        ("incrby", write(3, .asTyped, StringCommands.increment(sign: 1))),
        ("decr", write(2, .asTyped, StringCommands.increment(sign: -1))),
        ("decrby", write(3, .asTyped, StringCommands.increment(sign: -1))),
        ("incrbyfloat", write(3, .asTyped, StringCommands.incrbyfloat)),
        ("pfadd", write(-2, .asTyped, StringCommands.pfadd)),
        ("pfcount", read(-2, StringCommands.pfcount)),
        ("pfmerge", write(-3, .asTyped, StringCommands.pfmerge)),
    ]

    private static let keys: [(String, Command)] = [
        ("del", write(-2, .asTyped, KeyCommands.del)),
        ("exists", read(-2, KeyCommands.exists)),
        ("type", read(2, KeyCommands.type)),
        ("keys", read(-2, KeyCommands.keys)),
        ("ttl", read(2, KeyCommands.timeToLive(unit: 1))),
        ("pttl", read(2, KeyCommands.timeToLive(unit: 1000))),
        ("persist", write(2, .asTyped, KeyCommands.persist)),
        ("expire", expiry(unit: 1, fromNow: true)),
        ("pexpire", expiry(unit: 1000, fromNow: true)),
        ("expireat", write(3, .asTyped, KeyCommands.expire(unit: 1, fromNow: false))),
        ("pexpireat", expiry(unit: 1000, fromNow: false)),
    ]

    private static func expiry(unit: Int64, fromNow: Bool) -> Command {
        write(3, .expireAt(unit: unit, fromNow: fromNow), KeyCommands.expire(unit: unit, fromNow: fromNow))
    }

    private static let lists: [(String, Command)] = [
        ("lpush", write(-3, .asTyped, ListCommands.push(.left))),
        ("rpush", write(-3, .asTyped, ListCommands.push(.right))),
        ("lpushx", write(3, .asTyped, ListCommands.push(.left, onlyExisting: true))),
        ("rpushx", write(3, .asTyped, ListCommands.push(.right, onlyExisting: true))),
        ("lpop", write(2, .asTyped, ListCommands.pop(.left))),
        ("rpop", write(2, .asTyped, ListCommands.pop(.right))),
        ("rpoplpush", write(3, .asTyped, ListCommands.rpoplpush)),
        ("llen", read(2, ListCommands.llen)),
        ("lindex", read(3, ListCommands.lindex)),
        ("lrange", read(4, ListCommands.lrange)),
        ("lset", write(4, .asTyped, ListCommands.lset)),
        ("ltrim", write(4, .asTyped, ListCommands.ltrim)),
        ("lrem", write(4, .asTyped, ListCommands.lrem)),
        ("linsert", write(5, .lowercasing { _ in 2..<3 }, ListCommands.linsert)),
    ]

    private static let sortedSets: [(String, Command)] = [
        ("zadd", write(-4, .asTyped, SortedSetCommands.zadd)),
        ("zincrby", write(4, .asTyped, SortedSetCommands.zincrby)),
        ("zcard", read(2, SortedSetCommands.zcard)),
        ("zscore", read(3, SortedSetCommands.zscore)),
        ("zrank", read(3, SortedSetCommands.zrank(reversed: false))),
        ("zrevrank", read(3, SortedSetCommands.zrank(reversed: true))),
        ("zrange", read(-4, SortedSetCommands.zrange(reversed: false))),
        ("zrevrange", read(-4, SortedSetCommands.zrange(reversed: true))),
        ("zrangebyscore", read(-4, SortedSetCommands.zrangebyscore(reversed: false))),
        ("zrevrangebyscore", read(-4, SortedSetCommands.zrangebyscore(reversed: true))),
        ("zcount", read(4, SortedSetCommands.zcount)),
        ("zrangebylex", read(-4, SortedSetCommands.zrangebylex)),
        ("zlexcount", read(4, SortedSetCommands.zlexcount)),
        ("zrem", write(-3, .asTyped, SortedSetCommands.zrem)),
        ("zremrangebyrank", write(4, .asTyped, SortedSetCommands.zremrangebyrank)),
        ("zremrangebyscore", write(4, .asTyped, SortedSetCommands.zremrangebyscore)),
        ("zremrangebylex", write(4, .asTyped, SortedSetCommands.zremrangebylex)),
        ("zunionstore", write(-4, .lowercasing(storeOptions), SortedSetStore.store(.union))),
        ("zinterstore", write(-4, .lowercasing(storeOptions), SortedSetStore.store(.intersection))),
    ]

    @Sendable
    private static func storeOptions(_ arguments: [Bytes]) -> Range<Int> {
        let keys = Int(clamping: arguments[2].integer ?? 0)
        return min(3 + keys, arguments.count)..<arguments.count
    }

    /// Logged, but no business of hubs.
    private static let internals: [(String, Command)] = [
        ("flushall", Command(arity: 1, logged: .asTyped, isForHubs: false, run: KeyCommands.flushall)),
        ("simexpire", Command(arity: 4, logged: .never, isForHubs: false, run: KeyCommands.restoreExpiry)),
    ]
}
