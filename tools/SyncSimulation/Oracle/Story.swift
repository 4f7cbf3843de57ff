/// What happened in a run, in time order, so that a violation can be told as the story of its key.
struct Story {
    enum Event {
        /// A client's command ran at this server.
        case wrote(reply: String)
        /// A hub's command arrived at this server.
        case delivered
        /// A worker of this server ran a hub's command.
        case applied(reply: String)
        /// The hub put the command into its relay log.
        case relayed(String)
        /// Anything that is not about one key.
        case happened(String)
    }

    private struct Entry {
        var time: Double
        var server: UInt32
        var command: [[UInt8]]
        var event: Event
    }

    private var entries: [Entry] = []

    mutating func note(_ event: Event, _ command: [[UInt8]] = [], server: UInt32 = 0, time: Double) {
        entries.append(Entry(time: time, server: server, command: command, event: event))
    }

    /// One line for each event that bears on the key, or on all; without a key only the latter.
    func lines(key: [UInt8]?) -> [String] {
        entries.compactMap { entry in
            if case .happened(let text) = entry.event { return Self.line(entry.time, text) }
            guard let key, entry.command.dropFirst().contains(key) else { return nil }
            let command = entry.command.map { String(decoding: $0.prefix(60), as: UTF8.self) }.joined(separator: " ")
            switch entry.event {
            case .wrote(let reply):
                return Self.line(entry.time, "server \(entry.server)  client    \(command) → \(reply)")
            case .delivered: return Self.line(entry.time, "server \(entry.server)  delivered \(command)")
            case .applied(let reply):
                return Self.line(entry.time, "server \(entry.server)  applied   \(command) → \(reply)")
            case .relayed(let text): return Self.line(entry.time, "hub       relays    \(command) (\(text))")
            case .happened: return nil
            }
        }
    }

    private static func line(_ time: Double, _ text: String) -> String {
        let milliseconds = Int((time * 1000).rounded())
        let fraction = String(1000 + milliseconds % 1000).dropFirst()
        return String(repeating: " ", count: max(0, 5 - String(milliseconds / 1000).count))
            + "\(milliseconds / 1000).\(fraction)  \(text)"
    }
}

/// What a run has shown that must not be.
public struct Violation: Error, CustomStringConvertible {
    public var seed: UInt64
    /// Which promise, in a few words.
    public var kind: String
    public var text: String
    /// The key's writes, deliveries and repairs, with the faults of the run, in time order.
    public var story: [String]

    public var description: String {
        "seed \(seed): \(kind): \(text)\n" + story.joined(separator: "\n")
    }
}
