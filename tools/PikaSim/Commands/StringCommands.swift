/// Strings and counters. `arguments[0]` is the command's name; the number of arguments has been checked.
enum StringCommands {
    /// SET key value [NX | XX] [EX seconds | PX milliseconds]: milliseconds are cut to seconds, and no expiry results
    /// from 0.
    static func set(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        var seconds: Int64 = 0
        var mustExist: Bool?
        var index = 3
        while index < arguments.count {
            let option = arguments[index].lowercased.text
            switch option {
            case "xx": mustExist = true
            case "nx": mustExist = false
            case "ex", "px":
                index += 1
                guard index < arguments.count else { return .syntaxError }
                guard let value = arguments[index].integer else { return .notAnInteger }
                seconds = option == "px" ? value / 1000 : value
            default: return .syntaxError
            }
            index += 1
        }
        if let mustExist, (keyspace.strings.entry(arguments[1], now: now) != nil) != mustExist { return .nullArray }
        put(&keyspace, arguments[1], arguments[2], seconds: seconds, now)
        return .ok
    }

    static func setex(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        guard let seconds = arguments[2].integer else { return .notAnInteger }
        put(&keyspace, arguments[1], arguments[3], seconds: seconds, now)
        return .ok
    }

    private static func put(
        _ keyspace: inout Keyspace, _ key: Bytes, _ value: Bytes, seconds: Int64, _ now: Int64
    ) {
        keyspace.strings.put(key, value, expiry: KeyCommands.lastSecond(seconds, now: now) ?? 0)
    }

    static func setnx(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        guard keyspace.strings.entry(arguments[1], now: now) == nil else { return .integer(0) }
        keyspace.strings.put(arguments[1], arguments[2])
        return .integer(1)
    }

    static func mset(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        guard arguments.count % 2 == 1 else { return .wrongNumber(Bytes("mset")) }
        for (key, value) in pairs(arguments) { keyspace.strings.put(key, value) }
        return .ok
    }

    static func msetnx(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        guard arguments.count % 2 == 1 else { return .wrongNumber(Bytes("msetnx")) }
        for (key, _) in pairs(arguments) where keyspace.strings.entry(key, now: now) != nil { return .integer(0) }
        for (key, value) in pairs(arguments) { keyspace.strings.put(key, value) }
        return .integer(1)
    }

    /// The keys and values of MSET.
    static func pairs(_ arguments: [Bytes]) -> [(Bytes, Bytes)] {
        stride(from: 1, to: arguments.count - 1, by: 2).map { (arguments[$0], arguments[$0 + 1]) }
    }

    static func get(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        keyspace.strings.entry(arguments[1], now: now).map { .bulk($0.value) } ?? .null
    }

    static func mget(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        .array(arguments.dropFirst().map { keyspace.strings.entry($0, now: now).map { .bulk($0.value) } ?? .null })
    }

    /// An empty old value is answered like none.
    static func getset(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        let old = keyspace.strings.entry(arguments[1], now: now)?.value ?? []
        keyspace.strings.put(arguments[1], arguments[2])
        return old.isEmpty ? .null : .bulk(old)
    }

    static func strlen(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        .integer(Int64(keyspace.strings.entry(arguments[1], now: now)?.value.count ?? 0))
    }

    static func append(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        let value = (keyspace.strings.entry(arguments[1], now: now)?.value ?? []) + arguments[2]
        keep(&keyspace, arguments[1], value, now)
        return .integer(Int64(value.count))
    }

    /// The original answers the first byte where the range begins at 0 and ends before it.
    static func getrange(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        guard let first = arguments[2].integer, let last = arguments[3].integer else { return .notAnInteger }
        let value = keyspace.strings.entry(arguments[1], now: now)?.value ?? []
        if first == 0 || first == -Int64(value.count), last < -Int64(value.count) {
            return .bulk(Array(value.prefix(1)))
        }
        return .bulk(slice(value.count, first, last).map { Array(value[$0]) } ?? [])
    }

    /// In the original, writing nothing at offset 0 empties the value, and writing something at offset 0 of a value
    /// that is empty ends the process.
    static func setrange(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        guard let offset = arguments[2].integer else { return .notAnInteger }
        guard offset >= 0 else { return .error("ERR Corruption: offset < 0") }
        guard Int(offset) + arguments[3].count <= 1 << 29 else { return .error("ERR Corruption: too big") }
        var value = keyspace.strings.entry(arguments[1], now: now)?.value ?? []
        let end = Int(offset) + arguments[3].count
        if value.isEmpty, offset == 0, end > 0, keyspace.strings.entry(arguments[1], now: now) != nil {
            return .error("ERR a Pika 2.3.8 dies of this")
        }
        if value.count < end { value += Bytes(repeating: 0, count: end - value.count) }
        value.replaceSubrange(Int(offset)..<(end == 0 ? value.count : end), with: arguments[3])
        keep(&keyspace, arguments[1], value, now)
        return .integer(Int64(value.count))
    }

    /// INCR, DECR, INCRBY, DECRBY: `sign` is 1 or -1, the amount the third argument or 1.
    static func increment(sign: Int64) -> CommandBody {
        { keyspace, arguments, now in
            guard let amount = arguments.count > 2 ? arguments[2].integer : 1 else { return .notAnInteger }
            guard let old = keyspace.strings.entry(arguments[1], now: now).map(\.value.storedInteger) ?? 0 else {
                return .notAnInteger
            }
            let (new, overflow) =
                sign > 0 ? old.addingReportingOverflow(amount) : old.subtractingReportingOverflow(amount)
            if overflow { return .overflow }
            keep(&keyspace, arguments[1], Bytes(String(new)), now)
            return .integer(new)
        }
    }

    static func incrbyfloat(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        guard let amount = arguments[2].number else { return .notAFloat }
        let stored = keyspace.strings.entry(arguments[1], now: now)?.value ?? []
        guard let old = stored.isEmpty ? 0 : stored.number else {
            return .notAFloat
        }
        guard (old + amount).isFinite else { return .overflow }
        let text = Bytes(sixDecimals: old + amount)
        keep(&keyspace, arguments[1], text, now)
        return .bulk(text)
    }

    /// Changes a value and keeps its expiry.
    private static func keep(_ keyspace: inout Keyspace, _ key: Bytes, _ value: Bytes, _ now: Int64) {
        keyspace.strings.put(key, value, expiry: keyspace.strings.entry(key, now: now)?.expiry ?? 0)
    }

    static func pfadd(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        let stored = keyspace.strings.entry(arguments[1], now: now)?.value
        var log = HyperLogLog(stored)
        let before = log.estimate
        for element in arguments.dropFirst(2) { log.add(element) }
        keyspace.strings.put(arguments[1], arguments.count > 2 ? log.registers : [])
        let isNew = stored == nil && arguments.count == 2
        return .integer(isNew || (arguments.count > 2 && before != log.estimate) ? 1 : 0)
    }

    static func pfcount(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        .integer(merged(&keyspace, arguments, now).estimate)
    }

    static func pfmerge(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        let log = merged(&keyspace, arguments, now)
        keyspace.strings.put(arguments[1], log.registers)
        return .ok
    }

    private static func merged(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> HyperLogLog {
        var log = HyperLogLog(keyspace.strings.entry(arguments[1], now: now)?.value)
        for key in arguments.dropFirst(2) {
            if let stored = keyspace.strings.entry(key, now: now)?.value { log.merge(HyperLogLog(stored)) }
        }
        return log
    }
}

/// The indices from `first` to `last`, both inclusive and counted from the end when negative; nil when there are none.
func slice(_ count: Int, _ first: Int64, _ last: Int64) -> Range<Int>? {
    let low = max(0, first < 0 ? first + Int64(count) : first)
    let high = min(Int64(count) - 1, last < 0 ? last + Int64(count) : last)
    return low <= high ? Int(low)..<Int(high) + 1 : nil
}
