/// Commands on keys of any type. `arguments[0]` is the command's name; the number of arguments has been checked.
enum KeyCommands {
    static func del(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        .integer(Int64(arguments.dropFirst().count { keyspace.remove($0, now: now) }))
    }

    static func exists(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        .integer(Int64(arguments.dropFirst().count { keyspace.type(of: $0, now: now) != nil }))
    }

    static func type(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        .status(keyspace.type(of: arguments[1], now: now) ?? "none")
    }

    /// EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT: what the number means is `unit` (its fraction of a second) and whether it
    /// counts from now.
    static func expire(unit: Int64, fromNow: Bool) -> CommandBody {
        { keyspace, arguments, now in
            guard let number = arguments[2].integer else { return .notAnInteger }
            let amount = number / unit
            let second = fromNow ? lastSecond(amount, now: now) : int32(amount) > now ? int32(amount) : nil
            return .integer(keyspace.expire(arguments[1], at: second, now: now) ? 1 : 0)
        }
    }

    /// The last second of a key that is to live for `seconds`, the one that runs included; nil when it is not to live.
    static func lastSecond(_ seconds: Int64, now: Int64) -> Int64? {
        int32(seconds) > 0 ? int32(now + int32(seconds) - 1) : nil
    }

    /// Pika keeps 32 bits of a time: what lies beyond 2038 wraps.
    private static func int32(_ number: Int64) -> Int64 { Int64(Int32(truncatingIfNeeded: number)) }

    static func persist(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        .integer(keyspace.persist(arguments[1], now: now) ? 1 : 0)
    }

    /// TTL and PTTL: whole seconds, the one that runs included, printed in `unit`ths of a second.
    static func timeToLive(unit: Int64) -> CommandBody {
        { keyspace, arguments, now in
            guard let expiry = keyspace.expiry(of: arguments[1], now: now) else { return .integer(-2) }
            return .integer(expiry == 0 ? -1 : (expiry - now + 1) * unit)
        }
    }

    /// KEYS pattern [type].
    static func keys(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        guard arguments.count <= 3 else { return .syntaxError }
        let names: [Bytes]
        switch arguments.count == 3 ? arguments[2].lowercased.text : "all" {
        case "all": names = keyspace.keys(now: now)
        case "string": names = keyspace.strings.liveKeys(now: now)
        case "list": names = keyspace.lists.liveKeys(now: now)
        case "zset": names = keyspace.sortedSets.liveKeys(now: now)
        case "hash", "set": names = []
        default: return .syntaxError
        }
        return .bulks(names.filter { matches($0[...], pattern: arguments[1][...]) })
    }

    /// `SIMEXPIRE type key seconds`: only in journals and full copies (`Keyspace.snapshotCommands`).
    static func restoreExpiry(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        guard let second = arguments[3].integer else { return .notAnInteger }
        keyspace.restoreExpiry(type: arguments[1], key: arguments[2], second: second)
        return .ok
    }

    static func flushall(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        keyspace = Keyspace()
        return .ok
    }
}
