/// The number by which a server (a Pika, later a Redis or Valkey) is known in the sync: its `server-id`.
/// Always positive; zero is refused wherever one is read.
public struct ServerID: RawRepresentable, Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
    public let rawValue: UInt32

    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public init(_ rawValue: UInt32) { self.rawValue = rawValue }

    public static func < (left: ServerID, right: ServerID) -> Bool { left.rawValue < right.rawValue }
    public var description: String { String(rawValue) }
}

/// A hub of the Raft group. Derived once, when the hub first joins; never reused (`notes/raft.md`, bug 23).
public struct HubID: RawRepresentable, Hashable, Sendable, Comparable, Codable, CustomStringConvertible {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    public static func < (left: HubID, right: HubID) -> Bool { left.rawValue < right.rawValue }
    public var description: String { String(rawValue, radix: 16) }
}

/// Where something listens. `host` is a name or an address without brackets; `description` adds them for IPv6.
public struct Address: Hashable, Sendable, Codable, CustomStringConvertible {
    public var host: String
    /// 1 – 65535.
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// The number of a chunk in the relay log: 1, 2, 3 … in the order of arrival at the primary.
public struct ChunkSequence: RawRepresentable, Hashable, Sendable, Comparable, CustomStringConvertible {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    public static func < (left: ChunkSequence, right: ChunkSequence) -> Bool { left.rawValue < right.rawValue }
    public var next: ChunkSequence { ChunkSequence(rawValue + 1) }
    public var previous: ChunkSequence { ChunkSequence(rawValue - 1) }
    public var description: String { String(rawValue) }
}
