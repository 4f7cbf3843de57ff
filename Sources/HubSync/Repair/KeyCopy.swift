/// Copies a key's state from one Pika to others: what is asked of the one, and what makes the key the same at the
/// others. A Pika keeps each type apart, so a key of which the type is not known is copied with all of them.
enum KeyCopy {
    /// Elements of a list or sorted set beyond which a key is not copied.
    static let maximumElements = 50_000
    private static let elementsPerCommand = 500

    /// What to ask, in this order. The last answer tells the end of the server's binlog.
    static func requests(_ type: CommandRule.ValueType, _ key: [UInt8]) -> [[[UInt8]]] {
        var requests: [[[UInt8]]] = []
        if type == .string || type == .any { requests.append(words("GET") + [key]) }
        if type == .list || type == .any { requests.append(words("LRANGE") + [key] + words("0", "-1")) }
        if type == .sortedSet || type == .any {
            requests.append(words("ZRANGE") + [key] + words("0", "-1", "WITHSCORES"))
        }
        return requests + [words("TTL") + [key], words("TIME"), words("INFO", "log")]
    }

    /// What makes the key the same elsewhere. Nil when the answers are not a state that can be copied.
    static func commands(_ type: CommandRule.ValueType, _ key: [UInt8], answers: [Reply]) -> [UInt8]? {
        guard answers.count == requests(type, key).count else { return nil }
        var writer = CommandWriter()
        var isThere = false
        if type == .any { writer.command(words("DEL") + [key]) }
        for (place, value) in answers.dropLast(3).enumerated() {
            switch (type, value) {
            case (.string, .bulk(let bytes)), (.any, .bulk(let bytes)):
                writer.command(words("SET") + [key, bytes])
                isThere = true
            case (.string, .null):
                writer.command(words("DEL") + [key])
            case (.any, .null):
                break
            case (.list, .array(let elements)), (.sortedSet, .array(let elements)), (.any, .array(let elements)):
                let isList = type == .list || type == .any && place == 1
                guard write(elements, isList: isList, clears: type != .any, key, &writer) else { return nil }
                isThere = isThere || !elements.isEmpty
            default:
                return nil
            }
        }
        guard isThere else { return writer.take() }
        guard case .integer(let left) = answers[answers.count - 3] else { return nil }
        if left == -2 {
            // It expired between the answers.
            var deletion = CommandWriter()
            deletion.command(words("DEL") + [key])
            return deletion.take()
        }
        if left >= 0 {
            // By the clock of the server that was asked. TTL counts the second that runs, EXPIREAT names the last one.
            guard case .array(let time) = answers[answers.count - 2], let now = time.first?.text.flatMap({ Int($0) })
            else { return nil }
            writer.command(words("EXPIREAT") + [key] + words(String(now + left - 1)))
        } else if type == .list || type == .sortedSet {
            writer.command(words("PERSIST") + [key])
        }
        return writer.take()
    }

    /// - Parameter clears: empties the list or sorted set first, and leaves other types of the same name alone.
    private static func write(
        _ elements: [Reply], isList: Bool, clears: Bool, _ key: [UInt8], _ writer: inout CommandWriter
    ) -> Bool {
        guard let values = bytes(of: elements) else { return false }
        if isList {
            if clears { writer.command(words("LTRIM") + [key] + words("1", "0")) }
            for start in stride(from: 0, to: values.count, by: elementsPerCommand) {
                writer.command(words("RPUSH") + [key] + values[start..<min(start + elementsPerCommand, values.count)])
            }
            return true
        }
        guard values.count.isMultiple(of: 2) else { return false }
        if clears { writer.command(words("ZREMRANGEBYRANK") + [key] + words("0", "-1")) }
        for start in stride(from: 0, to: values.count, by: 2 * elementsPerCommand) {
            var pairs: [[UInt8]] = []
            for pair in stride(from: start, to: min(start + 2 * elementsPerCommand, values.count), by: 2) {
                pairs += [values[pair + 1], values[pair]]
            }
            writer.command(words("ZADD") + [key] + pairs)
        }
        return true
    }

    private static func bytes(of elements: [Reply]) -> [[UInt8]]? {
        guard elements.count <= maximumElements else { return nil }
        var values: [[UInt8]] = []
        for element in elements {
            guard case .bulk(let bytes) = element else { return nil }
            values.append(bytes)
        }
        return values
    }

    private static func words(_ words: String...) -> [[UInt8]] { words.map { Array($0.utf8) } }
}
