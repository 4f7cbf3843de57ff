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
        /// When this hub stops believing in its primary unless it hears from it again.
        var leaseDeadlineMicroseconds: Int?
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
        var deliveredRecords = 0
        var deliveredBytes = 0
        var refusedCommands = 0
    }

    /// What goes from one server to another.
    struct Route: Hashable, Sendable {
        var source: ServerID
        var destination: ServerID
        /// Records that arrived and are not acknowledged.
        var lagRecords: Int

        init(source: ServerID, destination: ServerID, lagRecords: Int = 0) {
            self.source = source
            self.destination = destination
            self.lagRecords = lagRecords
        }
    }

    struct Relay: Hashable, Sendable {
        /// The chunk that comes next.
        var nextChunk = 0
        var bytes = 0
        var maximumBytes = 0
        /// Sources are not read because the relay log is full.
        var isFull = false
    }

    struct Memory: Hashable, Sendable {
        var residentBytes = 0
        var versionTableBytes = 0
        var maximumVersionTableBytes = 0
        var versions = 0
        /// Versions that did not fit while they still could decide a conflict.
        var forgottenVersions = 0
        var inFlightBytes = 0
    }

    struct Conflicts: Hashable, Sendable {
        var detected = 0
        var repaired = 0
        var unrepaired = 0
    }
}
