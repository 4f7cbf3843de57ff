package import HubStore

/// Who belongs to the group, and handing over leadership (dissertation, chapters 3.10 and 4).
extension RaftCore {
    /// Puts a change into the log. It counts at once on every hub whose log has it; it is decided when it is
    /// committed. One at a time, and only after an entry of the own term is committed, or two majorities could miss
    /// each other (copycat #23, and the correction to section 4.1 of the dissertation).
    package mutating func propose(_ change: MembershipChange) -> Result<(index: LogIndex, term: Term), CoreRefusal> {
        guard role == .leader else { return .failure(.notLeader(leader)) }
        guard successor == nil else { return .failure(.handingOver) }
        guard canChangeMembership else { return .failure(.membershipBusy) }
        guard let changed = membership.applying(change) else { return .failure(.membershipMismatch) }
        append(.membership(changed))
        return .success((log.lastIndex, term))
    }

    private var canChangeMembership: Bool {
        commit >= termStart && membershipIndex <= commit || isSabotaged(.changesMembershipEarly)
    }

    /// Keeps one `Progress` for every other member, and what is known of those that stay.
    ///
    /// - Parameter contact: when the new ones count as last heard from.
    mutating func matchPeersToMembership(contact: UInt64) {
        let old = peers
        peers = membership.members.filter { $0.id != hub }.map { member in
            var progress =
                old.first { $0.id == member.id }
                ?? Progress(id: member.id, isVoter: false, next: log.lastIndex.next, contact: contact)
            progress.isVoter = member.role == .voter
            return progress
        }
    }

    /// Writes down the disks of hubs that were heard from, and makes voters of learners that have caught up.
    mutating func advanceMembership() {
        guard successor == nil, canChangeMembership else { return }
        for member in membership.members where member.incarnation == nil {
            let incarnation =
                member.id == hub ? configuration.incarnation : peer(member.id).flatMap { peers[$0].incarnation }
            if let incarnation {
                _ = propose(.identify(member.id, incarnation))
                return
            }
        }
        if membership.member(hub)?.role == .learner {
            // It came to lead as the only one with what the others needed (`mayLead`), so it has everything.
            _ = propose(.promote(hub))
            return
        }
        let threshold = configuration.limits.promotionLag
        for peer in peers where !peer.isVoter {
            let isThere = now - peer.contact <= configuration.timing.quorumTimeout
            if isThere, peer.match >= termStart, peer.match.distance(to: log.lastIndex) <= threshold {
                _ = propose(.promote(peer.id))
                return
            }
        }
    }

    // MARK: Handing over

    /// Begins to hand over: takes no more proposals, waits until everything is committed and the successor has the
    /// whole log, and then tells it to campaign. Given up after `electionMinimum` ticks.
    ///
    /// - Parameter target: who; nil for the voter that is furthest.
    package mutating func transferLeadership(to target: HubID?) -> Result<Void, CoreRefusal> {
        guard role == .leader else { return .failure(.notLeader(leader)) }
        guard successor == nil else { return .failure(.handingOver) }
        guard let heir = target ?? bestSuccessor, let place = peer(heir), peers[place].isVoter else {
            return .failure(.noSuccessor)
        }
        successor = (target, now + configuration.timing.electionMinimum)
        finishHandOver()
        return .success(())
    }

    /// The voter with the longest log among those that answer.
    var bestSuccessor: HubID? {
        peers.filter { $0.isVoter && now - $0.contact <= configuration.timing.quorumTimeout }
            .max { $0.match < $1.match }?.id
    }

    mutating func finishHandOver() {
        guard let successor, commit == log.lastIndex, let target = successor.hub ?? bestSuccessor,
            let place = peer(target), peers[place].isVoter, peers[place].match == log.lastIndex
        else { return }
        handOver(to: target, cause: .handedOver)
    }

    /// Stops leading in the same term, so that its links are closed before the successor can be elected.
    mutating func handOver(to target: HubID?, cause: RoleChange.Cause) {
        become(.follower, term: term, leader: nil, cause: cause)
        if let target { send(.timeoutNow, to: target) }
    }
}
