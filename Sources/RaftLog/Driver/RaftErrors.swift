public import HubStore

/// Why a proposal, a read or another request was not done, or may not have been.
public enum ProposalError: Error, Hashable, Sendable, CustomStringConvertible {
    /// This hub does not lead; nothing was done. The leader, when one is known.
    case notPrimary(leader: HubID?)
    /// It may have been done, and may still be.
    case outcomeUnknown(String)
    /// The node has stopped; nothing was done.
    case stopped
    /// The command has more bytes than allowed.
    case tooLarge(limit: Int)
    /// Too much is waiting to be committed; nothing was done.
    case overloaded
    /// No majority confirmed in time that this hub still leads.
    case timedOut
    /// Another change of the membership is under way; nothing was done.
    case membershipBusy
    /// The change does not fit: the hub is there already, is not there, or is the last voter.
    case membershipMismatch
    /// No other voter could take over.
    case noSuccessor

    public var description: String {
        switch self {
        case .notPrimary(nil): "there is no primary now"
        case .notPrimary(let leader?): "this hub is not the primary, hub \(leader) is"
        case .outcomeUnknown(let why): "it is not known whether this was done: \(why)"
        case .stopped: "the hub is stopping"
        case .tooLarge(let limit): "the command has more than \(limit) bytes"
        case .overloaded: "too many commands are waiting to be committed"
        case .timedOut: "no majority of the group answered in time"
        case .membershipBusy: "another change of the group's members is under way"
        case .membershipMismatch: "the change does not fit the group's members"
        case .noSuccessor: "there is no other hub that could take over"
        }
    }

    init(_ refusal: CoreRefusal) {
        switch refusal {
        case .notLeader(let leader): self = .notPrimary(leader: leader)
        case .handingOver: self = .notPrimary(leader: nil)
        case .tooLarge(let limit): self = .tooLarge(limit: limit)
        case .overloaded: self = .overloaded
        case .membershipBusy: self = .membershipBusy
        case .membershipMismatch: self = .membershipMismatch
        case .noSuccessor: self = .noSuccessor
        }
    }
}

/// Why a node has stopped for good. The process has to end.
public enum RaftFailure: Error, Sendable, CustomStringConvertible {
    case storage(RaftStorageError)
    case stateMachine(StateMachineError)
    /// The state machine is at an entry that the log does not have.
    case stateWithoutLog(applied: LogIndex, first: LogIndex, last: LogIndex)

    public var description: String {
        switch self {
        case .storage(let error): error.description
        case .stateMachine(let error): error.description
        case .stateWithoutLog(let applied, let first, let last):
            "the state contains entry \(applied), but the log holds \(first)–\(last): one of the two directories is "
                + "from another time. REMOVE this hub on another one, empty its floyd-path, and ADD it again"
        }
    }
}

/// What a node tells its owner, from its own thread; the owner must not block in it.
public enum RaftEvent: Sendable {
    /// Role, term or leader have changed. Told before the node sends anything under the new role.
    case role(RoleChange)
    /// This hub leads, and the first entry of its term is applied: everything that earlier leaders have committed
    /// is in the state. From here on it may act for the group.
    case leading(Term)
    /// Entries were applied, up to here.
    case applied(LogIndex)
    /// A new membership stands in the log.
    case membership(Membership)
    /// The node has stopped by itself.
    case failed(RaftFailure)
}
