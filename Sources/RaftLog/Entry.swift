/// One entry of the replicated log.
public struct Entry: Hashable, Sendable {
    public enum Payload: Hashable, Sendable {
        /// A leader's first entry: with it everything before becomes committed (Raft paper, section 8).
        case empty
        /// A command for the state machine.
        case command([UInt8])
        /// The whole new membership. It counts from the moment it stands in the log (see `MembershipHistory`).
        case membership(Membership)
    }

    public let index: LogIndex
    /// The term in which a leader made it.
    public let term: Term
    public let payload: Payload

    public init(index: LogIndex, term: Term, payload: Payload) {
        self.index = index
        self.term = term
        self.payload = payload
    }

    /// What limits count: the payload plus a fixed allowance for everything around it.
    public var cost: Int {
        switch payload {
        case .empty: 32
        case .command(let bytes): 32 + bytes.count
        case .membership(let membership): 32 + 64 * membership.members.count
        }
    }
}
