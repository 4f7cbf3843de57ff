/// Takes requests out of the bytes that a client sends. Pure; what it keeps is bounded by `maximumBytes`.
///
/// | form | bytes |
/// |---|---|
/// | multibulk | `*<count>\r\n`, then per argument `$<length>\r\n<bytes>\r\n` |
/// | inline | words up to `\n` (or `\r\n`), separated by blanks, quoted as in a shell where need be |
///
/// An empty request (`*0`, an empty line) is passed over.
struct RequestDecoder: Sendable {
    /// Bounds of one request. Admin requests are short; whoever announces more is not talking to this port.
    static let maximumArguments = 1024
    static let maximumBytes = 64 * 1024

    enum Violation: Error, Hashable, CustomStringConvertible {
        case tooLong, tooManyArguments, invalidCount, invalidLength, expectedDollar, expectedLineEnd, unbalancedQuotes

        /// The texts of Redis, where it has one.
        var description: String {
            switch self {
            case .tooLong: "too big request"
            case .tooManyArguments: "too many arguments"
            case .invalidCount: "invalid multibulk length"
            case .invalidLength: "invalid bulk length"
            case .expectedDollar: "expected '$'"
            case .expectedLineEnd: "expected CR LF"
            case .unbalancedQuotes: "unbalanced quotes in request"
            }
        }
    }

    private enum State: Hashable {
        case request
        case length(remaining: Int)
        case argument(length: Int, remaining: Int)
    }

    private var buffer: [UInt8] = []
    /// Bytes of `buffer` that were taken, and those in which no line feed was found.
    private var start = 0
    private var searched = 0
    private var state = State.request
    private var arguments: [[UInt8]] = []
    private var argumentBytes = 0

    /// - Parameter bytes: may be any part of one or of many requests.
    mutating func feed(_ bytes: some Sequence<UInt8>) {
        buffer.removeFirst(start)
        searched -= start
        start = 0
        buffer.append(contentsOf: bytes)
    }

    /// The next whole request; nil when more bytes are needed. After a violation the connection has to be closed.
    mutating func next() throws(Violation) -> [[UInt8]]? {
        while true {
            switch state {
            case .request:
                guard let line = try takeLine() else { return nil }
                if line.first == UInt8(ascii: "*") {
                    try beginArguments(line.dropFirst())
                } else {
                    let words = try Self.words(line)
                    if !words.isEmpty { return words }
                }
            case .length(let remaining):
                guard let line = try takeLine() else { return nil }
                guard line.first == UInt8(ascii: "$") else { throw .expectedDollar }
                guard let length = Self.number(line.dropFirst()), length >= 0 else { throw .invalidLength }
                guard argumentBytes + length <= Self.maximumBytes else { throw .invalidLength }
                argumentBytes += length
                state = .argument(length: length, remaining: remaining)
            case .argument(let length, let remaining):
                let end = start + length
                guard buffer.count >= end + 2 else { return nil }
                guard buffer[end] == UInt8(ascii: "\r"), buffer[end + 1] == UInt8(ascii: "\n") else {
                    throw .expectedLineEnd
                }
                arguments.append(Array(buffer[start..<end]))
                start = end + 2
                searched = start
                if remaining > 1 {
                    state = .length(remaining: remaining - 1)
                } else {
                    state = .request
                    return arguments
                }
            }
        }
    }

    private mutating func beginArguments(_ text: ArraySlice<UInt8>) throws(Violation) {
        guard let count = Self.number(text) else { throw .invalidCount }
        guard count <= Self.maximumArguments else { throw .tooManyArguments }
        arguments = []
        argumentBytes = 0
        if count > 0 { state = .length(remaining: count) }
    }

    /// A line without its end.
    private mutating func takeLine() throws(Violation) -> ArraySlice<UInt8>? {
        guard let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) else {
            searched = buffer.count
            if buffer.count - start > Self.maximumBytes { throw .tooLong }
            return nil
        }
        if end - start > Self.maximumBytes { throw .tooLong }
        var line = buffer[start..<end]
        if line.last == UInt8(ascii: "\r") { line = line.dropLast() }
        start = end + 1
        searched = start
        return line
    }

    private static func number(_ text: ArraySlice<UInt8>) -> Int? {
        guard (1...10).contains(text.count) else { return nil }
        return Int(String(decoding: text, as: UTF8.self))
    }

    private static func words(_ line: ArraySlice<UInt8>) throws(Violation) -> [[UInt8]] {
        var words: [[UInt8]] = []
        var rest = line
        while true {
            rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            guard let first = rest.first else { return words }
            if words.count == maximumArguments { throw .tooManyArguments }
            if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") {
                words.append(try quotedWord(&rest, quote: first))
            } else {
                let word = rest.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
                words.append(Array(word))
                rest = rest.dropFirst(word.count)
            }
        }
    }

    /// Takes a word in quotes, which has to end at a blank or at the line's end. A backslash escapes the next byte.
    private static func quotedWord(_ rest: inout ArraySlice<UInt8>, quote: UInt8) throws(Violation) -> [UInt8] {
        var word: [UInt8] = []
        rest = rest.dropFirst()
        while let byte = rest.popFirst() {
            if byte == quote {
                guard rest.isEmpty || rest.first == UInt8(ascii: " ") || rest.first == UInt8(ascii: "\t") else { break }
                return word
            }
            if byte == UInt8(ascii: "\\"), let escaped = rest.popFirst() {
                word.append(escaped)
            } else {
                word.append(byte)
            }
        }
        throw .unbalancedQuotes
    }
}
