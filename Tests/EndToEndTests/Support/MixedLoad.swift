/// A writer's random commands of every kind, over a small set of keys, so that most keys see many of them. A few of them
/// are refused, as LINSERT is by a real Pika for a list that has been emptied.
struct MixedLoad {
    private var random: SeededGenerator
    private let name: String
    private var count = 0
    static let keysPerKind = 20

    /// - Parameters:
    ///   - name: a part of every key: writers with different names never share one.
    ///   - seed: the same seed makes the same commands.
    init(name: String, seed: UInt64) {
        self.name = name
        random = SeededGenerator(state: seed)
    }

    mutating func next(_ count: Int) -> [[String]] { (0..<count).map { _ in next() } }

    /// Kinds of keys: `s` strings, `i` counters, `f` fractions, `a` appended texts, `p` hyperloglogs, `l` lists, `z`
    /// sorted sets.
    mutating func next() -> [String] {
        count += 1
        let value = "\(name)-\(count)"
        // Seldom: it costs a simulated server as much as a hundred others.
        if number(500) == 0 { return ["PFADD", "p:\(name)", value] }
        switch number(33) {
        case 0, 1: return ["SET", key("s"), value]
        case 2: return ["SET", key("s"), value, "EX", "\(1000 + number(3000))"]
        case 3: return ["SET", key("s"), value, "PX", "\(1000 + number(3000))000"]
        case 4: return ["SET", key("s"), value, "NX"]
        case 5: return ["SET", key("s"), value, "XX"]
        case 6: return ["SETEX", key("s"), "\(1000 + number(3000))", value]
        case 7: return ["SETNX", key("s"), value]
        case 8: return ["MSET", key("s"), value, key("s"), value + "b"]
        case 9: return ["MSETNX", key("s"), value, key("s"), value + "b"]
        case 10: return ["DEL", key("s"), key("l"), key("z")]
        case 11: return ["EXPIRE", key("sizl"), "\(1000 + number(4000))"]
        case 12: return ["PEXPIRE", key("sizl"), "\(1000 + number(4000))000"]
        case 13: return ["EXPIREAT", key("sizl"), "\(2_000_000_000 + number(1000))"]
        case 14: return ["PERSIST", key("sizl")]
        case 15: return ["GETSET", key("s"), value]
        case 16: return ["INCR", key("i")]
        case 17: return ["DECR", key("i")]
        case 18: return ["INCRBY", key("i"), "\(number(100))"]
        case 19: return ["DECRBY", key("i"), "\(number(100))"]
        case 20: return ["INCRBYFLOAT", key("f"), "\(number(100)).5"]
        case 21: return ["APPEND", key("a"), "z"]
        case 22: return ["SETRANGE", key("a"), "\(number(20))", "qq"]
        case 23: return ["LPUSH", key("l"), value]
        case 24: return ["RPUSH", key("l"), value, "e\(number(5))"]
        case 25: return [number(2) == 0 ? "LPOP" : "RPOP", key("l")]
        case 26: return ["LTRIM", key("l"), "0", "9"]
        case 27: return ["LINSERT", key("l"), "BEFORE", "e\(number(5))", value]
        case 28: return ["LREM", key("l"), "1", "e\(number(5))"]
        case 29: return ["ZADD", key("z"), "\(number(100))", "m\(number(30))", "\(number(9))", "m\(number(30))"]
        case 30: return ["ZINCRBY", key("z"), "\(number(10))", "m\(number(30))"]
        case 31: return ["ZREM", key("z"), "m\(number(30))"]
        default: return ["ZREMRANGEBYRANK", key("z"), "8", "-1"]
        }
    }

    private mutating func key(_ kinds: String) -> String {
        let kind = kinds.randomElement(using: &random) ?? "s"
        return "\(kind):\(name):\(number(Self.keysPerKind))"
    }

    private mutating func number(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }
}

/// SplitMix64 (Steele, Lea, Flood 2014): what it gives follows from its seed alone.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
