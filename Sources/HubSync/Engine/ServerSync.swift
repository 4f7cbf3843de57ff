internal import HubStore

/// All that the data plane holds for one server, as a source and as a destination.
struct ServerSync: Sendable {
    var description: SyncEngine.Server
    var link: PikaLink
    var reader = SourceReader()
    var delivery: Delivery
    /// What this server, as a destination, has acknowledged of each source.
    var acknowledged: [ServerID: BinlogProgress] = [:]
    /// The same as of the last proposal to the Raft log.
    var proposed: [ServerID: BinlogProgress] = [:]
    /// The address at the other end of its connections, as it was last.
    var host = ""
    /// Connections to the server, by role.
    var connections: [PikaLink.Role: LinkConnectionID] = [:]
    /// Connections on which its binlog arrives.
    var dataConnections: Set<LinkConnectionID> = []
    /// Not yet complete answers on the control, sender and heartbeat connections.
    var answers: [PikaLink.Role: [UInt8]] = [:]
    /// A destination has no recorded place in this source's binlog: it is read from the oldest file that is left.
    var hasUnplacedDestination = false
    /// What it wrote before this place was written while another primary, or none, watched: the versions of those keys
    /// are not known, and operations among it may have been delivered before. Nil until the first epoch begins.
    var inherited: BinlogPosition?
    /// The server's process, as it named it when the link was established last.
    var run: String?
    var evidence = OrderEvidence()
    var nextMeasure = 0.0
    /// The last chunk that was acknowledged at the last measurement.
    var measured: UInt64 = 0
    /// Every record still to come from this server follows the chunks up to here.
    var settled = ChunkSequence(0)
    var statistics = SourceStatistics()
    /// By source, what it has acknowledged as a destination.
    var arrived: [ServerID: RouteCounter] = [:]
    var receivedRate = RateMeter()
    var deliveredRate = RateMeter()
    /// By its last report: a sender is at the end of the binlog, and the hub reads everything that it sends.
    var isCaughtUp = false
    var caughtUpAt: Double?
    var kept: KeptBinlog?
    /// Destinations that were said to lack what it may soon have purged.
    var nearPurge: Set<ServerID> = []
    /// When a record arrived last.
    var lastReceived = 0.0
    /// Answers to delivered commands that were not a `PONG`: refusals.
    var refusals: UInt64 = 0

    var id: ServerID { description.id }

    init(_ description: SyncEngine.Server, settings: SyncEngine.Settings, delivery: Delivery, run: String?) {
        self.description = description
        self.delivery = delivery
        self.run = run
        link = PikaLink(
            server: description.id, address: description.address, password: description.password,
            settings: PikaLink.Settings(
                hubHost: settings.hubHost, hubPort: settings.hubPort, isStrict: settings.isStrict))
    }

    /// The file to ask for; nil when some destination has no recorded place.
    var wantedFile: UInt32? { hasUnplacedDestination ? nil : reader.firstOpenFile }
}

/// Figures of one source since the hub became primary.
public struct SourceStatistics: Equatable, Sendable {
    public var records: UInt64 = 0
    public var bytes: UInt64 = 0
    /// Records that every destination had already.
    public var duplicates: UInt64 = 0
    /// Records that were beaten by a newer write of another server.
    public var superseded: UInt64 = 0
    /// exec_time of the newest record, unix seconds.
    public var execTime: UInt32 = 0

    public init() {}
}

/// Figures of the whole data plane since the hub became primary.
public struct SyncCounters: Equatable, Sendable {
    public var conflicts: UInt64 = 0
    public var echoes: UInt64 = 0
    /// Commands that cannot be relayed, by name.
    public var unrelayed: [String: UInt64] = [:]
    /// Connections to the inner port that were closed because of what they sent.
    public var protocolErrors: UInt64 = 0
    public var rejectedConnections: UInt64 = 0

    public init() {}
}

/// What proves that a server had something when it wrote something: samples of the end of its binlog, each with the
/// last chunk that it had acknowledged before (`design/convergence.md`, "Evidence of order"). A record at or beyond a
/// sample's position was written after that chunk had arrived.
struct OrderEvidence: Equatable, Sendable {
    struct Sample: Equatable, Sendable {
        var file: UInt32
        var offset: UInt64
        var through: ChunkSequence
        var time: Double
    }

    private(set) var samples: [Sample] = []
    /// A sample this old has been overtaken: a caught-up sender polls once a second, so whatever the server had
    /// written before it has arrived.
    static let overtakenSeconds = 3.0

    mutating func add(_ sample: Sample) {
        if let last = samples.last {
            // The two numbers of `INFO log` are read without a lock, so one sample may be off at a file's end.
            guard (sample.file, sample.offset) >= (last.file, last.offset) else { return }
            if sample.file == last.file && sample.offset == last.offset { samples.removeLast() }
        }
        samples.append(sample)
        if samples.count > 256 { samples.removeFirst() }
    }

    /// The last chunk that a record at this place is known to follow.
    func followed(file: UInt32, offset: UInt64) -> ChunkSequence? {
        samples.last { ($0.file, $0.offset) <= (file, offset) }?.through
    }

    /// The last chunk that every record still to come from this server is known to follow.
    mutating func settled(readUpTo position: BinlogPosition?, now: Double) -> ChunkSequence? {
        let index = samples.lastIndex { sample in
            if now - sample.time >= Self.overtakenSeconds { return true }
            guard let position else { return false }
            return (sample.file, sample.offset) <= (position.file, position.offset)
        }
        guard let index else { return nil }
        samples.removeFirst(index)
        return samples.first?.through
    }
}
