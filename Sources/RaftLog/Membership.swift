public import HubStore

/// One hub of the group.
public struct Member: Hashable, Sendable {
    public enum Role: UInt8, Hashable, Sendable {
        /// Counts for elections and commits.
        case voter = 0
        /// Receives the log and counts for nothing. Becomes a voter by itself once it has caught up.
        case learner = 1
    }

    public let id: HubID
    /// Where it listens for the other hubs.
    public var address: Address
    public var role: Role
    /// The disk that it joined with; nil until the leader has heard from it and written it down.
    public var incarnation: Incarnation?

    public init(id: HubID, address: Address, role: Role = .voter, incarnation: Incarnation? = nil) {
        self.id = id
        self.address = address
        self.role = role
        self.incarnation = incarnation
    }
}

/// The hubs of the group, in order of their ids.
public struct Membership: Hashable, Sendable {
    public private(set) var members: [Member]

    public init(_ members: [Member] = []) {
        self.members = members.sorted { $0.id < $1.id }
        precondition(zip(self.members, self.members.dropFirst()).allSatisfy { $0.id != $1.id }, "a hub twice")
    }

    public func member(_ id: HubID) -> Member? { members.first { $0.id == id } }
    public func member(at address: Address) -> Member? { members.first { $0.address == address } }
    public func isVoter(_ id: HubID) -> Bool { members.contains { $0.id == id && $0.role == .voter } }
    public var voters: [HubID] { members.filter { $0.role == .voter }.map(\.id) }
    public var voterCount: Int { members.count { $0.role == .voter } }
    /// Votes that make a majority.
    public var quorum: Int { voterCount / 2 + 1 }

    /// This membership after one change; nil when the change does not fit it.
    public func applying(_ change: MembershipChange) -> Membership? {
        var changed = self
        switch change {
        case .add(let member):
            guard self.member(member.id) == nil, self.member(at: member.address) == nil else { return nil }
            var learner = member
            learner.role = .learner
            changed.members.append(learner)
            changed.members.sort { $0.id < $1.id }
        case .promote(let id):
            guard let place = members.firstIndex(where: { $0.id == id && $0.role == .learner }) else { return nil }
            changed.members[place].role = .voter
        case .remove(let id):
            guard let place = members.firstIndex(where: { $0.id == id }) else { return nil }
            changed.members.remove(at: place)
            guard changed.voterCount > 0 else { return nil }
        case .identify(let id, let incarnation):
            guard let place = members.firstIndex(where: { $0.id == id && $0.incarnation == nil }) else { return nil }
            changed.members[place].incarnation = incarnation
        }
        return changed
    }
}

/// A change of one hub at a time (Raft dissertation, section 4.1): the majorities before and after always overlap.
public enum MembershipChange: Hashable, Sendable {
    /// Adds a hub as a learner. The leader makes it a voter by itself once it has caught up.
    case add(Member)
    /// Makes a learner a voter.
    case promote(HubID)
    /// Takes a hub out. A leader that takes itself out hands over once the change is committed.
    case remove(HubID)
    /// Writes down the disk of a hub that was heard from for the first time. Once that is committed, every hub whose
    /// log has the entry refuses another disk under that name; an entry that is not committed may be cut off again, and
    /// the knowledge with it. A disk that is lost before the committed entry has reached all but `quorum - 2` of the
    /// others could be replaced unnoticed by an empty one; the leader proposes it at once.
    case identify(HubID, Incarnation)
}
