package import NIOCore

/// The keys of one type. Pika keeps each type apart: the same name can be a string and a list at once.
///
/// Expiry is in whole unix seconds, 0 for none; a key with expiry `t` is alive while now ≤ `t`, and TTL counts that
/// second too: EXPIREAT `t` gives a TTL of `t` - now + 1, while EXPIRE `s` gives `s` and an expiry of now + `s` - 1. A list or sorted set
/// that was emptied is not there for anyone, but its expiry waits for the next element.
package struct Namespace<Value: Vacatable> {
    package struct Entry {
        package var value: Value
        package var expiry: Int64
    }

    package private(set) var entries: [Bytes: Entry] = [:]

    /// The live entry, after forgetting an expired one.
    package mutating func entry(_ key: Bytes, now: Int64) -> Entry? {
        guard let entry = entries[key] else { return nil }
        if entry.expiry != 0, entry.expiry < now {
            entries[key] = nil
            return nil
        }
        return entry.value.isVacant ? nil : entry
    }

    /// True for a list or sorted set that was emptied.
    func isVacated(_ key: Bytes) -> Bool { entries[key]?.value.isVacant ?? false }

    mutating func put(_ key: Bytes, _ value: Value, expiry: Int64 = 0) {
        entries[key] = Entry(value: value, expiry: expiry)
    }

    /// Changes the value in place; `initial` stands in when there is none. The expiry stays.
    mutating func update<Result>(
        _ key: Bytes, now: Int64, initial: @autoclosure () -> Value, _ change: (inout Value) -> Result
    ) -> Result {
        _ = entry(key, now: now)
        return change(&entries[key, default: Entry(value: initial(), expiry: 0)].value)
    }

    /// False when there is no such key; then one that was emptied keeps its expiry all the same.
    mutating func remove(_ key: Bytes, now: Int64) -> Bool {
        guard entry(key, now: now) != nil else { return false }
        entries[key] = nil
        return true
    }

    /// Sets the expiry; nil removes the key at once. False when there is no such key.
    mutating func expire(_ key: Bytes, at second: Int64?, now: Int64) -> Bool {
        guard entry(key, now: now) != nil else { return false }
        if let second {
            entries[key]?.expiry = second
        } else {
            entries[key] = nil
        }
        return true
    }

    mutating func persist(_ key: Bytes, now: Int64) -> Bool {
        guard let entry = entry(key, now: now), entry.expiry != 0 else { return false }
        entries[key]?.expiry = 0
        return true
    }

    /// Sets the expiry as it is, without looking at the time.
    mutating func setExpiry(_ key: Bytes, _ second: Int64) { entries[key]?.expiry = second }

    func liveKeys(now: Int64) -> [Bytes] {
        entries.compactMap { key, entry in
            !entry.value.isVacant && (entry.expiry == 0 || entry.expiry >= now) ? key : nil
        }
    }
}

/// A value that can have become empty and then counts as none.
package protocol Vacatable {
    var isVacant: Bool { get }
}

extension Bytes: Vacatable {
    package var isVacant: Bool { false }
}

extension Keyspace.List: Vacatable {
    package var isVacant: Bool { isEmpty }
}

extension SortedSet: Vacatable {
    package var isVacant: Bool { count == 0 }
}
