/// A change of the replicated state: what an entry of the Raft log holds. JSON, one object:
///
///     {"version": 1, "<case>": {<its labels>}}
///
/// An entry is kept for ever by hubs of several versions, so a case, a label and what `apply` does with them never
/// change their meaning within a version: a hub that ignored a field would end up with another state than its peers.
/// Whoever adds or changes one raises `HubCommand.version` and writes such entries with it; older hubs then stop instead
/// of guessing (issue 3, item 5).
public enum HubCommand: Hashable, Sendable, Codable {
    /// Servers of a configuration file that the state doesn't know yet. Known and dropped ones are passed over.
    case seed(servers: [ServerDescription])
    /// A server joins with nothing acknowledged: its whole kept binlog goes to the others, and theirs to it.
    case addServer(server: ServerDescription)
    /// A server leaves; its positions are forgotten.
    case drop(server: ServerID)
    /// A server has moved; positions stay. No password: the present one.
    case transfer(server: ServerID, to: Address, password: String?)
    /// A slave of `existing` joins as `new` (see `HubState.copy`). No password: that of `existing`.
    /// `read` is how far the primary had read the binlog of `existing` itself, if that is more than the matrix says.
    case copy(existing: ServerID, new: ServerID, to: Address, password: String?, read: BinlogProgress?)
    case pause(server: ServerID)
    case resume(server: ServerID)
    /// About once a second: what the primary's links have got acknowledged since.
    case advance(progress: Advance)
    /// The first entry of a primary; its links open when it is applied.
    case announcePrimary(hub: HubID, term: UInt64, adminAddress: Address)
    /// A hub's addresses. Raft's own membership entries decide who votes.
    case addHub(hub: HubMember)
    case removeHub(hub: HubID)

    enum CodingKeys: String, CodingKey, CaseIterable {
        case seed, addServer, drop, transfer, copy, pause, resume, advance, announcePrimary, addHub, removeHub
    }
}

/// What a primary's links have got acknowledged, and which keys began or ceased to await repair.
public struct Advance: Hashable, Sendable, Codable {
    /// The primary's term; in any other term the entry changes nothing.
    public var term: UInt64
    /// The generations of the links that speak. What is said of a server that has another one by now is passed over.
    public var generations: [ServerID: Generation]
    /// `[source][destination]`; only what is new needs to be here.
    public var acknowledged: [ServerID: [ServerID: BinlogProgress]]
    /// Taken out before the others are put in.
    public var repairedKeys: [Base64Bytes]
    public var suspects: [Suspect]
    /// Servers whose binlogs end before what was read of them, and where: what they write from there on is new. Nil for
    /// none; otherwise the entry is of version 2.
    public var cuts: [ServerID: BinlogPosition]?
    /// The primary has stopped cleanly; nothing beyond this has been delivered.
    public var isLast: Bool

    public init(
        term: UInt64, generations: [ServerID: Generation],
        acknowledged: [ServerID: [ServerID: BinlogProgress]] = [:], repairedKeys: [[UInt8]] = [],
        suspects: [Suspect] = [], cuts: [ServerID: BinlogPosition] = [:], isLast: Bool = false
    ) {
        self.term = term
        self.generations = generations
        self.acknowledged = acknowledged
        self.repairedKeys = repairedKeys.map(Base64Bytes.init)
        self.suspects = suspects
        self.cuts = cuts.isEmpty ? nil : cuts
        self.isLast = isLast
    }
}
