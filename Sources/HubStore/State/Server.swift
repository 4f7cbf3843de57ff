/// The protocol that a server speaks. A kind is one folder of link state machines in `HubSync`.
public enum ServerKind: String, Codable, Sendable, CaseIterable {
    /// Pika 2.3.0 – 2.3.8 (`protocol/pika-2.3-hub.md`).
    case pika
}

/// What names a server and tells how to reach it: one item of `pika-servers`.
public struct ServerDescription: Hashable, Sendable, Codable {
    public var id: ServerID
    public var kind: ServerKind
    public var address: Address
    /// Empty when the server asks for none. Never printed.
    public var password: String

    public init(id: ServerID, kind: ServerKind = .pika, address: Address, password: String = "") {
        self.id = id
        self.kind = kind
        self.address = address
        self.password = password
    }
}

/// Differs whenever a server's address or password has changed, or the server was dropped and came back: a link of
/// an older generation has to be closed, and what it acknowledged no longer counts. Never used twice in a group.
public struct Generation: RawRepresentable, Hashable, Sendable, Comparable, Codable {
    public let rawValue: UInt64

    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public static func < (left: Generation, right: Generation) -> Bool { left.rawValue < right.rawValue }
}

/// A server that takes part in the sync.
public struct Server: Hashable, Sendable, Codable {
    public internal(set) var description: ServerDescription
    /// An operator has stopped this server's part in the sync until `RESUME`. Its positions stay.
    public internal(set) var isPaused = false
    public internal(set) var generation: Generation

    public var id: ServerID { description.id }
    public var kind: ServerKind { description.kind }
    public var address: Address { description.address }
    public var password: String { description.password }
}

/// A member of the group. Whether it votes is Raft's business; this is where it can be reached.
public struct HubMember: Hashable, Sendable, Codable {
    public var id: HubID
    public var raftAddress: Address
    public var adminAddress: Address

    public init(id: HubID, raftAddress: Address, adminAddress: Address) {
        self.id = id
        self.raftAddress = raftAddress
        self.adminAddress = adminAddress
    }
}

/// The hub that holds the links to the servers, and the term in which it does.
public struct Primary: Hashable, Sendable, Codable {
    public var hub: HubID
    public var term: UInt64
    /// The first of the terms, up to `term`, in which nobody but this hub has been primary. A relay log that it wrote
    /// in one of them is its own still; an older one has been overtaken by another hub's.
    public var since: UInt64
    public var adminAddress: Address
    /// The primary wrote its last positions and stopped: nothing beyond the matrix was delivered.
    public var hasStopped = false

    public init(hub: HubID, term: UInt64, since: UInt64, adminAddress: Address) {
        self.hub = hub
        self.term = term
        self.since = since
        self.adminAddress = adminAddress
    }
}

/// A key whose final value a race may have left different somewhere (`design/convergence.md`, repair).
public struct Suspect: Hashable, Sendable {
    public var key: [UInt8]
    /// The server that wrote the winning version; nil when that is not known, or when it was dropped since.
    public var winner: ServerID?
    /// The servers that might show another value.
    public var differing: Set<ServerID>

    public init(key: [UInt8], winner: ServerID?, differing: Set<ServerID>) {
        self.key = key
        self.winner = winner
        self.differing = differing
    }
}
