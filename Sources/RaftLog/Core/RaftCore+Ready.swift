package import HubStore

/// What the driver takes out of the core, and what it tells it afterwards.
extension RaftCore {
    /// What has to be done now; nil when there is nothing. Each answer must be carried out, and reported by
    /// `didPersist` and `didApply`, before anything else is asked of the core.
    package mutating func ready() throws(StoreError) -> Ready? {
        if role == .leader {
            beginReadRound()
            try replicate()
        }
        let isVoteNew = hardState.term != persistedState.term || hardState.vote != persistedState.vote
        var ready = Ready(
            hardState: hardState,
            mustSync: isVoteNew || !log.unstable.isEmpty || log.installing != nil,
            hardStateChanged: hardState != persistedState)
        ready.entries = log.unstable
        ready.snapshot = log.installing
        if role == .leader {
            ready.reads = takeSafeReads()
            ready.wantsSnapshot = peers.contains { if case .wantsSnapshot = $0.state { true } else { false } }
        }
        if log.installing == nil, commit > applied {
            ready.committed = try log.entries(
                from: applied.next, through: commit, maximumCost: configuration.limits.applyCost)
            if role == .leader {
                for entry in ready.committed where entry.index >= termStart { uncommittedCost -= entry.cost }
            }
        }
        let isNews =
            ready.mustSync || ready.hardStateChanged || !messages.isEmpty || !messagesAfterPersisting.isEmpty
            || !ready.committed.isEmpty || !ready.reads.isEmpty || roleChange != nil || ready.wantsSnapshot
        guard isNews else { return nil }
        swap(&ready.messages, &messages)
        swap(&ready.messagesAfterPersisting, &messagesAfterPersisting)
        swap(&ready.roleChange, &roleChange)
        if isVoteNew && !isSabotaged(.acknowledgesBeforePersisting) {
            // A leader of one voter leads before its term is on disk; its learners must not hear of it earlier.
            ready.messagesAfterPersisting = ready.messages + ready.messagesAfterPersisting
            ready.messages = []
        }
        return ready
    }

    /// Everything in `ready` that belongs on disk is there, and a snapshot in it is the state machine's state now.
    package mutating func didPersist(_ ready: Ready) {
        persistedState = ready.hardState
        log.stabilise()
        if let snapshot = ready.snapshot { applied = snapshot.metadata.index }
        guard role == .leader else { return }
        // Its own disk counts like any other: only what is on it (etcd #14370).
        ownMatch = log.lastIndex
        commitByMajority()
        if role == .leader { finishHandOver() }
    }

    /// The state machine has taken in everything up to `index`.
    package mutating func didApply(through index: LogIndex) {
        precondition(index >= applied && index <= commit, "applied \(index) of \(commit) after \(applied)")
        applied = index
    }
}

extension SplitMix {
    mutating func next(upperBound: UInt64) -> UInt64 { next() % upperBound }
}
