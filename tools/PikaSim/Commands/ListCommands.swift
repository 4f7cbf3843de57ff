import NIOCore

/// Lists. `arguments[0]` is the command's name; the number of arguments has been checked.
enum ListCommands {
    enum End {
        case left
        case right
    }

    static func push(_ end: End, onlyExisting: Bool = false) -> CommandBody {
        { keyspace, arguments, now in
            if onlyExisting, keyspace.lists.entry(arguments[1], now: now) == nil { return .integer(0) }
            return keyspace.lists.update(arguments[1], now: now, initial: []) { list in
                for value in arguments.dropFirst(2) { insert(value, into: &list, at: end) }
                return .integer(Int64(list.count))
            }
        }
    }

    private static func insert(_ value: Bytes, into list: inout Keyspace.List, at end: End) {
        switch end {
        case .left: list.prepend(value)
        case .right: list.append(value)
        }
    }

    static func pop(_ end: End) -> CommandBody {
        { keyspace, arguments, now in remove(&keyspace, arguments[1], end, now).map(Reply.bulk) ?? .null }
    }

    private static func remove(_ keyspace: inout Keyspace, _ key: Bytes, _ end: End, _ now: Int64) -> Bytes? {
        change(&keyspace, key, now) { end == .left ? $0.removeFirst() : $0.removeLast() }
    }

    /// Changes an existing list.
    private static func change<Result>(
        _ keyspace: inout Keyspace, _ key: Bytes, _ now: Int64, _ body: (inout Keyspace.List) -> Result
    ) -> Result? {
        guard keyspace.lists.entry(key, now: now) != nil else { return nil }
        return keyspace.lists.update(key, now: now, initial: [], body)
    }

    static func rpoplpush(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        guard let value = remove(&keyspace, arguments[1], .right, now) else { return .null }
        keyspace.lists.update(arguments[2], now: now, initial: []) { $0.prepend(value) }
        return .bulk(value)
    }

    static func llen(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        .integer(Int64(keyspace.lists.entry(arguments[1], now: now)?.value.count ?? 0))
    }

    static func lindex(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        guard let index = arguments[2].integer else { return .notAnInteger }
        guard let list = keyspace.lists.entry(arguments[1], now: now)?.value else { return .null }
        return element(list, index).map { .bulk(list[$0]) } ?? .null
    }

    private static func element(_ list: Keyspace.List, _ index: Int64) -> Keyspace.List.Index? {
        let place = index < 0 ? index + Int64(list.count) : index
        return (0..<Int64(list.count)).contains(place) ? list.index(list.startIndex, offsetBy: Int(place)) : nil
    }

    static func lrange(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        guard let first = arguments[2].integer, let last = arguments[3].integer else { return .notAnInteger }
        let list = Array(keyspace.lists.entry(arguments[1], now: now)?.value ?? [])
        return .bulks(slice(list.count, first, last).map { Array(list[$0]) } ?? [])
    }

    static func lset(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        guard let index = arguments[2].integer else { return .notAnInteger }
        return change(&keyspace, arguments[1], now) { list in
            guard let place = element(list, index) else { return .error("ERR index out of range") }
            list[place] = arguments[3]
            return .ok
        } ?? .error("ERR no such key")
    }

    static func ltrim(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        guard let first = arguments[2].integer, let last = arguments[3].integer else { return .notAnInteger }
        _ = change(&keyspace, arguments[1], now) { list in
            let all = Array(list)
            list = Keyspace.List(slice(all.count, first, last).map { Array(all[$0]) } ?? [])
        }
        return .ok
    }

    /// LREM key count value: the first `count`, the last when negative, all when 0.
    static func lrem(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        guard let count = arguments[2].integer else { return .notAnInteger }
        let removed = change(&keyspace, arguments[1], now) { list -> Int64 in
            var left = count == 0 ? Int64.max : Int64(clamping: count.magnitude)
            var removed: Int64 = 0
            func stays(_ value: Bytes) -> Bool {
                guard left > 0, value == arguments[3] else { return true }
                left -= 1
                removed += 1
                return false
            }
            list =
                count < 0
                ? Keyspace.List(list.reversed().filter(stays).reversed()) : Keyspace.List(list.filter(stays))
            return removed
        }
        return .integer(removed ?? 0)
    }

    /// LINSERT key BEFORE | AFTER pivot value.
    static func linsert(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        let place = arguments[2].lowercased.text
        guard place == "before" || place == "after" else { return .syntaxError }
        if keyspace.lists.isVacated(arguments[1]) { return .error("ERR Corruption: get listkey error") }
        let length = change(&keyspace, arguments[1], now) { list -> Int64 in
            guard let pivot = list.firstIndex(of: arguments[3]) else { return -1 }
            var all = Array(list)
            let index = list.distance(from: list.startIndex, to: pivot)
            all.insert(arguments[4], at: place == "before" ? index : index + 1)
            list = Keyspace.List(all)
            return Int64(list.count)
        }
        return .integer(length ?? 0)
    }
}
