internal import HubStore

/// One server's state of a key, and the way to it and from it: what is asked of a Pika, and what makes the key the same
/// at others. A Pika keeps each type apart, so a key of which the type is not known has a value of each.
struct KeyCopy: Equatable, Sendable {
    /// Elements of a list or sorted set beyond which a key is not copied.
    static let maximumElements = 50_000
    private static let elementsPerCommand = 500
    /// Expiries may be this far apart, in seconds: time passes between the answers.
    private static let toleranceSeconds = 2

    let type: CommandRule.ValueType
    /// Of the string, the list and the sorted set, as far as the type includes them.
    private let values: [Reply]
    /// Unix seconds by the server's clock; nil for a key without one.
    private let expiry: Int?
    private let isThere: Bool
    /// The server's clock, unix seconds. The value holds every write of an earlier second, and maybe of this one.
    let second: Int
    /// The end of the server's binlog before the value was read: the value holds every local write below it.
    let end: BinlogPosition

    /// What to ask, in this order.
    static func requests(_ type: CommandRule.ValueType, _ key: [UInt8]) -> [[[UInt8]]] {
        var requests: [[[UInt8]]] = [words("INFO", "log")]
        if type == .string || type == .any { requests.append(words("GET") + [key]) }
        if type == .list || type == .any { requests.append(words("LRANGE") + [key] + words("0", "-1")) }
        if type == .sortedSet || type == .any {
            requests.append(words("ZRANGE") + [key] + words("0", "-1", "WITHSCORES"))
        }
        return requests + [words("TTL") + [key], words("TIME")]
    }

    /// Nil when the answers are not a state that can be copied.
    init?(_ type: CommandRule.ValueType, answers: [Reply]) {
        guard answers.count == Self.requests(type, []).count, let report = answers[0].text,
            case .array(let time) = answers[answers.count - 1], let now = time.first?.text.flatMap({ Int($0) }),
            case .integer(let left) = answers[answers.count - 2]
        else { return nil }
        self.type = type
        second = now
        var log = PikaReport()
        log.read(report)
        end = BinlogPosition(file: log.producerFile ?? 0, offset: log.producerOffset ?? 0)
        var values = Array(answers[1..<answers.count - 2])
        var isThere = false
        for (place, value) in values.enumerated() {
            switch value {
            case .bulk where place == 0 && type != .list && type != .sortedSet: isThere = true
            case .null where place == 0 && type != .list && type != .sortedSet: break
            case .array(let elements) where elements.count <= Self.maximumElements && elements.allSatisfy(\.isBulk):
                isThere = isThere || !elements.isEmpty
            default: return nil
            }
        }
        if left == -2 {
            // There is nothing, or it expired between the answers.
            isThere = false
            values = values.map { if case .array = $0 { .array([]) } else { .null } }
        }
        self.values = values
        self.isThere = isThere
        // TTL counts the second that runs, EXPIREAT names the last one.
        expiry = isThere && left >= 0 ? now + left - 1 : nil
    }

    /// What is kept of a state to tell whether a later one is the same: a value may be large.
    struct Trace: Equatable, Sendable {
        let end: BinlogPosition
        fileprivate let hash: Int
        fileprivate let expiry: Int?

        func matches(_ other: Trace) -> Bool {
            guard hash == other.hash else { return false }
            guard let expiry, let otherExpiry = other.expiry else { return expiry == other.expiry }
            return abs(expiry - otherExpiry) <= KeyCopy.toleranceSeconds
        }
    }

    var trace: Trace { Trace(end: end, hash: values.hashValue, expiry: expiry) }

    /// Whether nothing has to be done for the key to be the same at both.
    func matches(_ other: KeyCopy) -> Bool {
        switch (isThere, other.isThere) {
        case (false, false): return true
        // One server's clock may be ahead, so that the key has expired there first.
        case (true, false): return hasExpired(at: other.second)
        case (false, true): return other.hasExpired(at: second)
        case (true, true):
            guard values == other.values else { return false }
            guard let expiry, let otherExpiry = other.expiry else { return expiry == other.expiry }
            return abs(expiry - otherExpiry) <= Self.toleranceSeconds
        }
    }

    /// An emptied list or sorted set, whose expiry nobody can see.
    var mayHideExpiry: Bool { !isThere && type != .string }

    private func hasExpired(at second: Int) -> Bool { expiry.map { second >= $0 - 1 } ?? false }

    /// What makes the key the same elsewhere.
    func commands(_ key: [UInt8]) -> [UInt8] {
        var writer = CommandWriter()
        if type == .any || type == .string && !isThere { writer.command(Self.words("DEL") + [key]) }
        for (place, value) in values.enumerated() {
            switch value {
            case .bulk(let bytes): writer.command(Self.words("SET") + [key, bytes])
            case .array(let elements):
                let isList = type == .list || type == .any && place == 1
                Self.write(elements.compactMap(\.bytes), isList: isList, clears: type != .any, key, &writer)
            default: break
            }
        }
        if let expiry {
            writer.command(Self.words("EXPIREAT") + [key] + Self.words(String(expiry)))
        } else if isThere, type == .list || type == .sortedSet {
            writer.command(Self.words("PERSIST") + [key])
        }
        return writer.take()
    }

    /// - Parameter clears: empties the list or sorted set first, and leaves other types of the same name alone.
    private static func write(
        _ values: [[UInt8]], isList: Bool, clears: Bool, _ key: [UInt8], _ writer: inout CommandWriter
    ) {
        if isList {
            if clears { writer.command(words("LTRIM") + [key] + words("1", "0")) }
            for start in stride(from: 0, to: values.count, by: elementsPerCommand) {
                writer.command(words("RPUSH") + [key] + values[start..<min(start + elementsPerCommand, values.count)])
            }
            return
        }
        if clears { writer.command(words("ZREMRANGEBYRANK") + [key] + words("0", "-1")) }
        for start in stride(from: 0, to: values.count, by: 2 * elementsPerCommand) {
            var pairs: [[UInt8]] = []
            for pair in stride(from: start, to: min(start + 2 * elementsPerCommand, values.count) - 1, by: 2) {
                pairs += [values[pair + 1], values[pair]]
            }
            writer.command(words("ZADD") + [key] + pairs)
        }
    }

    private static func words(_ words: String...) -> [[UInt8]] { words.map { Array($0.utf8) } }
}

extension Reply {
    fileprivate var bytes: [UInt8]? {
        if case .bulk(let bytes) = self { bytes } else { nil }
    }

    fileprivate var isBulk: Bool { bytes != nil }
}
