public import HubStore

/// The data plane of the primary as one value: all links, all sources, the relay log's order, all deliveries.
///
/// Whatever happens is told to it by a method; what is to be done is taken from `takeActions`, in order. It knows no
/// clock, socket or disk, so the simulator runs it as the daemon does. One record's way: `received` → `SourceReader`
/// → `VersionTable` → `CommandWriter` → a `RelayChunk` → `Delivery` of each destination → a barrier → acknowledged.
///
/// Time is passed in as seconds of a clock that never goes backwards.
public struct SyncEngine: Sendable {
    public struct Settings: Sendable {
        /// The address that servers dial, and that the hub dials them from: `floyd-local-ip`.
        public var hubHost: String
        /// `sdk-port`.
        public var hubPort: Int
        /// `binlog-offset-absolute-consistency : yes`.
        public var isStrict: Bool
        /// Bytes of the relay log at which sources are not read any more.
        public var relayMaximumBytes: Int
        /// Bytes of the newest chunks that are kept in memory. Up to half of them may not be written yet.
        public var windowBytes: Int
        /// Bytes of the version table, at least 16 KiB.
        public var versionBytes: Int
        /// Those of them that are for the buffers of its overflow.
        public var overflowBufferBytes: Int { VersionTable.storageBytes(of: versionBytes) }
        /// Secret of the key hash.
        public var seed: UInt64

        public init(
            hubHost: String, hubPort: Int, isStrict: Bool = true, relayMaximumBytes: Int = 10 << 30,
            windowBytes: Int = 24 << 20, versionBytes: Int = 112 << 20, seed: UInt64
        ) {
            self.hubHost = hubHost
            self.hubPort = hubPort
            self.isStrict = isStrict
            self.relayMaximumBytes = relayMaximumBytes
            self.windowBytes = windowBytes
            self.versionBytes = versionBytes
            self.seed = seed
        }
    }

    /// A server as the replicated state has it.
    public struct Server: Equatable, Sendable {
        public var id: ServerID
        public var address: Address
        public var password: String
        public var isPaused: Bool
        /// Changes whenever the id stands for another server than before, so that its link is made anew.
        public var generation: UInt64

        public init(id: ServerID, address: Address, password: String, isPaused: Bool = false, generation: UInt64 = 0) {
            self.id = id
            self.address = address
            self.password = password
            self.isPaused = isPaused
            self.generation = generation
        }
    }

    /// What the relay store held when the hub became primary.
    public struct Recovered: Sendable {
        public var first: ChunkSequence
        public var next: ChunkSequence
        public var bytes: Int
        public var cursors: [ServerID: RelayStore.Cursor]
        public var received: [ServerID: BinlogProgress]
        public var suspects: [RelayStore.SuspectName: ServerID]
        /// The suspects of the replicated state.
        public var replicatedSuspects: [Suspect]
        /// Another process, or hub, may have delivered records that the replicated positions do not show.
        public var hasPredecessor: Bool

        public init(
            first: ChunkSequence = ChunkSequence(1), next: ChunkSequence = ChunkSequence(1), bytes: Int = 0,
            cursors: [ServerID: RelayStore.Cursor] = [:], received: [ServerID: BinlogProgress] = [:],
            suspects: [RelayStore.SuspectName: ServerID] = [:], replicatedSuspects: [Suspect] = [],
            hasPredecessor: Bool = true
        ) {
            self.first = first
            self.next = next
            self.bytes = bytes
            self.cursors = cursors
            self.received = received
            self.suspects = suspects
            self.replicatedSuspects = replicatedSuspects
            self.hasPredecessor = hasPredecessor
        }
    }

    /// What the shell does, in this order. A `read` finds what a `write` before it held.
    public enum Action: Sendable {
        case connect(LinkConnectionID, Address, fromHubHost: Bool)
        case send(LinkConnectionID, [UInt8])
        /// Sends a chunk's commands to a destination.
        case deliver(LinkConnectionID, to: ServerID, RelayChunk)
        case close(LinkConnectionID)
        /// Calls `received` again with what is buffered, and reads on.
        case resume(LinkConnectionID)
        case write(RelayWrite)
        /// Answers with `loaded`.
        case read(ServerID, from: ChunkSequence, maximumBytes: Int)
        case log(LinkEvent)

        /// Whether it goes on with the servers, as opposed to ending or noting something. A hub that may not act as
        /// primary any more does none of these.
        public var goesOn: Bool {
            switch self {
            case .send, .deliver, .connect, .resume, .read: true
            case .write, .close, .log: false
            }
        }
    }

    /// One batch for the relay store.
    public struct RelayWrite: Sendable {
        public var chunks: [RelayChunk] = []
        /// How far the sources have been read with what was received since the last write.
        public var received: [ServerID: BinlogProgress] = [:]
        public var cursors: [ServerID: RelayStore.Cursor] = [:]
        /// Keys that await repair since, or, with nil, no longer.
        public var suspects: [RelayStore.SuspectName: ServerID?] = [:]
        public var dropThrough: ChunkSequence?
    }

    let settings: Settings
    let hasher: KeyHasher
    var servers: [ServerSync] = []
    var connections: [LinkConnectionID: Owner] = [:]
    var nextConnection: UInt64 = 1
    var window: RelayWindow
    var versions: VersionTable
    /// By source: chunks up to this one were read before its binlog was cut there, or another server took its place. What
    /// their destinations acknowledge counts only up to that position.
    var outdated: [ServerID: (through: ChunkSequence, at: BinlogPosition)] = [:]
    /// Places that the last `write` did not have yet.
    var movedCursors: Set<ServerID> = []
    var actions: [Action] = []
    var writer = CommandWriter()
    /// The records of the read that is being worked through, with the hashes of their first keys.
    var parsed: [(BinlogRecord, KeyHash)] = []
    var touched: UInt8 = 0
    /// Which versions matter to whole values in that read.
    var reach = VersionTable.Reach.everything
    var pending = RelayWrite()
    /// Bytes of `pending.chunks`.
    var pendingBytes = 0
    let recovered: Recovered
    /// Whether the servers of the beginning have their places: only they go on with the recovered relay log.
    var hasBegun = false
    var settled = ChunkSequence(0)
    var isBlocked = false
    var isStopping = false
    var held: Set<LinkConnectionID> = []
    /// A held connection was found not to have to wait.
    var resumeSoon = false
    var counters = SyncCounters()
    public internal(set) var conflicts = ConflictLog()
    var unrelayedLogged: Set<String> = []
    var nextHousekeeping = 0.0
    var nextWatch = 0.0
    var nextForgottenLog = 0.0
    var lastTick = 0.0
    /// Unix seconds by the hub's clock, as of the last tick.
    var unixTime: UInt32 = 0
    /// When `pending` and what else changed is written next, unless half a window has gathered before.
    var nextWrite = 0.0
    var isWriteDue = false
    var repairs = RepairQueue()
    /// Keys that the replicated state may hold as suspects, with what it was told of them last.
    var replicated: [[UInt8]: Suspect]
    /// Those that the last `takeAdvance` took out.
    var takenOut: [[UInt8]] = []
    /// More suspects than the state takes: positions wait (`takeAdvance`).
    var areSuspectsTooMany = false

    /// Whose connection it is.
    enum Owner: Sendable {
        case link(ServerID, PikaLink.Role)
        /// An incoming one that has not brought a record yet.
        case stranger(since: Double, host: String)
        case data(ServerID)
    }

    /// - Parameter overflow: for the versions that memory has no room for; this engine's alone.
    public init(settings: Settings, recovered: Recovered, overflow: any OverflowStorage) {
        self.settings = settings
        self.recovered = recovered
        hasher = KeyHasher(seed: settings.seed)
        window = RelayWindow(
            first: recovered.first, next: recovered.next, keptBytes: recovered.bytes,
            maximumWindowBytes: settings.windowBytes)
        versions = VersionTable(memoryBytes: settings.versionBytes, overflow: overflow)
        replicated = Dictionary(recovered.replicatedSuspects.map { ($0.key, $0) }) { $1 }
        // What the hub itself found last is the latest that is known of a key.
        let own = recovered.suspects.map { Suspect(key: $0.key.key, type: $0.key.type, winner: $0.value) }
        for suspects in [recovered.replicatedSuspects, own] {
            for suspect in suspects.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                recover(suspect.key, suspect.type, suspect.winner)
            }
        }
    }

    /// - Parameter winner: nil for any server.
    private mutating func recover(_ key: [UInt8], _ type: UInt8, _ winner: ServerID?) {
        let suspect = RepairQueue.Suspect(
            key: key, type: CommandRule.ValueType(rawValue: type) ?? .any, winner: winner ?? ServerID(0), touched: 0,
            sequence: recovered.next.previous)
        let hash = key.withUnsafeBytes { hasher.hash($0, 0..<$0.count) }
        if !repairs.add(suspect, hash: hash) { repairs.countUnrepaired() }
    }

    /// What is to be done since the last call.
    public mutating func takeActions() -> [Action] {
        if isWriteDue { write() }
        defer { actions = [] }
        return actions
    }

    /// The chunk that comes next, and those before it as long as they are in memory: for whoever watches the order of the
    /// relay log, which is told of deliveries before they are written.
    public var nextChunk: ChunkSequence { window.next }
    public func chunk(_ sequence: ChunkSequence) -> RelayChunk? { window.chunk(sequence) }

    func index(of id: ServerID) -> Int? { servers.firstIndex { $0.id == id } }
}
