package import HubStore

/// What a core knows of the others, for whoever looks at it.
extension RaftCore {
    /// The term of an entry in the log, or of the one just before it; nil outside.
    package func term(at index: LogIndex) -> Term? { log.term(at: index) }

    /// Ticks for which nobody else can be elected (see `CoreTiming`); nil for the only voter, and for who does not lead.
    package var ticksOfCertainLeadership: UInt64? {
        guard role == .leader, membership.voters != [hub] else { return nil }
        let silent = now - majority(own: now) { $0.contact }
        return configuration.timing.quorumTimeout - min(silent, configuration.timing.quorumTimeout)
    }

    /// Of a leader's peers, or of a follower's leader: what it has, and how long ago it was heard from.
    package func contact(of hub: HubID) -> (match: LogIndex?, ticksAgo: UInt64)? {
        if let place = peer(hub) { return (peers[place].match, now - peers[place].contact) }
        guard hub == leader, role == .follower else { return nil }
        return (nil, configuration.timing.electionMinimum - promiseTicks)
    }
}
