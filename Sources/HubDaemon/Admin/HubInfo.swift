internal import HubStore

/// Everything that INFO shows of a hub, as one value; `InfoRenderer` makes text of it. Positions are
/// `BinlogPosition`s, times are unix microseconds unless their names say otherwise.
struct HubInfo: Hashable, Sendable {
    var process = Process()
    var raft = Raft()
    /// By id.
    var members: [Member] = []
    var state = HubState()
    /// The links of this hub; empty unless it is the primary.
    var links: [ServerID: Link] = [:]
    /// By source and destination.
    var routes: [Route] = []
    /// When this hub last wrote positions to the Raft log; nil before the first time.
    var lastSavedUnixSeconds: Int?
    var relay = Relay()
    var memory = Memory()
    var conflicts = Conflicts()
    /// Commands that arrived and cannot be relayed, by name in lower case.
    var unrelayedCommands: [String: Int] = [:]
    /// What an operator should look at, one sentence each.
    var warnings: [String] = []

    struct Process: Hashable, Sendable {
        var nowMicroseconds = 0
        var startedMicroseconds = 0
        /// When the executable was written.
        var builtUnixSeconds = 0
        var pid: Int32 = 0
        var configurationFile = ""
        var raftAddress = Address(host: "", port: 0)
        var adminAddress = Address(host: "", port: 0)
        var userCPUSeconds = 0.0
        var systemCPUSeconds = 0.0
        /// Log lines that could not be written, and those held back by the rate limit.
        var lostLogLines = 0
        var suppressedLogLines = 0
        /// Messages of the log by kind, those held back included.
        var logMessages: [String: Int] = [:]
        /// For metrics only: INFO does not show it.
        var openDescriptors = 0
    }

    enum Role: String, Hashable, Sendable {
        case primary, secondary
    }

    struct Raft: Hashable, Sendable {
        var role = Role.secondary
        var hub = HubID(0)
        var leader: HubID?
        var term = 0
        var lastIndex = 0
        var commitIndex = 0
        var appliedIndex = 0
        var firstIndex = 0
        var elections = 0
        /// From a proposal to its application, in seconds; on the primary.
        var proposals = Histogram()
        /// When this hub stops believing in its primary unless it hears from it again.
        var leaseDeadlineMicroseconds: Int?
    }

    /// How often a quantity was how large. `counts[k]` were below `bounds[k]` and in no class before.
    struct Histogram: Hashable, Sendable {
        var bounds: [Double] = []
        var counts: [Int] = []
        /// Of all, those beyond the last bound included.
        var count = 0
        var sum = 0.0
    }

    /// A member of the group, this hub included.
    struct Member: Hashable, Sendable {
        var id: HubID
        var raftAddress: Address
        /// Nil until it has told the group.
        var adminAddress: Address?
        var isLearner = false
        /// Entries that it is known to lack; nil where this hub doesn't know.
        var lagEntries: Int?
        var lastContactMilliseconds: Int?

        init(id: HubID, raftAddress: Address, adminAddress: Address? = nil) {
            self.id = id
            self.raftAddress = raftAddress
            self.adminAddress = adminAddress
        }
    }

    /// All connections to one server.
    struct Link: Hashable, Sendable {
        /// The original's numbers; its 3, "should delete", is never seen here.
        enum Status: Int, Hashable, Sendable {
            case shouldConnect = 0
            case connected = 1
            case errorHappened = 2
        }

        var status = Status.shouldConnect
        /// What is wrong, in a sentence; empty when nothing is.
        var problem = ""
        /// Connections on which it sends its binlog.
        var receiveConnections = 0
        /// Numbers of the two connections to it; nil while there is none.
        var sendConnection: Int?
        var heartbeatConnection: Int?
        var received: BinlogPosition?
        /// The chunk of the relay log that was sent to it last.
        var sentChunk = 0
        var reconnects = 0
        var takeovers = 0
        var receivedRecords = 0
        var receivedBytes = 0
        var receivedPerSecond = 0.0
        /// Seconds by which its clock is ahead of this hub's.
        var clockOffset = 0
        var deliveredRecords = 0
        var deliveredBytes = 0
        var deliveredPerSecond = 0.0
        var refusedCommands = 0
    }

    /// What goes from one server to another. Counters begin when this hub becomes primary.
    struct Route: Hashable, Sendable {
        var source: ServerID
        var destination: ServerID
        /// Records that arrived and are not acknowledged, and the bytes of their commands.
        var lagRecords = 0
        var lagBytes = 0
        /// For how long the destination has lacked something.
        var lagSeconds = 0.0
        /// What was acknowledged.
        var records = 0
        var bytes = 0
        var recordsPerSecond = 0.0
        var bytesPerSecond = 0.0
        var purge: Purge?

        init(source: ServerID, destination: ServerID) {
            self.source = source
            self.destination = destination
        }
    }

    /// How a destination's place stands to what the source keeps of its binlog, in files.
    struct Purge: Hashable, Sendable {
        /// Files that the source has begun after the oldest of which the destination lacks something.
        var filesAhead: Int
        /// Files that the source may still begin before it purges that one.
        var filesLeft: Int
        var isNear: Bool
    }

    struct Relay: Hashable, Sendable {
        /// The chunk that comes next.
        var nextChunk = 0
        var bytes = 0
        var maximumBytes = 0
        /// Sources are not read because the relay log is full.
        var isFull = false
        /// Connections to the port where servers send their binlogs: those turned away, and those closed because of
        /// what they sent.
        var rejectedConnections = 0
        var protocolErrors = 0
    }

    struct Memory: Hashable, Sendable {
        var residentBytes = 0
        var versionTableBytes = 0
        var maximumVersionTableBytes = 0
        var versions = 0
        /// Versions that are not in memory, and what they take on disk.
        var overflowVersions = 0
        var overflowBytes = 0
        /// Versions that the overflow could not keep. Some may have been settled.
        var forgottenVersions = 0
        var inFlightBytes = 0
    }

    struct Conflicts: Hashable, Sendable {
        var detected = 0
        var repaired = 0
        var unrepaired = 0
        /// Keys that await repair.
        var pending = 0
    }
}
