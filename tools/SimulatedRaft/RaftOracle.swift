package import HubStore
package import RaftLog

/// A promise of Raft that was broken.
package struct RaftViolation: Error, CustomStringConvertible, Sendable {
    package let description: String

    package init(description: String) { self.description = description }
}

/// Sees everything that all hubs do and compares it with what Raft promises (paper, figure 3, and `notes/raft.md`).
package struct RaftOracle {
    private struct Written {
        let entry: Entry
        let previousTerm: Term
    }

    /// By index: every entry that any hub has had on disk, one per term.
    private var written: [[Written]] = [[]]
    /// By index: what was committed first.
    private var committed: [Entry?] = [nil]
    private var leaders: [Term: HubID] = [:]
    private var votes: [HubID: [Term: HubID]] = [:]
    package private(set) var lastCommitted = LogIndex.zero

    package init() {}

    /// Election safety: at most one leader in a term. Leader completeness: it has everything that is committed.
    package mutating func leads(_ hub: HubID, _ core: RaftCore, _ disk: SimulatedDisk) throws(RaftViolation) {
        if let other = leaders.updateValue(hub, forKey: core.term), other != hub {
            throw RaftViolation(description: "election safety: \(other) and \(hub) both lead in term \(core.term)")
        }
        guard lastCommitted > disk.base.index, let entry = committed[Int(lastCommitted.rawValue)] else { return }
        guard core.term(at: lastCommitted) == entry.term else {
            throw RaftViolation(
                description: "leader completeness: \(hub) leads in term \(core.term) without the committed "
                    + "entry \(lastCommitted) of term \(entry.term)")
        }
    }

    /// One vote in a term, whatever happens in between.
    package mutating func grants(_ hub: HubID, to candidate: HubID, in term: Term) throws(RaftViolation) {
        if let other = votes[hub, default: [:]].updateValue(candidate, forKey: term), other != candidate {
            throw RaftViolation(description: "\(hub) votes for \(other) and for \(candidate) in term \(term)")
        }
    }

    /// The hub has lost its disk. What it votes from now on is refused by all others.
    package mutating func forgetVotes(of hub: HubID) { votes[hub] = nil }

    /// Log matching: the same index and term mean the same entry and, step by step, the same log before it.
    package mutating func writes(_ hub: HubID, _ entries: [Entry], on disk: SimulatedDisk) throws(RaftViolation) {
        for entry in entries {
            let place = Int(entry.index.rawValue)
            while written.count <= place { written.append([]) }
            let previousTerm = disk.term(at: entry.index.previous) ?? .zero
            if let same = written[place].first(where: { $0.entry.term == entry.term }) {
                guard same.entry == entry, same.previousTerm == previousTerm else {
                    throw RaftViolation(
                        description: "log matching: \(hub) has another entry \(entry.index) of term \(entry.term): "
                            + "\(entry.payload) after term \(previousTerm), not \(same.entry.payload) "
                            + "after term \(same.previousTerm)")
                }
            } else {
                written[place].append(Written(entry: entry, previousTerm: previousTerm))
            }
        }
    }

    /// State machine safety: every hub applies the same entry at an index; and in order.
    package mutating func applies(_ hub: HubID, _ entry: Entry, after applied: LogIndex) throws(RaftViolation) {
        guard entry.index == applied.next else {
            throw RaftViolation(description: "\(hub) applies entry \(entry.index) after \(applied)")
        }
        let place = Int(entry.index.rawValue)
        while committed.count <= place { committed.append(nil) }
        guard let known = committed[place] else {
            committed[place] = entry
            lastCommitted = max(lastCommitted, entry.index)
            return
        }
        guard known == entry else {
            throw RaftViolation(
                description: "state machine safety: \(hub) applies \(entry) where \(known) was committed")
        }
    }

    /// The entry at an index that some hub has applied.
    package func committed(at index: LogIndex) -> Entry? {
        committed.indices.contains(Int(index.rawValue)) ? committed[Int(index.rawValue)] : nil
    }
}
