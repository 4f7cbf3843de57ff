internal import PikaSim

/// What clients write: at a random moment, at a random server, a command of one of the run's families of keys.
struct Workload {
    private var written = 0

    /// The arguments of the next write at a server.
    mutating func next(at server: UInt32, now: Double, _ world: World) -> [[UInt8]] {
        written += 1
        let value = "\(written)@\(server)"
        let family = world.random.pick(world.plan.families)
        let words = Self.words(family, value, written, world)
        return words.map { Array($0.utf8) }
    }

    /// Whether no other write of a run is, or becomes on its way, the same command.
    static func namesItself(_ command: [[UInt8]], of server: UInt32) -> Bool {
        guard command.count == 3 else { return false }
        return command[0].lowercased.text == "incrby" || Oracle.source(of: command[2]) == server
    }

    private static func words(_ family: Plan.Family, _ value: String, _ number: Int, _ world: World) -> [String] {
        let keys = world.plan.keysPerFamily
        func name(_ world: World) -> String {
            String(UnicodeScalar(family.rawValue)) + String(world.random.between(1...keys))
        }
        let key = name(world)
        let dice = world.random.between(0...99)
        // Lies beyond the run, so that nothing expires.
        let long = String(world.random.between(5_000...9_000))
        switch family {
        case .plain:
            return dice < 80 ? ["SET", key, value] : ["DEL", key]
        case .string:
            switch dice {
            case ..<35: return ["set", key, value]
            case ..<45: return ["SET", key, value, "EX", long]
            case ..<55: return ["SETEX", key, long, value]
            case ..<65: return ["EXPIRE", key, long]
            case ..<70: return ["PERSIST", key]
            case ..<75: return ["GETSET", key, value]
            case ..<80: return ["SETNX", key, value]
            case ..<90: return ["MSET", key, value, name(world), value + "'"]
            default: return ["DEL", key, name(world)]
            }
        case .counter:
            switch dice {
            case ..<40: return ["INCR", key]
            case ..<50: return ["DECR", key]
            case ..<80: return ["INCRBY", key, String(number)]
            default: return ["decrby", key, String(number % 7)]
            }
        case .mixed:
            switch dice {
            case ..<30: return ["SET", key, String(number * 10 + Int(value.suffix(1))!)]
            case ..<60: return ["INCRBY", key, String(number)]
            case ..<75: return ["APPEND", key, String(number)]
            case ..<85: return ["SETRANGE", key, "2", String(number)]
            case ..<90: return ["SET", key, String(number), "NX"]
            default: return ["DEL", key]
            }
        case .list:
            switch dice {
            case ..<30: return ["LPUSH", key, value]
            case ..<60: return ["RPUSH", key, value]
            case ..<70: return ["LPOP", key]
            case ..<80: return ["RPOP", key]
            case ..<85: return ["LTRIM", key, "0", "5"]
            case ..<90: return ["RPOPLPUSH", key, name(world)]
            case ..<95: return ["EXPIRE", key, long]
            default: return ["DEL", key]
            }
        case .sortedSet:
            let member = "m\(world.random.between(1...5))"
            switch dice {
            case ..<40: return ["ZADD", key, String(number), member]
            case ..<60: return ["ZINCRBY", key, "2", member]
            case ..<80: return ["ZREM", key, member]
            case ..<90: return ["ZREMRANGEBYRANK", key, "0", "0"]
            default: return ["DEL", key]
            }
        case .expiring:
            let short = String(world.random.between(1...8))
            switch dice {
            case ..<40: return ["SETEX", key, short, value]
            case ..<70: return ["SET", key, value]
            default: return ["SET", key, value, "EX", short]
            }
        }
    }
}
