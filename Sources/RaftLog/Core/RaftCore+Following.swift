import HubStore

/// A snapshot that is arriving.
struct IncomingSnapshot {
    let metadata: SnapshotMetadata
    let totalBytes: Int
    var data: [UInt8] = []
}

/// What a follower does with its leader's messages (Raft paper, sections 5.3 and 7).
extension RaftCore {
    private mutating func hear(from leader: HubID) {
        precondition(role != .leader, "\(leader) and \(hub) both lead in term \(term)")
        if role != .follower || self.leader != leader {
            become(.follower, term: term, leader: leader, cause: .foundLeader)
        }
        promiseTicks = configuration.timing.electionMinimum
        resetElectionCountdown()
    }

    mutating func follow(_ leader: HubID, _ append: Append) {
        guard append.isContiguous else { return }
        hear(from: leader)
        // What is committed here is the same there, so it is verified already and never cut off.
        var previous = (index: append.previousIndex, term: append.previousTerm)
        var entries = append.entries[...]
        if previous.index < commit {
            let known = min(previous.index.distance(to: commit), entries.count)
            guard known < entries.count else {
                send(.appendAccepted(through: commit), to: leader)
                return
            }
            previous = (commit, entries[known - 1].term)
            entries = entries.dropFirst(known)
        }
        guard log.term(at: previous.index) == previous.term else {
            let hint = log.lastIndex(upTo: previous.index, withTermAtMost: previous.term)
            send(
                .appendRejected(previous: append.previousIndex, hint: hint.index, hintTerm: hint.term), to: leader)
            return
        }
        store(entries)
        let isTrusting = isSabotaged(.commitsBeyondVerified)
        commit(through: min(append.commit, isTrusting ? log.lastIndex : append.lastIndex))
        send(.appendAccepted(through: append.lastIndex), to: leader)
    }

    /// Cuts the log off only at an entry that differs: a delayed append may end before this log does (paper, 5.3).
    private mutating func store(_ entries: ArraySlice<Entry>) {
        let differing = entries.firstIndex { log.term(at: $0.index) != $0.term }
        guard let differing = isSabotaged(.truncatesBlindly) ? entries.indices.first : differing else { return }
        let new = entries[differing...]
        let index = entries[differing].index
        precondition(index > commit, "the leader cuts off \(index), which is committed up to \(commit)")
        log.replaceTail(from: index, with: new)
        _ = history.truncate(from: index)
        for entry in new {
            if case .membership(let membership) = entry.payload { history.append(membership, at: entry.index) }
        }
    }

    mutating func follow(_ leader: HubID, commit: LogIndex, round: UInt64, sent: UInt64) {
        hear(from: leader)
        // The leader never tells more than this hub has acknowledged.
        self.commit(through: min(commit, log.lastIndex))
        send(.heartbeatReply(round: round, sent: sent), to: leader)
    }

    mutating func follow(_ leader: HubID, _ chunk: SnapshotChunk) {
        hear(from: leader)
        let metadata = chunk.metadata
        guard metadata.index > commit else {
            send(.appendAccepted(through: commit), to: leader)
            return
        }
        if log.term(at: metadata.index) == metadata.term {
            // The log holds all that the snapshot stands for; only that it is committed is new.
            incoming = nil
            commit(through: metadata.index)
            send(.appendAccepted(through: metadata.index), to: leader)
            return
        }
        guard chunk.totalBytes <= configuration.limits.snapshotBytes else { return }
        if incoming?.metadata != metadata || incoming?.totalBytes != chunk.totalBytes {
            incoming = IncomingSnapshot(metadata: metadata, totalBytes: chunk.totalBytes)
        }
        let received = incoming?.data.count ?? 0
        if chunk.offset == received && chunk.bytes.count <= chunk.totalBytes - received {
            incoming?.data.append(contentsOf: chunk.bytes)
        }
        guard let incoming, incoming.data.count == incoming.totalBytes else {
            send(.snapshotReply(index: metadata.index, received: incoming?.data.count ?? 0), to: leader)
            return
        }
        install(Snapshot(metadata: metadata, data: incoming.data))
        send(.appendAccepted(through: metadata.index), to: leader)
    }

    /// Nothing of the old log stays: an entry at the snapshot's index is another one (hashicorp/raft #697), and an
    /// uncommitted membership may be, too (openraft #1808).
    private mutating func install(_ snapshot: Snapshot) {
        incoming = nil
        log.install(snapshot)
        hardState.commit = snapshot.metadata.index
        let kept = isSabotaged(.keepsMembershipOnInstall) ? membership : snapshot.metadata.membership
        history = MembershipHistory(
            base: SnapshotMetadata(index: snapshot.metadata.index, term: snapshot.metadata.term, membership: kept),
            later: [])
    }

    /// Everything up to `index` is committed. A leader that was taken out hands over.
    mutating func commit(through index: LogIndex) {
        guard index > commit else { return }
        precondition(index <= log.lastIndex, "commit \(index) beyond the log's end \(log.lastIndex)")
        hardState.commit = index
        if role == .leader, membershipIndex <= index, membership.member(hub) == nil {
            handOver(to: bestSuccessor, cause: .removed)
        }
    }
}
