/// Those who wait for the core to decide something.
struct PendingRequests {
    private struct Proposal {
        let reply: Reply
        let term: Term
        let began: ContinuousClock.Instant
        let deadline: ContinuousClock.Instant
    }

    private var proposals: [LogIndex: Proposal] = [:]
    private var reads: [ReadToken: (reply: Reply, deadline: ContinuousClock.Instant)] = [:]
    private var transfers: [(reply: Reply, deadline: ContinuousClock.Instant)] = []
    private(set) var latency = LatencyFigures()

    mutating func add(_ reply: Reply, at index: LogIndex, term: Term, deadline: ContinuousClock.Instant) {
        proposals[index] = Proposal(reply: reply, term: term, began: .now, deadline: deadline)
    }

    mutating func add(_ reply: Reply, for token: ReadToken, deadline: ContinuousClock.Instant) {
        reads[token] = (reply, deadline)
    }

    mutating func addTransfer(_ reply: Reply, deadline: ContinuousClock.Instant) {
        transfers.append((reply, deadline))
    }

    /// The entry at `index` was applied. One of another term has taken the place of the proposal, which is lost.
    mutating func succeed(_ index: LogIndex, term: Term, with answer: [UInt8], at now: ContinuousClock.Instant) {
        guard let proposal = proposals.removeValue(forKey: index) else { return }
        guard proposal.term == term else {
            proposal.reply.resume(returning: .failure(.notPrimary(leader: nil)))
            return
        }
        latency.add(now - proposal.began)
        proposal.reply.resume(returning: .success(answer))
    }

    mutating func succeed(_ token: ReadToken) {
        reads.removeValue(forKey: token)?.reply.resume(returning: .success([]))
    }

    /// Leadership has ended, or the node has: handing over has succeeded, everything else is as `error` says.
    mutating func failAll(with error: ProposalError) {
        for transfer in transfers { transfer.reply.resume(returning: .success([])) }
        transfers = []
        for read in reads.values { read.reply.resume(returning: .failure(.notPrimary(leader: nil))) }
        reads = [:]
        for proposal in proposals.values { proposal.reply.resume(returning: .failure(error)) }
        proposals = [:]
    }

    mutating func failOverdue(_ now: ContinuousClock.Instant) {
        for (index, proposal) in proposals where proposal.deadline < now {
            proposals[index] = nil
            proposal.reply.resume(returning: .failure(.outcomeUnknown("it was not committed in time")))
        }
        for (token, read) in reads where read.deadline < now {
            reads[token] = nil
            read.reply.resume(returning: .failure(.timedOut))
        }
        for transfer in transfers where transfer.deadline < now {
            transfer.reply.resume(returning: .failure(.timedOut))
        }
        transfers.removeAll { $0.deadline < now }
    }
}
