public import HubStore

/// Something worth a line in the log. The shell adds the time and rate-limits by `kind`.
public struct LinkEvent: Equatable, Sendable {
    public enum Level: Equatable, Sendable {
        case info
        case warning
        case error
    }

    public var level: Level
    /// The same for every message of one sort, in words joined by `-`.
    public var kind: String
    /// The server that it is about.
    public var server: ServerID?
    public var text: String

    public init(_ level: Level, _ kind: String, server: ServerID? = nil, _ text: String) {
        self.level = level
        self.kind = kind
        self.server = server
        self.text = text
    }
}
