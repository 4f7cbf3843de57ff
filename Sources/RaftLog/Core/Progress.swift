import HubStore

/// What a leader knows of one other hub's log, and what is under way to it.
struct Progress {
    enum State {
        /// Where the logs agree is not known: one append at a time, the next after an answer or a heartbeat.
        case probe(waiting: Bool)
        /// Appends are pipelined as far as the window allows.
        case replicate
        /// The log no longer reaches back far enough, and the driver was asked for a snapshot.
        case wantsSnapshot
        /// A snapshot is under way. It stays the same one until it has arrived (NuRaft #118).
        case snapshot(SnapshotTransfer)
    }

    let id: HubID
    var isVoter: Bool
    /// The disk that it was heard from with, until that is written into the membership.
    var incarnation: Incarnation?
    /// The last entry that is known to be on its disk.
    var match = LogIndex.zero
    /// The next entry to send.
    var next: LogIndex
    var state = State.probe(waiting: false)
    var window = Window()
    /// When the newest heartbeat that it answered was sent, in this leader's ticks.
    var contact: UInt64
    /// The newest round of heartbeats that it answered.
    var round: UInt64 = 0
    /// The commit index that it was last told.
    var toldCommit = LogIndex.zero
    /// An append was acknowledged since the last heartbeat reply.
    var hasMoved = false
    /// Ask, even without anything new, whether what was sent has arrived.
    var needsProbe = false

    init(id: HubID, isVoter: Bool, next: LogIndex, contact: UInt64) {
        self.id = id
        self.isVoter = isVoter
        self.next = next
        self.contact = contact
    }

    mutating func becomeProbe(next: LogIndex) {
        state = .probe(waiting: false)
        window = Window()
        self.next = next
    }

    mutating func becomeReplicate() {
        state = .replicate
        window = Window()
        next = match.next
    }

    /// The snapshot that is under way to this hub.
    var transfer: SnapshotTransfer? {
        if case .snapshot(let transfer) = state { transfer } else { nil }
    }
}

/// Appends that are sent and not acknowledged.
struct Window {
    private var appends: [(last: LogIndex, cost: Int)] = []
    private(set) var cost = 0
    var count: Int { appends.count }

    mutating func add(last: LogIndex, cost: Int) {
        appends.append((last, cost))
        self.cost += cost
    }

    /// Everything up to `index` has arrived.
    mutating func acknowledge(through index: LogIndex) {
        var done = 0
        while done < appends.count, appends[done].last <= index {
            cost -= appends[done].cost
            done += 1
        }
        appends.removeFirst(done)
    }

    /// Makes room for one append although nothing was acknowledged: its acknowledgement may be lost (etcd #14633).
    mutating func freeOne() {
        guard let first = appends.first else { return }
        cost -= first.cost
        appends.removeFirst()
    }
}

/// One snapshot on its way to one hub.
struct SnapshotTransfer {
    let snapshot: Snapshot
    /// Bytes that have arrived.
    var acknowledged = 0
    /// Bytes that have been sent.
    var sent = 0
    /// An empty snapshot is one empty chunk, so "all bytes are sent" does not tell that anything was.
    var hasBegun = false
    /// Ticks since something arrived.
    var idleTicks: UInt64 = 0

    init(snapshot: Snapshot) { self.snapshot = snapshot }

    /// Cuts the next chunk; nil when all is sent or the window is full.
    mutating func nextChunk(maximumBytes: Int, windowBytes: Int) -> SnapshotChunk? {
        let total = snapshot.data.count
        guard sent < total || !hasBegun, sent - acknowledged < windowBytes else { return nil }
        let end = min(total, sent + maximumBytes)
        defer {
            sent = end
            hasBegun = true
        }
        return SnapshotChunk(
            metadata: snapshot.metadata, totalBytes: total, offset: sent, bytes: Array(snapshot.data[sent..<end]))
    }

    /// Sends again from what has arrived.
    mutating func rewind() {
        sent = acknowledged
        hasBegun = false
        idleTicks = 0
    }
}
