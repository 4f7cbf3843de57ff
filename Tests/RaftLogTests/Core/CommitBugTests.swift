import HubStore
import Testing

@testable import RaftLog

/// Bugs of replication and commit that other systems have shipped; the numbers are those of the project's list.
@Suite("Known bugs: replication and commit") struct CommitBugTests {
    @Test("an earlier term's entry is not committed by counting replicas (Raft paper, figure 8; logcabin #44)")
    func bug01EarlierTerm() throws {
        let group = CoreGroup(1...5)
        let entries = [CoreGroup.command(1, term: 1), CoreGroup.command(2, term: 2)]
        let state = HardState(term: Term(3), commit: LogIndex(1))
        group.add(HubID(1), MemoryLog(CoreGroup.membership(1...5), entries: entries, hardState: state))
        group[1].step(group.message(2, to: 1, term: Term(3), .timeoutNow))
        try group.work(1)
        for voter in [2, 3] as [UInt64] {
            group[1].step(group.message(voter, to: 1, term: Term(4), .voteReply(granted: true)))
        }
        try group.work(1)
        #expect(group[1].role == .leader)
        for voter in [2, 3] as [UInt64] {
            group[1].step(group.message(voter, to: 1, term: Term(4), .appendAccepted(through: LogIndex(2))))
        }
        #expect(group[1].commit == LogIndex(1))
        for voter in [2, 3] as [UInt64] {
            group[1].step(group.message(voter, to: 1, term: Term(4), .appendAccepted(through: LogIndex(3))))
        }
        #expect(group[1].commit == LogIndex(3))
    }

    @Test("a follower stores nothing with a gap (openraft #1795)") func bug20Gap() throws {
        let group = CoreGroup(1...3)
        let entries = [CoreGroup.command(4, term: 1)]
        let ahead = Append(
            previousIndex: LogIndex(3), previousTerm: Term(1), entries: entries, commit: LogIndex(4))
        group[2].step(group.message(1, to: 2, term: Term(1), .append(ahead)))
        #expect(group[2].lastIndex == .zero)
        #expect(group[2].commit == .zero)
        let torn = Append(
            previousIndex: .zero, previousTerm: .zero,
            entries: [CoreGroup.command(1, term: 1), CoreGroup.command(3, term: 1)], commit: .zero)
        group[2].step(group.message(1, to: 2, term: Term(1), .append(torn)))
        #expect(group[2].lastIndex == .zero)
    }

    @Test("the commit index needs a quorum of voters (openraft #1802)") func bug21Quorum() throws {
        let group = CoreGroup(1...5)
        try group.elect(1)
        let before = group[1].commit
        guard case .success(let place) = group[1].propose([1]) else { throw CancellationError() }
        try group.work(1)
        for voter in [2, 2, 2] as [UInt64] {
            group[1].step(group.message(voter, to: 1, term: group[1].term, .appendAccepted(through: place.index)))
        }
        #expect(group[1].commit == before)
        group[1].step(group.message(3, to: 1, term: group[1].term, .appendAccepted(through: place.index)))
        #expect(group[1].commit == place.index)
    }

    @Test("a delayed append cuts nothing off, and commits nothing that it did not verify (paper, 5.3)")
    func bug22DelayedAppend() throws {
        let group = CoreGroup(1...3)
        let all = (1...4).map { CoreGroup.command($0, term: 1) }
        let whole = Append(previousIndex: .zero, previousTerm: .zero, entries: all, commit: .zero)
        group[2].step(group.message(1, to: 2, term: Term(1), .append(whole)))
        let late = Append(previousIndex: .zero, previousTerm: .zero, entries: Array(all[..<2]), commit: LogIndex(4))
        group[2].step(group.message(1, to: 2, term: Term(1), .append(late)))
        #expect(group[2].lastIndex == LogIndex(4))
        #expect(group[2].commit == LogIndex(2))
    }

    @Test("a follower goes on after its window has filled and the answers were lost (etcd #14633)")
    func bug24FullWindow() throws {
        let group = CoreGroup(1...3) { $0.limits.windowAppends = 4 }
        try group.elect(1)
        for byte in UInt8(0)..<20 {
            _ = group[1].propose([byte])
            try group.settle { $0.from == HubID(2) }
        }
        #expect(group[2].lastIndex < group[1].lastIndex)
        for _ in 0..<20 {
            group.tick(1, 10)
            try group.settle()
        }
        #expect(group[2].lastIndex == group[1].lastIndex)
        #expect(group[2].commit == group[1].commit)
    }

    @Test("a hub that does not answer holds up neither the core nor the others (openraft #1810)")
    func bug26HungPeer() throws {
        let group = CoreGroup(1...3) { $0.limits.windowAppends = 4 }
        try group.elect(1)
        var sent = 0
        for byte in UInt8(0)..<50 {
            _ = group[1].propose([byte])
            try group.settle { message in
                if message.to == HubID(3), case .append = message.body { sent += 1 }
                return message.to == HubID(3)
            }
        }
        #expect(group[1].commit == group[1].lastIndex)
        #expect(sent <= 4)
    }

    @Test("a proposal on a follower is refused and goes nowhere (redisraft #13)") func bug28Forwarding() throws {
        let group = CoreGroup(1...3)
        try group.elect(1)
        guard case .failure(let refusal) = group[2].propose([1]) else { throw CancellationError() }
        #expect(refusal == .notLeader(HubID(1)))
        try group.work(2)
        #expect(group.wire.isEmpty)
    }
}
