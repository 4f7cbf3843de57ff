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
    /// Further connections of this epoch, with the time at which they came.
    var unexplained: [LinkConnectionID: Double] = [:]
    /// When the server told of its senders last.
    var reportedAt = 0.0
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
    /// Of what it wrote before this place it is not known which versions of other servers it follows: another primary
    /// watched then, or they were forgotten because nothing seemed to be under way any more; or it should have come
    /// before what was read since. Nil until the first epoch begins.
    var unwatched: BinlogPosition?
    /// The server's process, as it named it when the link was established last.
    var run: String?
    var trail: AppliedTrail
    var evidence = OrderEvidence()
    var nextMeasure = 0.0
    /// What had been acknowledged and applied when the server was last asked for the end of its binlog.
    var measured = (acknowledged: ChunkSequence(0), applied: ChunkSequence(0))
    var isMeasuring = false
    /// Every record still to come from this server follows the chunks up to here.
    var settled = ChunkSequence(0)
    var statistics = SourceStatistics()
    /// By source, what it has acknowledged as a destination.
    var arrived: [ServerID: RouteCounter] = [:]
    var receivedRate = RateMeter()
    var deliveredRate = RateMeter()
    /// It is not read, because it runs ahead of its destinations.
    var isPaced = false
    /// By its last report: a sender is at the end of the binlog, and the hub reads everything that it sends.
    var isCaughtUp = false
    var caughtUpAt: Double?
    var kept: KeptBinlog?
    /// Destinations that were said to lack what it may soon have purged.
    var nearPurge: Set<ServerID> = []
    /// The newest record of its binlog that had been read when this epoch began.
    var newestBefore = BinlogPosition(file: 0, offset: 0)
    /// Where its binlog ends if that is before `newestBefore`, as one report has said; nothing is read meanwhile.
    var shortEnd: BinlogPosition?
    /// The same as two reports have said. What was read beyond counts for nothing once the replicated state says so.
    var cutAt: BinlogPosition?
    /// Where its binlog was cut last, since the hub became primary.
    var lastCut: BinlogPosition?
    /// Set while it may get things twice because it joined as another one's slave.
    var copyWindow: CopyWindow?
    var clock = ClockWatch()
    /// When a record arrived last.
    var lastReceived = 0.0
    /// Answers to delivered commands that were not a `PONG`: refusals.
    var refusals: UInt64 = 0

    var id: ServerID { description.id }

    /// It may be about to send what takes the place of something that was read.
    var isCutPending: Bool { shortEnd != nil || cutAt != nil }

    /// - Parameter applied: what its workers have surely applied of the relay log.
    init(
        _ description: SyncEngine.Server, settings: SyncEngine.Settings, delivery: Delivery, applied: ChunkSequence,
        run: String?
    ) {
        self.description = description
        self.delivery = delivery
        trail = AppliedTrail(through: applied)
        self.run = run
        link = PikaLink(
            server: description.id, address: description.address, password: description.password,
            settings: PikaLink.Settings(
                hubHost: settings.hubHost, hubPort: settings.hubPort, isStrict: settings.isStrict))
    }

    /// The longest that a report is under way.
    private static let reportSeconds = 1.0

    enum Explanation { case oneMore, unknown, dialledAgain }

    /// Whose an incoming binlog connection is. A sender dials once in an epoch, when it is given its first file; a
    /// sender that dials again has lost its connection, of which this side may not know yet, and with it maybe records
    /// that it takes for sent. A connection is a new sender's when the server tells of more senders than have come; a
    /// report may have been under way when it came. A server that tells of none is believed.
    mutating func explain(_ connection: LinkConnectionID, now: Double) -> Explanation {
        let senders = link.report.senders.count
        if senders == 0 || senders > dataConnections.count {
            unexplained[connection] = nil
            return .oneMore
        }
        let since = unexplained[connection] ?? now
        unexplained[connection] = since
        return reportedAt - since >= Self.reportSeconds ? .dialledAgain : .unknown
    }

    /// The file to ask for: nothing before it can be missing. Nil when some destination has no recorded place.
    var wantedFile: UInt32? { hasUnplacedDestination ? nil : reader.progress.firstOpenFile }
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
