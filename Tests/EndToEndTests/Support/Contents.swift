import Foundation
import HubSync

/// The data of one server: each key with its value in every namespace, and its expiry.
struct Contents: Equatable {
    struct Value: Equatable {
        var string: Reply
        var list: Reply
        var sortedSet: Reply
        /// Unix seconds; nil when it never expires.
        var expiry: Int?

        /// Equal, with expiries up to two seconds apart: reading them takes time, and a Pika keeps whole seconds.
        func matches(_ other: Value) -> Bool {
            guard (string, list, sortedSet) == (other.string, other.list, other.sortedSet) else { return false }
            guard let expiry, let otherExpiry = other.expiry else { return self.expiry == other.expiry }
            return abs(expiry - otherExpiry) <= 2
        }
    }

    private(set) var values: [String: Value] = [:]

    static func read(_ client: RedisClient) async throws -> Contents {
        var contents = Contents()
        guard case .array(let names) = try await client.send("KEYS", "*") else {
            throw NeverHappened(description: "KEYS was not answered with an array")
        }
        let keys = Set(names.compactMap(\.text)).sorted()
        let replies = try await client.send(
            keys.flatMap { key in
                [["GET", key], ["LRANGE", key, "0", "-1"], ["ZRANGE", key, "0", "-1", "WITHSCORES"], ["TTL", key]]
            })
        let now = Int(Date.now.timeIntervalSince1970)
        for (index, key) in keys.enumerated() {
            let parts = replies[4 * index..<4 * index + 4]
            guard case .integer(let ttl)? = parts.last, ttl != -2 else { continue }
            contents.values[key] = Value(
                string: parts[parts.startIndex], list: parts[parts.startIndex + 1],
                sortedSet: parts[parts.startIndex + 2], expiry: ttl < 0 ? nil : now + ttl)
        }
        return contents
    }

    subscript(key: String) -> Value? { values[key] }

    /// One line for each key that is not the same in both.
    func differences(from other: Contents) -> [String] {
        Set(values.keys).union(other.values.keys).sorted().compactMap { key in
            let (mine, others) = (values[key], other.values[key])
            if let mine, let others, mine.matches(others) { return nil }
            return "\(key): \(Self.describe(mine)) and \(Self.describe(others))"
        }
    }

    private static func describe(_ value: Value?) -> String {
        guard let value else { return "nothing" }
        let parts = [value.string, value.list, value.sortedSet].filter { $0 != .null && $0 != .array([]) }
        let text = parts.map(describe).joined(separator: " + ")
        return text + (value.expiry.map { " until \($0)" } ?? "")
    }

    private static func describe(_ reply: Reply) -> String {
        if case .array(let elements) = reply {
            return "[\(elements.count): " + String(elements.map(describe).joined(separator: " ").prefix(200)) + "]"
        }
        return String((reply.text ?? "\(reply)").prefix(60))
    }
}
