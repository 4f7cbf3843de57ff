package import NIOCore

/// The data of one server as a value. Every call is told the time, in unix seconds, so that replaying the same
/// commands with the same times gives the same data.
package struct Keyspace {
    package typealias List = CircularBuffer<Bytes>

    /// Plain strings, counters and hyperloglogs.
    package var strings = Namespace<Bytes>()
    package var lists = Namespace<List>()
    package var sortedSets = Namespace<SortedSet>()

    package init() {}

    /// Removes the key of every type.
    mutating func remove(_ key: Bytes, now: Int64) -> Bool {
        let removed = [
            strings.remove(key, now: now), lists.remove(key, now: now), sortedSets.remove(key, now: now),
        ]
        return removed.contains(true)
    }

    mutating func expire(_ key: Bytes, at second: Int64?, now: Int64) -> Bool {
        let found = [
            strings.expire(key, at: second, now: now), lists.expire(key, at: second, now: now),
            sortedSets.expire(key, at: second, now: now),
        ]
        return found.contains(true)
    }

    mutating func persist(_ key: Bytes, now: Int64) -> Bool {
        let found = [
            strings.persist(key, now: now), lists.persist(key, now: now), sortedSets.persist(key, now: now),
        ]
        return found.contains(true)
    }

    mutating func type(of key: Bytes, now: Int64) -> String? {
        if strings.entry(key, now: now) != nil { return "string" }
        if lists.entry(key, now: now) != nil { return "list" }
        if sortedSets.entry(key, now: now) != nil { return "zset" }
        return nil
    }

    /// The expiry of the first type that has the key: 0 for none; nil when no type has it.
    mutating func expiry(of key: Bytes, now: Int64) -> Int64? {
        strings.entry(key, now: now)?.expiry ?? sortedSets.entry(key, now: now)?.expiry
            ?? lists.entry(key, now: now)?.expiry
    }

    /// Every live name, once for each type that it has.
    func keys(now: Int64) -> [Bytes] {
        strings.liveKeys(now: now) + lists.liveKeys(now: now) + sortedSets.liveKeys(now: now)
    }
}
