import HubStore

/// A read that waits until it is certain that this hub still leads (ReadIndex, dissertation 6.4).
struct PendingRead {
    let token: ReadToken
    /// The first round of heartbeats that began after the read; nil until one has.
    var round: UInt64?
    /// The commit index when that round began, all of which the read must see.
    var index = LogIndex.zero
}

/// Reads never trust a clock (tikv #964): each waits for a majority to answer a heartbeat sent after it.
extension RaftCore {
    /// Takes on a read. `Ready.reads` hands the token back when the state machine shows everything that was committed
    /// when the read came in. Reads are forgotten when the role changes.
    package mutating func readIndex() -> Result<ReadToken, CoreRefusal> {
        guard role == .leader else { return .failure(.notLeader(leader)) }
        readCounter += 1
        let token = ReadToken(rawValue: readCounter)
        pendingReads.append(PendingRead(token: token))
        return .success(token)
    }

    /// Begins a round for reads that have none. Not before an entry of the own term is committed: until then this
    /// hub may not know all that is (etcd #7331).
    mutating func beginReadRound() {
        guard commit >= termStart, pendingReads.contains(where: { $0.round == nil }) else { return }
        beginRound()
        for place in pendingReads.indices where pendingReads[place].round == nil {
            pendingReads[place].round = round
            pendingReads[place].index = commit
        }
    }

    /// Takes out the reads that are safe by now.
    mutating func takeSafeReads() -> [ReadToken] {
        guard !pendingReads.isEmpty else { return [] }
        if isSabotaged(.readsWithoutQuorum) {
            defer { pendingReads = [] }
            return pendingReads.map(\.token)
        }
        let confirmed = majority(own: round) { $0.round }
        func isSafe(_ read: PendingRead) -> Bool {
            guard let round = read.round else { return false }
            return round <= confirmed && read.index <= applied
        }
        let safe = pendingReads.filter(isSafe).map(\.token)
        pendingReads.removeAll(where: isSafe)
        return safe
    }
}
