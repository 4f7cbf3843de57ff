public import HubStore

/// What one hub says to another. `term` is the sender's term in every kind of message.
public struct Message: Hashable, Sendable {
    public enum Body: Hashable, Sendable {
        /// "Would you vote for me in the term after mine?" Changes nothing at the receiver (dissertation, 9.6).
        case preVote(lastIndex: LogIndex, lastTerm: Term)
        /// `proposed` is the term that was asked about: the candidate's plus one.
        case preVoteReply(proposed: Term, granted: Bool)
        /// - `isTransfer`: the leader itself asked for this election, so its followers' promise to it is void.
        case vote(lastIndex: LogIndex, lastTerm: Term, isTransfer: Bool)
        case voteReply(granted: Bool)
        case append(Append)
        /// Everything up to `through` is on the sender's disk and equal to the leader's log.
        case appendAccepted(through: LogIndex)
        /// The entry at `previous` is missing or another one. The logs can only agree at `hint` or before, where the
        /// sender's log has `hintTerm`.
        case appendRejected(previous: LogIndex, hint: LogIndex, hintTerm: Term)
        /// - `round`: counts up within a term; reads wait for a majority to answer one.
        /// - `sent`: the leader's own tick count, handed back to tell it how fresh the contact is.
        case heartbeat(commit: LogIndex, round: UInt64, sent: UInt64)
        case heartbeatReply(round: UInt64, sent: UInt64)
        case snapshot(SnapshotChunk)
        /// The sender holds the first `received` bytes of the snapshot at `index`.
        case snapshotReply(index: LogIndex, received: Int)
        /// "Be a candidate now": the last word of a leader that hands over.
        case timeoutNow
        /// "Your term is over": the answer to a leader of an older term.
        case staleTerm
    }

    public var group: GroupID
    public var from: HubID
    /// The sender's disk.
    public var incarnation: Incarnation
    public var to: HubID
    public var term: Term
    public var body: Body

    public init(group: GroupID, from: HubID, incarnation: Incarnation, to: HubID, term: Term, body: Body) {
        self.group = group
        self.from = from
        self.incarnation = incarnation
        self.to = to
        self.term = term
        self.body = body
    }
}

/// Entries that follow the one at `previousIndex`. Without entries it only tells the commit index, and probes.
public struct Append: Hashable, Sendable {
    public var previousIndex: LogIndex
    public var previousTerm: Term
    /// Contiguous from `previousIndex + 1`.
    public var entries: [Entry]
    public var commit: LogIndex

    public init(previousIndex: LogIndex, previousTerm: Term, entries: [Entry], commit: LogIndex) {
        self.previousIndex = previousIndex
        self.previousTerm = previousTerm
        self.entries = entries
        self.commit = commit
    }

    /// The last entry that the receiver has verified once it has accepted this.
    var lastIndex: LogIndex { previousIndex.advanced(by: entries.count) }

    /// False for what no leader sends: a gap, or terms that fall.
    var isContiguous: Bool {
        var index = previousIndex
        var term = previousTerm
        for entry in entries {
            index = index.next
            guard entry.index == index, entry.term >= term else { return false }
            term = entry.term
        }
        return true
    }
}

/// A part of a snapshot. The receiver puts the parts together in order of their offsets.
public struct SnapshotChunk: Hashable, Sendable {
    public var metadata: SnapshotMetadata
    /// Bytes of the whole snapshot.
    public var totalBytes: Int
    public var offset: Int
    public var bytes: [UInt8]

    public init(metadata: SnapshotMetadata, totalBytes: Int, offset: Int, bytes: [UInt8]) {
        self.metadata = metadata
        self.totalBytes = totalBytes
        self.offset = offset
        self.bytes = bytes
    }
}
