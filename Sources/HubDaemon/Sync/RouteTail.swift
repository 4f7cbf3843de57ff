internal import HubStore
internal import HubSync

/// What `TAIL source destination` shows: each command that goes from one server to another, as a line. Pure.
struct RouteTail: Hashable, Sendable {
    /// Lines of one second; what comes beyond is counted and not looked at, so that watching costs a flood nothing.
    static let maximumLinesPerSecond = 1000
    /// An argument's bytes that are shown, and the arguments of a command.
    static let maximumArgumentBytes = 64
    static let maximumArguments = 16

    let source: ServerID
    let destination: ServerID
    private var second = 0
    private var linesInSecond = 0
    private var leftOut = 0

    init(source: ServerID, destination: ServerID) {
        self.source = source
        self.destination = destination
    }

    /// The lines for a chunk that is delivered to the destination; none when it is of another source.
    mutating func lines(for chunk: RelayChunk, unixMicroseconds now: Int) -> [String] {
        guard chunk.source == source else { return [] }
        var lines: [String] = []
        if now / 1_000_000 != second {
            (second, linesInSecond) = (now / 1_000_000, 0)
            if leftOut > 0 { lines.append("\(leftOut) records were left out") }
            leftOut = 0
        }
        guard linesInSecond < Self.maximumLinesPerSecond else {
            leftOut += chunk.recordCount
            return lines
        }
        let time = LogLine.time(unixMicroseconds: now)
        let commands = Self.commands(chunk.commands, limit: Self.maximumLinesPerSecond - linesInSecond)
        lines += commands.map { "\(time) \(source) -> \(destination) \($0)" }
        linesInSecond += commands.count
        leftOut += max(0, chunk.recordCount - commands.count)
        return lines
    }

    private static func commands(_ bytes: [UInt8], limit: Int) -> [String] {
        var commands: [String] = []
        var rest = bytes[...]
        do {
            while commands.count < limit, let (command, end) = try Reply.parse(rest) {
                rest = rest[end...]
                guard case .array(let arguments) = command else { continue }
                var words = arguments.prefix(maximumArguments).map(shown)
                if arguments.count > maximumArguments { words.append("(\(arguments.count) arguments)") }
                commands.append(words.joined(separator: " "))
            }
        } catch {
            commands.append("(not readable: \(error))")
        }
        return commands
    }

    /// In quotes, what is not printable as `\xNN`.
    private static func shown(_ argument: Reply) -> String {
        guard case .bulk(let bytes) = argument else { return "?" }
        let text = bytes.prefix(maximumArgumentBytes).map { byte in
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): "\\" + String(UnicodeScalar(byte))
            case 0x20..<0x7F: String(UnicodeScalar(byte))
            default: "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        let cut = bytes.count > maximumArgumentBytes ? "…(\(bytes.count) bytes)" : ""
        return "\"\(text.joined())\"\(cut)"
    }
}
