public import HubStore

/// Who is let in (`notes/raft.md`, bootstrap; etcd #13066).
public enum Admission {
    /// What a member of a group says to a hub that dials.
    ///
    /// A hub of the group that is not in the membership here is refused only by a member that knows who leads, for
    /// such a member has, or will soon have, the newest. Otherwise it is let in: its vote may be needed, or it may be
    /// the leader of which this hub, just added, has only heard. Nothing but a majority's votes can come of it.
    ///
    /// - Parameters:
    ///   - membership: the newest in this hub's log.
    ///   - hasLeader: this hub knows who leads.
    public static func answer(
        to hello: Hello, identity: HubIdentity, membership: Membership, hasLeader: Bool, process: UInt64
    ) -> HelloAnswer {
        guard hello.version + 1 >= Hello.version else { return .refusal(.version(own: Hello.version)) }
        guard let group = hello.group, let hub = hello.hub else { return answerFresh(hello, identity, membership) }
        guard group == identity.group else { return .refusal(.wrongGroup) }
        guard let member = membership.member(hub) else {
            let isCurrent = hasLeader && membership.member(identity.hub) != nil
            return isCurrent ? .refusal(.notMember) : .welcome(hub: identity.hub, process: process)
        }
        if let known = member.incarnation, known != hello.incarnation { return .refusal(.lostDisk) }
        return .welcome(hub: identity.hub, process: process)
    }

    private static func answerFresh(
        _ hello: Hello, _ identity: HubIdentity, _ membership: Membership
    ) -> HelloAnswer {
        guard let member = membership.member(at: hello.address) else { return .refusal(.notMember) }
        if let known = member.incarnation, known != hello.incarnation { return .refusal(.lostDisk) }
        return .adopt(group: identity.group, hub: member.id)
    }
}

/// How a hub with an empty `floyd-path` finds out who it is. It asks every other hub of `floyd-servers`, round after
/// round:
///
/// - One that belongs to a group tells it who it is there, or refuses it.
/// - When a majority of the list, itself included, is fresh, it begins a group with them, unless one that answered
///   belongs to a group already: that group may be all that is left of the data (`recover`), and takes it in with ADD.
///   A hub that has lost its disk therefore never begins one by itself beside a group that lives.
public struct Joining: Sendable {
    public enum Decision: Hashable, Sendable {
        /// Begin the log with this membership; it is empty for a hub that was added.
        case start(HubIdentity, Membership)
        /// Give up, for this reason.
        case refuse(Refusal)
    }

    public let own: Address
    /// The others of the list, without repeats.
    public let others: [Address]
    private let addresses: [Address]
    public let incarnation: Incarnation
    private var fresh: Set<Address> = []
    /// A hub of the list that has said that it belongs to a group; from then on none is begun by this process.
    public private(set) var memberOfAGroup: Address?

    public init(own: Address, addresses: [Address], incarnation: Incarnation) {
        self.own = own
        self.addresses = addresses
        self.incarnation = incarnation
        others = Set(addresses).subtracting([own]).sorted { $0.description < $1.description }
    }

    private var founding: (identity: HubIdentity, membership: Membership)? {
        HubIdentity.founding(addresses, own: own, incarnation: incarnation)
    }

    /// What follows when every other hub has been asked, or could not be. The only hub of a list begins at once.
    public var decision: Decision? {
        guard memberOfAGroup == nil, let founding, fresh.count + 1 > (others.count + 1) / 2 else { return nil }
        return .start(founding.identity, founding.membership)
    }

    /// An answer has come. Nil while others have to be asked.
    public mutating func take(_ answer: HelloAnswer, from address: Address) -> Decision? {
        fresh.remove(address)
        switch answer {
        case .fresh:
            if others.contains(address) { fresh.insert(address) }
        case .adopt(let group, let hub):
            if let founding, founding.identity.group == group, founding.identity.hub == hub {
                return .start(founding.identity, founding.membership)
            }
            return .start(HubIdentity(hub: hub, group: group, incarnation: incarnation), Membership())
        case .refusal(let refusal):
            if refusal.isFinal { return .refuse(refusal) }
            if refusal == .notMember { memberOfAGroup = address }
        case .welcome: break
        }
        return nil
    }

    /// The hub at an address does not answer.
    public mutating func forget(_ address: Address) { fresh.remove(address) }
}
