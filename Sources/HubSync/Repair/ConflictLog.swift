public import HubStore

/// The newest conflicts and repairs, for an operator to read (`CONFLICTS`). Bounded: the oldest goes first, and of a
/// long key only the beginning is kept.
public struct ConflictLog: Sendable {
    public static let maximumEntries = 1000
    public static let maximumKeyBytes = 256

    /// What was found out about a key, or done about it.
    public struct Entry: Equatable, Sendable {
        /// By the hub's clock.
        public var unixSeconds: UInt32
        /// At most `maximumKeyBytes` of it.
        public var key: [UInt8]
        public var event: Event

        public init(unixSeconds: UInt32, key: [UInt8], event: Event) {
            self.unixSeconds = unixSeconds
            self.key = key
            self.event = event
        }
    }

    public enum Event: Equatable, Sendable {
        /// Two servers wrote the key at the same time. `known` had arrived before `write`.
        case conflict(write: Version, known: Version, action: Action)
        /// The state at one server was sent to others.
        case repaired(from: ServerID, to: [ServerID])
        /// The state at a server is no state that can be copied: too large, or an error.
        case unrepaired(ServerID)
    }

    public struct Version: Equatable, Sendable {
        public var source: ServerID
        public var position: BinlogPosition
        /// Unix seconds by its source's clock, raised above those of the versions that it is known to follow.
        public var seconds: UInt32

        public init(source: ServerID, position: BinlogPosition, seconds: UInt32) {
            self.source = source
            self.position = position
            self.seconds = seconds
        }
    }

    /// What became of the write that met another.
    public enum Action: Equatable, Sendable {
        /// It won and went to every server, its source too.
        case sentToAll
        /// It went to every other server; the key is repaired with the state at this one.
        case sentToOthers(awaitsRepairFrom: ServerID)
        /// It lost and went nowhere; the key is repaired with the state at this one.
        case dropped(awaitsRepairFrom: ServerID)
    }

    private var entries: [Entry] = []
    /// Where the next entry goes once there are `maximumEntries`.
    private var oldest = 0

    public init() {}

    mutating func add(_ event: Event, key: some Sequence<UInt8>, unixSeconds: UInt32) {
        let entry = Entry(unixSeconds: unixSeconds, key: Array(key.prefix(Self.maximumKeyBytes)), event: event)
        if entries.count < Self.maximumEntries { return entries.append(entry) }
        entries[oldest] = entry
        oldest = (oldest + 1) % Self.maximumEntries
    }

    /// The newest entries, newest first.
    public func newest(_ limit: Int) -> [Entry] {
        Array((entries[oldest...] + entries[..<oldest]).reversed().prefix(limit))
    }
}

extension ConflictLog.Version {
    init(_ version: KeyVersion) {
        source = version.source
        position = BinlogPosition(file: version.file, offset: version.offset)
        seconds = version.seconds
    }
}

extension ConflictLog.Action {
    /// - Parameter source: of the write that was decided about.
    init(_ decision: WriteDecision, source: ServerID) {
        switch decision.fate {
        case .deliverAndEcho: self = .sentToAll
        case .deliver: self = .sentToOthers(awaitsRepairFrom: decision.suspectWinner ?? source)
        case .superseded: self = .dropped(awaitsRepairFrom: decision.suspectWinner ?? source)
        }
    }
}
