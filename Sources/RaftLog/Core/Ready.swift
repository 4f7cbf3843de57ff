public import HubStore

/// What a hub is to its group.
public enum Role: String, Hashable, Sendable {
    case follower
    case preCandidate
    case candidate
    case leader
}

/// A change of role, term or leader, and why.
public struct RoleChange: Hashable, Sendable {
    public enum Cause: String, Hashable, Sendable {
        case started = "started"
        case electionTimeout = "nothing was heard from a leader"
        case leaderGone = "the leader's process has ended"
        case handedOver = "leadership was handed over"
        case elected = "elected by a majority"
        case lostElection = "the election was lost"
        case higherTerm = "there is a higher term"
        case foundLeader = "there is a leader"
        case lostQuorum = "no majority of the group can be reached"
        case removed = "this hub was taken out of the group"
    }

    public let role: Role
    public let term: Term
    /// Nil while none is known.
    public let leader: HubID?
    public let cause: Cause
}

/// What the core wants done. The order of the driver's work is in the overview, `RaftLog.swift`.
package struct Ready {
    /// Told before anything is sent: a leader that stops must have stopped before another can begin.
    package var roleChange: RoleChange?
    /// May go out at once, while the disk still works: a leader's appends and heartbeats in a term that is on disk.
    package var messages: [Message] = []
    /// Replaces the whole log; with its data the state machine starts over.
    package var snapshot: Snapshot?
    /// To be written in one batch with `hardState`. The first entry replaces the log on disk from its index on.
    package var entries: [Entry] = []
    package var hardState: HardState
    /// False when there is nothing to write but, at most, a newer commit index, which survives without a sync.
    package var mustSync: Bool
    /// True when `hardState` differs from what is on disk.
    package var hardStateChanged: Bool
    /// Go out only when all the above is on disk.
    package var messagesAfterPersisting: [Message] = []
    /// To be applied, in this order, when all the above is on disk.
    package var committed: [Entry] = []
    /// Reads that may be answered now: everything that they must see is applied.
    package var reads: [ReadToken] = []
    /// A follower is so far behind that it needs a snapshot: hand the state machine's to `offerSnapshot`.
    package var wantsSnapshot = false
}

/// Why a leader's duty was not taken on.
package enum CoreRefusal: Error, Hashable, Sendable {
    case notLeader(HubID?)
    /// Leadership is being handed over.
    case handingOver
    /// `limit` bytes are allowed.
    case tooLarge(limit: Int)
    /// Too much is proposed and not committed.
    case overloaded
    /// A change is under way, or this term's first entry is not committed yet. Try again soon.
    case membershipBusy
    /// The change does not fit the membership: a hub that is there already, or is not there, or is the last voter.
    case membershipMismatch
    /// Nobody who could take over has the whole log.
    case noSuccessor
}
