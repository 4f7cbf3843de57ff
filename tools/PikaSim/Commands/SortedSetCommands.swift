/// Sorted sets. `arguments[0]` is the command's name; the number of arguments has been checked.
enum SortedSetCommands {
    static func zadd(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        guard arguments.count % 2 == 0 else { return .syntaxError }
        var elements: [(Double, Bytes)] = []
        for index in stride(from: 2, to: arguments.count, by: 2) {
            guard let score = arguments[index].number else { return .notAFloat }
            guard abs(score) <= SortedSet.scoreLimit else { return .error("ERR Invalid argument: score overflow") }
            elements.append((score, arguments[index + 1]))
        }
        return keyspace.sortedSets.update(arguments[1], now: now, initial: SortedSet()) { set in
            .integer(Int64(elements.count { set.set($0.1, to: $0.0) }))
        }
    }

    static func zincrby(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        guard let amount = arguments[2].number else { return .notAFloat }
        return keyspace.sortedSets.update(arguments[1], now: now, initial: SortedSet()) { set in
            let score = (set.scores[arguments[3]] ?? 0) + amount
            guard abs(score) <= SortedSet.scoreLimit else { return .error("ERR Corruption: zset score overflow") }
            set.set(arguments[3], to: score)
            return .bulk(Bytes(sixDecimals: score))
        }
    }

    static func zcard(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        .integer(Int64(existing(&keyspace, arguments[1], now).count))
    }

    static func zscore(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        existing(&keyspace, arguments[1], now).scores[arguments[2]].map { .bulk(Bytes(score: $0)) } ?? .null
    }

    static func zrank(reversed: Bool) -> CommandBody {
        { keyspace, arguments, now in
            let set = existing(&keyspace, arguments[1], now)
            guard let rank = set.rank(of: arguments[2]) else { return .null }
            return .integer(Int64(reversed ? set.count - 1 - rank : rank))
        }
    }

    /// ZRANGE and ZREVRANGE key first last [WITHSCORES].
    static func zrange(reversed: Bool) -> CommandBody {
        { keyspace, arguments, now in
            guard arguments.count == 4 || arguments.count == 5 && isWord(arguments[4], "withscores") else {
                return .syntaxError
            }
            guard let first = arguments[2].integer, let last = arguments[3].integer else { return .notAnInteger }
            var elements = existing(&keyspace, arguments[1], now).ordered
            if reversed { elements.reverse() }
            let wanted = slice(elements.count, first, last).map { Array(elements[$0]) } ?? []
            return elementsReply(wanted, withScores: arguments.count == 5)
        }
    }

    /// ZRANGEBYSCORE key min max and ZREVRANGEBYSCORE key max min, [WITHSCORES] [LIMIT offset count].
    static func zrangebyscore(reversed: Bool) -> CommandBody {
        { keyspace, arguments, now in
            let (low, high) = reversed ? (arguments[3], arguments[2]) : (arguments[2], arguments[3])
            guard let range = ScoreRange(low, high) else { return ScoreRange.invalid }
            var elements = existing(&keyspace, arguments[1], now).ordered.filter { range.contains($0.score) }
            if reversed { elements.reverse() }
            var withScores = false
            var index = 4
            while index < arguments.count {
                if isWord(arguments[index], "withscores") {
                    withScores = true
                } else if isWord(arguments[index], "limit"), index + 2 < arguments.count {
                    guard let offset = arguments[index + 1].integer, let count = arguments[index + 2].integer else {
                        return .notAnInteger
                    }
                    elements = limited(elements, offset, count)
                    index += 2
                } else {
                    return .syntaxError
                }
                index += 1
            }
            return elementsReply(elements, withScores: withScores)
        }
    }

    static func zcount(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        guard let range = ScoreRange(arguments[2], arguments[3]) else { return ScoreRange.invalid }
        if range.isReversed { return .array([]) }
        return .integer(Int64(existing(&keyspace, arguments[1], now).ordered.count { range.contains($0.score) }))
    }

    static func zrangebylex(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        guard let range = LexRange(arguments[2], arguments[3]) else { return LexRange.invalid }
        let found = existing(&keyspace, arguments[1], now).ordered.filter { range.contains($0.member) }
            .sorted { $0.member.lexicographicallyPrecedes($1.member) }
        if arguments.count == 4 { return elementsReply(found, withScores: false) }
        guard arguments.count == 7, isWord(arguments[4], "limit") else { return .syntaxError }
        guard let offset = arguments[5].integer, let count = arguments[6].integer else { return .notAnInteger }
        return elementsReply(limited(found, offset, count), withScores: false)
    }

    static func zlexcount(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        guard let range = LexRange(arguments[2], arguments[3]) else { return LexRange.invalid }
        return .integer(Int64(existing(&keyspace, arguments[1], now).ordered.count { range.contains($0.member) }))
    }

    static func zrem(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        remove(&keyspace, arguments[1], now) { _ in Array(arguments.dropFirst(2)) }
    }

    static func zremrangebyrank(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        guard let first = arguments[2].integer, let last = arguments[3].integer else { return .notAnInteger }
        return remove(&keyspace, arguments[1], now) { set in
            slice(set.count, first, last).map { set.ordered[$0].map(\.member) } ?? []
        }
    }

    static func zremrangebyscore(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        guard let range = ScoreRange(arguments[2], arguments[3]) else { return ScoreRange.invalid }
        return remove(&keyspace, arguments[1], now) { set in
            set.ordered.filter { range.contains($0.score) }.map(\.member)
        }
    }

    /// From `-` to `(member`, the original removes that member too when it is the first.
    static func zremrangebylex(_ keyspace: inout Keyspace, _ arguments: [Bytes], _ now: Int64) -> Reply {
        guard let range = LexRange(arguments[2], arguments[3]) else { return LexRange.invalid }
        if range.isReversed { return .array([]) }
        return remove(&keyspace, arguments[1], now) { set in
            let members = set.scores.keys
            let first = arguments[2] == Bytes("-") ? members.min { $0.lexicographicallyPrecedes($1) } : nil
            let last = Array(arguments[3].dropFirst())
            return members.filter { range.contains($0) || $0 == first && $0 == last }
        }
    }

    /// Removes the chosen members.
    private static func remove(
        _ keyspace: inout Keyspace, _ key: Bytes, _ now: Int64, _ choose: (SortedSet) -> [Bytes]
    ) -> Reply {
        guard keyspace.sortedSets.entry(key, now: now) != nil else { return .integer(0) }
        return keyspace.sortedSets.update(key, now: now, initial: SortedSet()) { set in
            .integer(Int64(choose(set).count { set.remove($0) }))
        }
    }

    static func existing(_ keyspace: inout Keyspace, _ key: Bytes, _ now: Int64) -> SortedSet {
        keyspace.sortedSets.entry(key, now: now)?.value ?? SortedSet()
    }

    static func isWord(_ argument: Bytes, _ word: String) -> Bool { argument.lowercased == Bytes(word) }

    private static func limited(_ elements: [SortedSet.Element], _ offset: Int64, _ count: Int64) -> [SortedSet.Element]
    {
        guard offset >= 0, offset < elements.count else { return [] }
        let rest = elements.dropFirst(Int(offset))
        return Array(count < 0 ? rest : rest.prefix(Int(clamping: count)))
    }

    private static func elementsReply(_ elements: [SortedSet.Element], withScores: Bool) -> Reply {
        .bulks(elements.flatMap { withScores ? [$0.member, Bytes(score: $0.score)] : [$0.member] })
    }
}

/// `min max` of the commands by score: a number, `inf`, or either after `(` to leave the end out.
private struct ScoreRange {
    static let invalid = Reply.error("ERR min or max is not a float")

    private let low: (value: Double, open: Bool)
    private let high: (value: Double, open: Bool)

    /// From the far end or to the near one: some commands answer an empty array then, not a number.
    var isReversed: Bool { low.value == .infinity || high.value == -.infinity }

    init?(_ low: Bytes, _ high: Bytes) {
        guard let low = Self.end(low), let high = Self.end(high) else { return nil }
        self.low = low
        self.high = high
    }

    private static func end(_ text: Bytes) -> (value: Double, open: Bool)? {
        let isOpen = text.first == UInt8(ascii: "(")
        return Array(text.dropFirst(isOpen ? 1 : 0)).number.map { ($0, isOpen) }
    }

    func contains(_ score: Double) -> Bool {
        (low.open ? score > low.value : score >= low.value) && (high.open ? score < high.value : score <= high.value)
    }
}

/// `min max` of the commands by member: `-`, `+`, `[member` or `(member`.
private struct LexRange {
    static let invalid = Reply.error("ERR min or max not valid string range item")

    private let low: Bytes
    private let high: Bytes

    /// As for `ScoreRange`.
    var isReversed: Bool { low == Bytes("+") || high == Bytes("-") }

    init?(_ low: Bytes, _ high: Bytes) {
        guard Self.isEnd(low), Self.isEnd(high) else { return nil }
        self.low = low
        self.high = high
    }

    private static func isEnd(_ text: Bytes) -> Bool {
        text == Bytes("-") || text == Bytes("+") || text.first == UInt8(ascii: "[") || text.first == UInt8(ascii: "(")
    }

    func contains(_ member: Bytes) -> Bool { isAbove(member) && isBelow(member) }

    private func isAbove(_ member: Bytes) -> Bool {
        if low == Bytes("-") { return true }
        if low == Bytes("+") { return false }
        let bound = Array(low.dropFirst())
        return bound.lexicographicallyPrecedes(member) || low.first == UInt8(ascii: "[") && bound == member
    }

    private func isBelow(_ member: Bytes) -> Bool {
        if high == Bytes("+") { return true }
        if high == Bytes("-") { return false }
        let bound = Array(high.dropFirst())
        return member.lexicographicallyPrecedes(bound) || high.first == UInt8(ascii: "[") && bound == member
    }
}
