package import HubStore

/// Who leads (Raft paper, section 5.2; PreVote and CheckQuorum: dissertation, 9.6 and 6.2).
extension RaftCore {
    /// True while this hub has promised itself to a leader, or is one.
    var isPromised: Bool { role == .leader || promiseTicks > 0 }

    /// The leader's process is known to have ended: its host refused a new connection after closing the old one, or
    /// answered as another process. The promise to it is void, and waiting for a timeout is of no use. The voters take
    /// turns in the order of their ids, so that they do not split the vote.
    package mutating func processEnded(_ peer: HubID) {
        guard role != .leader, peer == leader else { return }
        let turn = membership.voters.filter { $0 != peer }.firstIndex(of: hub) ?? 0
        promiseTicks = 0
        become(.follower, term: term, leader: nil, cause: .leaderGone)
        electionCountdown = 1 + UInt64(turn) * configuration.timing.heartbeat
    }

    /// Voters may; a learner may when nobody else comes forward (`resetElectionCountdown`), for it may be the only one
    /// left with entries that the others would need to win. A hub that is about to be taken out has to go on as before
    /// until that is committed: it may be the only one that has the change (dissertation, 4.2.2). In both cases its
    /// own vote does not count.
    private var mayLead: Bool {
        membership.member(hub) != nil || (membershipIndex > commit && previousMembership?.isVoter(hub) == true)
    }

    mutating func campaign(cause: RoleChange.Cause) {
        guard mayLead else {
            resetElectionCountdown()
            return
        }
        electionCount += 1
        guard membership.voters != [hub] else {
            stand(isTransfer: false, cause: cause)
            return
        }
        become(.preCandidate, term: term, leader: nil, cause: cause)
        granted = membership.isVoter(hub) ? [hub] : []
        for voter in membership.voters where voter != hub {
            send(.preVote(lastIndex: log.lastIndex, lastTerm: log.lastTerm), to: voter)
        }
    }

    /// Becomes a candidate in a new term.
    private mutating func stand(isTransfer: Bool, cause: RoleChange.Cause) {
        become(.candidate, term: term.next, leader: nil, cause: cause)
        hardState.vote = hub
        granted = membership.isVoter(hub) ? [hub] : []
        ballotTick = now
        guard membership.voters != [hub] else {
            becomeLeader()
            return
        }
        for voter in membership.voters where voter != hub {
            send(
                .vote(lastIndex: log.lastIndex, lastTerm: log.lastTerm, isTransfer: isTransfer), to: voter)
        }
    }

    mutating func takeOver(from peer: HubID) {
        guard role != .leader, mayLead else { return }
        electionCount += 1
        stand(isTransfer: true, cause: .handedOver)
    }

    mutating func answerPreVote(_ message: Message, lastIndex: LogIndex, lastTerm: Term) {
        let isWanted = message.term >= term && !isPromised
        let isGranted = isWanted && isCovered(byLastIndex: lastIndex, lastTerm: lastTerm)
        send(.preVoteReply(proposed: message.term.next, granted: isGranted), to: message.from)
    }

    private func isCovered(byLastIndex index: LogIndex, lastTerm term: Term) -> Bool {
        isSabotaged(.votesForStaleLogs) || log.isCovered(byLastIndex: index, lastTerm: term)
    }

    mutating func countPreVote(_ message: Message, proposed: Term, granted isGranted: Bool) {
        if message.term > term {
            guard role != .leader else { return }
            become(.follower, term: message.term, leader: nil, cause: .higherTerm)
            return
        }
        guard role == .preCandidate, proposed == term.next else { return }
        count(message.from, granted: isGranted)
        if granted.count >= membership.quorum {
            stand(isTransfer: false, cause: .electionTimeout)
        }
    }

    /// A learner votes like any other: it may be a voter by now and not know it yet (etcd #10998).
    mutating func answerVote(_ message: Message, lastIndex: LogIndex, lastTerm: Term) {
        var isFree = hardState.vote == message.from || (hardState.vote == nil && leader == nil)
        if isSabotaged(.forgetsVote) { isFree = leader == nil }
        let isGranted = isFree && isCovered(byLastIndex: lastIndex, lastTerm: lastTerm)
        if isGranted {
            if role != .follower { become(.follower, term: term, leader: nil, cause: .lostElection) }
            hardState.vote = message.from
            resetElectionCountdown()
        }
        send(.voteReply(granted: isGranted), to: message.from)
    }

    mutating func countVote(_ voter: HubID, granted isGranted: Bool) {
        guard role == .candidate else { return }
        count(voter, granted: isGranted)
        if granted.count >= membership.quorum {
            becomeLeader()
        } else if refused.count >= membership.voterCount - membership.quorum + 1 {
            become(.follower, term: term, leader: nil, cause: .lostElection)
            retrySoon()
        }
    }

    private mutating func count(_ voter: HubID, granted isGranted: Bool) {
        guard membership.isVoter(voter), !granted.contains(voter), !refused.contains(voter) else { return }
        if isGranted { granted.append(voter) } else { refused.append(voter) }
    }

    /// A candidate knows that there is no leader, so it need not wait as long as a follower before it tries again.
    private mutating func retrySoon() {
        let half = configuration.timing.electionMinimum / 2
        electionCountdown = half + random.next(upperBound: half)
        if !membership.isVoter(hub) { electionCountdown *= 4 }
    }

    /// Enters a role other than leader. A new term is never taken for a granted vote (openraft #1220).
    mutating func become(_ role: Role, term: Term, leader: HubID?, cause: RoleChange.Cause) {
        precondition(role != .leader && term >= self.term, "\(role) in \(term) from \(self.role) in \(self.term)")
        let isChange = role != self.role || term != self.term || leader != self.leader
        if term != self.term { hardState = HardState(term: term, vote: nil, commit: commit) }
        if self.role == .leader { dropLeadership() }
        self.role = role
        self.leader = leader
        granted = []
        refused = []
        if role == .follower { resetElectionCountdown() } else { retrySoon() }
        if isChange { roleChange = RoleChange(role: role, term: term, leader: leader, cause: cause) }
    }

    private mutating func dropLeadership() {
        peers = []
        pendingReads = []
        successor = nil
        uncommittedCost = 0
        messages.removeAll { $0.isFromLeader }
    }

    private mutating func becomeLeader() {
        precondition(role == .candidate, "elected as \(role)")
        role = .leader
        leader = hub
        incoming = nil
        granted = []
        refused = []
        ownMatch = log.stableIndex
        round = 0
        heartbeatCountdown = 0
        termStart = log.lastIndex.next
        matchPeersToMembership(contact: ballotTick)
        append(.empty)
        roleChange = RoleChange(role: .leader, term: term, leader: hub, cause: .elected)
        beginRound()
    }
}
