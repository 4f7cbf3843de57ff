/// What a client is answered, in RESP2.
package enum Reply: Equatable {
    case ok
    case status(String)
    /// The whole line after the `-`.
    case error(String)
    case integer(Int64)
    case bulk(Bytes)
    case null
    /// `*-1`, which Pika answers to a SET whose condition failed.
    case nullArray
    case array([Reply])

    static let notAnInteger = Reply.error("ERR value is not an integer or out of range")
    static let notAFloat = Reply.error("ERR value is not an float")
    static let overflow = Reply.error("ERR increment or decrement would overflow")
    static let syntaxError = Reply.error("ERR syntax error")

    static func wrongNumber(_ command: Bytes) -> Reply {
        .error("ERR wrong number of arguments for '\(command.text)' command")
    }

    package static func bulk(_ text: String) -> Reply { .bulk(Bytes(text)) }
    static func bulks(_ items: [Bytes]) -> Reply { .array(items.map(Reply.bulk)) }

    package var isError: Bool {
        if case .error = self { true } else { false }
    }

    package func append(to out: inout Bytes) {
        switch self {
        case .ok: out += "+OK\r\n".utf8
        case .status(let text): out += "+\(text)\r\n".utf8
        case .error(let text): out += "-\(text)\r\n".utf8
        case .integer(let value): out += ":\(value)\r\n".utf8
        case .bulk(let bytes):
            out += "$\(bytes.count)\r\n".utf8
            out += bytes
            out += "\r\n".utf8
        case .null: out += "$-1\r\n".utf8
        case .nullArray: out += "*-1\r\n".utf8
        case .array(let items):
            out += "*\(items.count)\r\n".utf8
            for item in items { item.append(to: &out) }
        }
    }
}
