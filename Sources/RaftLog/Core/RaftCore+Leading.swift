import HubStore

/// What a leader does: log replication (Raft paper, sections 5.3 and 5.4), pipelined (dissertation, 10.2.1).
extension RaftCore {
    func peer(_ id: HubID) -> Int? { peers.firstIndex { $0.id == id } }

    /// Adds an entry of the current term.
    mutating func append(_ payload: Entry.Payload) {
        let entry = Entry(index: log.lastIndex.next, term: term, payload: payload)
        log.append(entry)
        uncommittedCost += entry.cost
        if case .membership(let membership) = payload {
            history.append(membership, at: entry.index)
            matchPeersToMembership(contact: now)
        }
    }

    /// Takes on a command. It is decided when the entry at the returned index is applied with the returned term.
    package mutating func propose(_ command: [UInt8]) -> Result<(index: LogIndex, term: Term), CoreRefusal> {
        guard role == .leader else { return .failure(.notLeader(leader)) }
        guard successor == nil else { return .failure(.handingOver) }
        guard command.count <= configuration.limits.commandBytes else {
            return .failure(.tooLarge(limit: configuration.limits.commandBytes))
        }
        guard uncommittedCost < configuration.limits.uncommittedCost else { return .failure(.overloaded) }
        append(.command(command))
        return .success((log.lastIndex, term))
    }

    // MARK: Answers

    mutating func receiveAnswer(_ message: Message) {
        guard role == .leader, let place = peer(message.from) else { return }
        peers[place].incarnation = message.incarnation
        switch message.body {
        case .appendAccepted(let through): accepted(place, through: through)
        case .appendRejected(let previous, let hint, let hintTerm):
            rejected(place, previous: previous, hint: hint, hintTerm: hintTerm)
        case .heartbeatReply(let round, let sent): answered(place, round: round, sent: sent)
        case .snapshotReply(let index, let received): progressed(place, index: index, received: received)
        default: preconditionFailure("\(message.body) is no answer to a leader")
        }
    }

    private mutating func accepted(_ place: Int, through index: LogIndex) {
        guard index <= log.lastIndex else { return }
        peers[place].hasMoved = true
        let isNews = index > peers[place].match
        if isNews { peers[place].match = index }
        peers[place].next = max(peers[place].next, peers[place].match.next)
        switch peers[place].state {
        case .probe, .wantsSnapshot: peers[place].becomeReplicate()
        case .replicate: peers[place].window.acknowledge(through: index)
        case .snapshot(let transfer):
            if peers[place].match >= transfer.snapshot.metadata.index { peers[place].becomeReplicate() }
        }
        if isNews {
            commitByMajority()
            if role == .leader { finishHandOver() }
        }
    }

    private mutating func rejected(_ place: Int, previous: LogIndex, hint: LogIndex, hintTerm: Term) {
        let peer = peers[place]
        switch peer.state {
        case .replicate: guard previous > peer.match else { return }
        case .probe: guard previous == peer.next.previous else { return }
        case .wantsSnapshot, .snapshot: return
        }
        guard previous > .zero else { return }
        let agreed = log.lastIndex(upTo: min(hint, previous.previous), withTermAtMost: hintTerm).index
        peers[place].becomeProbe(next: max(agreed, peer.match).next)
    }

    private mutating func answered(_ place: Int, round: UInt64, sent: UInt64) {
        guard sent <= now, round <= self.round else { return }
        peers[place].contact = max(peers[place].contact, sent)
        peers[place].round = max(peers[place].round, round)
        switch peers[place].state {
        case .probe: peers[place].state = .probe(waiting: false)
        case .replicate where !peers[place].hasMoved && peers[place].match < log.lastIndex:
            if !hasRoom(place) { peers[place].window.freeOne() }
            peers[place].needsProbe = true
        case .replicate, .wantsSnapshot, .snapshot: break
        }
        peers[place].hasMoved = false
    }

    // MARK: Commit

    /// The largest value that a majority of the voters has reached.
    func majority(own: UInt64, _ value: (Progress) -> UInt64) -> UInt64 {
        var values = membership.isVoter(hub) ? [own] : []
        for peer in peers where peer.isVoter { values.append(value(peer)) }
        values.sort(by: >)
        let quorum = isSabotaged(.commitsWithoutQuorum) ? 1 : membership.quorum
        return values.count >= quorum ? values[quorum - 1] : 0
    }

    /// Only entries of the own term are committed by counting; those before go with them (Raft paper, figure 8).
    mutating func commitByMajority() {
        let index = LogIndex(majority(own: ownMatch.rawValue) { $0.match.rawValue })
        guard index > commit else { return }
        guard index >= termStart || isSabotaged(.commitsEarlierTerm) else { return }
        commit(through: index)
    }

    // MARK: Time

    mutating func tickAsLeader() {
        if heartbeatCountdown > 0 { heartbeatCountdown -= 1 }
        if heartbeatCountdown == 0 { beginRound() }
        let contact = majority(own: now) { $0.contact }
        if now - contact > configuration.timing.quorumTimeout {
            become(.follower, term: term, leader: nil, cause: .lostQuorum)
            return
        }
        if let successor, now >= successor.deadline { self.successor = nil }
        for place in peers.indices { tickTransfer(place) }
        advanceMembership()
    }

    /// Sends a round of heartbeats.
    mutating func beginRound() {
        round += 1
        heartbeatCountdown = configuration.timing.heartbeat
        for place in peers.indices {
            let known = isSabotaged(.commitsBeyondVerified) ? commit : min(peers[place].match, commit)
            peers[place].toldCommit = max(peers[place].toldCommit, known)
            send(.heartbeat(commit: known, round: round, sent: now), to: peers[place].id, beforePersisting: true)
        }
    }

    // MARK: Sending

    private func hasRoom(_ place: Int) -> Bool {
        let window = peers[place].window
        return window.count < configuration.limits.windowAppends && window.cost < configuration.limits.windowCost
    }

    /// Sends every hub what it may get now.
    mutating func replicate() throws(StoreError) {
        for place in peers.indices {
            switch peers[place].state {
            case .probe(waiting: true), .wantsSnapshot: continue
            case .probe(waiting: false): try sendAppend(place)
            case .replicate:
                while peers[place].next <= log.lastIndex, hasRoom(place), case .replicate = peers[place].state {
                    try sendAppend(place)
                }
                let isBehind = peers[place].toldCommit < min(commit, peers[place].match)
                if peers[place].needsProbe || isBehind { try sendAppend(place) }
            case .snapshot: sendChunks(place)
            }
        }
    }

    private mutating func sendAppend(_ place: Int) throws(StoreError) {
        let peer = peers[place]
        let previous = peer.next.previous
        guard previous >= log.baseIndex, let previousTerm = log.term(at: previous) else {
            peers[place].state = .wantsSnapshot
            return
        }
        var entries: [Entry] = []
        if peer.next <= log.lastIndex, hasRoom(place) {
            entries = try log.entries(
                from: peer.next, through: log.lastIndex, maximumCost: configuration.limits.appendCost)
        }
        peers[place].needsProbe = false
        if case .probe = peer.state {
            peers[place].state = .probe(waiting: true)
        } else if let last = entries.last {
            peers[place].window.add(last: last.index, cost: entries.reduce(0) { $0 + $1.cost })
            peers[place].next = last.index.next
        }
        peers[place].toldCommit = max(peer.toldCommit, min(commit, previous.advanced(by: entries.count)))
        send(
            .append(
                Append(previousIndex: previous, previousTerm: previousTerm, entries: entries, commit: commit)),
            to: peer.id, beforePersisting: true)
    }
}
