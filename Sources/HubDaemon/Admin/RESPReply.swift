/// The protocol that a client chose with HELLO.
enum RESPVersion: Int, Hashable, Sendable {
    case two = 2
    case three = 3
}

/// A reply on the admin port. What only RESP3 has is written in RESP2's nearest form.
indirect enum RESPReply: Hashable, Sendable {
    case simple(String)
    /// With its code: `ERR …`, `NOAUTH …`.
    case error(String)
    case integer(Int)
    case bulk([UInt8])
    /// Text of several lines; RESP3 says that it is text.
    case verbatim(String)
    case null
    case array([RESPReply])
    /// RESP2: an array in which keys and values alternate.
    case map([Field])

    struct Field: Hashable, Sendable {
        var name: String
        var value: RESPReply

        init(_ name: String, _ value: RESPReply) {
            self.name = name
            self.value = value
        }
    }

    static let ok = RESPReply.simple("OK")
    static func text(_ text: String) -> RESPReply { .bulk(Array(text.utf8)) }
    static func failure(_ text: String) -> RESPReply { .error("ERR \(text)") }

    func encode(into bytes: inout [UInt8], version: RESPVersion) {
        switch self {
        case .simple(let text): bytes.append(line: "+\(text)")
        case .error(let text): bytes.append(line: "-\(text)")
        case .integer(let number): bytes.append(line: ":\(number)")
        case .bulk(let content): bytes.append(blob: content, mark: "$")
        case .verbatim(let text):
            switch version {
            case .two: bytes.append(blob: Array(text.utf8), mark: "$")
            case .three: bytes.append(blob: Array("txt:\(text)".utf8), mark: "=")
            }
        case .null: bytes.append(line: version == .two ? "$-1" : "_")
        case .array(let items):
            bytes.append(line: "*\(items.count)")
            for item in items { item.encode(into: &bytes, version: version) }
        case .map(let fields):
            bytes.append(line: version == .two ? "*\(2 * fields.count)" : "%\(fields.count)")
            for field in fields {
                RESPReply.text(field.name).encode(into: &bytes, version: version)
                field.value.encode(into: &bytes, version: version)
            }
        }
    }
}

extension [UInt8] {
    /// A line of protocol; a line break inside, which would end it early, becomes a blank.
    fileprivate mutating func append(line: String) {
        append(
            contentsOf: line.utf8.map { $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") ? UInt8(ascii: " ") : $0 })
        append(contentsOf: [UInt8(ascii: "\r"), UInt8(ascii: "\n")])
    }

    fileprivate mutating func append(blob: [UInt8], mark: String) {
        append(line: "\(mark)\(blob.count)")
        append(contentsOf: blob)
        append(contentsOf: [UInt8(ascii: "\r"), UInt8(ascii: "\n")])
    }
}
