import HubStore

/// Snapshots on their way to hubs that the log cannot bring up to date any more (Raft paper, section 7).
extension RaftCore {
    /// The state machine's data as of `applied`, in answer to `Ready.wantsSnapshot`.
    package mutating func offerSnapshot(_ data: [UInt8]) {
        let snapshot = Snapshot(metadata: snapshotPoint(at: applied), data: data)
        for place in peers.indices {
            guard case .wantsSnapshot = peers[place].state else { continue }
            peers[place].state = .snapshot(SnapshotTransfer(snapshot: snapshot))
        }
    }

    /// What a snapshot of the state machine at an applied index has to carry.
    package func snapshotPoint(at index: LogIndex) -> SnapshotMetadata {
        guard index <= applied, let term = log.term(at: index) else {
            preconditionFailure("no snapshot at \(index): applied \(applied), log from \(log.baseIndex)")
        }
        return SnapshotMetadata(index: index, term: term, membership: history.membership(at: index))
    }

    /// Where the log may be cut so that `keeping` applied entries stay for slow followers. Never behind a snapshot
    /// that is under way, or the follower would need the next one as soon as it has this one. Nil when there is
    /// nothing to cut.
    ///
    /// - Parameter durable: the last entry that the state machine has on disk for good.
    package func compactionPoint(durable: LogIndex, keeping: Int) -> SnapshotMetadata? {
        var index = min(durable, applied)
        guard log.baseIndex.distance(to: index) > keeping else { return nil }
        index = index.advanced(by: -keeping)
        for peer in peers {
            if let transfer = peer.transfer { index = min(index, transfer.snapshot.metadata.index) }
        }
        return index > log.baseIndex ? snapshotPoint(at: index) : nil
    }

    /// The log on disk was cut: it now begins after `index`.
    package mutating func didCompact(through index: LogIndex) { history.compact(through: index) }

    mutating func sendChunks(_ place: Int) {
        guard var transfer = peers[place].transfer else { return }
        let limits = configuration.limits
        while let chunk = transfer.nextChunk(
            maximumBytes: limits.snapshotChunkBytes, windowBytes: limits.snapshotWindowBytes)
        {
            send(.snapshot(chunk), to: peers[place].id, beforePersisting: true)
        }
        peers[place].state = .snapshot(transfer)
    }

    mutating func progressed(_ place: Int, index: LogIndex, received: Int) {
        guard var transfer = peers[place].transfer, transfer.snapshot.metadata.index == index,
            received <= transfer.sent
        else { return }
        if received > transfer.acknowledged {
            transfer.acknowledged = received
            transfer.idleTicks = 0
        } else if received < transfer.acknowledged {
            // The receiver has begun anew.
            transfer.acknowledged = received
            transfer.rewind()
        }
        peers[place].state = .snapshot(transfer)
    }

    /// Sends again what got lost, and gives up on a hub that is away, so that the log can be cut.
    mutating func tickTransfer(_ place: Int) {
        guard var transfer = peers[place].transfer else { return }
        let timing = configuration.timing
        transfer.idleTicks += 1
        if now - peers[place].contact > timing.electionMaximum {
            peers[place].becomeProbe(next: peers[place].match.next)
            return
        }
        if transfer.idleTicks >= 3 * timing.heartbeat { transfer.rewind() }
        peers[place].state = .snapshot(transfer)
    }
}
