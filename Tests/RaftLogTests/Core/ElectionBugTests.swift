import HubStore
import Testing

@testable import RaftLog

@Suite("Known bugs: elections") struct ElectionBugTests {
    @Test("a hub that was taken out, or comes back in a higher term, does not depose the leader (etcd #9333, #8499)")
    func bug10HigherTerm() throws {
        let group = CoreGroup(1...3)
        try group.elect(1)
        _ = group[1].propose(.remove(HubID(3)))
        try group.settle { $0.to == HubID(3) }
        let term = group[1].term
        group[1].step(group.message(3, to: 1, term: Term(99), .staleTerm))
        group[1].step(
            group.message(
                3, to: 1, term: Term(99), .vote(lastIndex: LogIndex(99), lastTerm: Term(99), isTransfer: false))
        )
        group[2].step(
            group.message(
                3, to: 2, term: Term(99), .vote(lastIndex: LogIndex(99), lastTerm: Term(99), isTransfer: false))
        )
        try group.settle { $0.to == HubID(3) }
        #expect(group[1].role == .leader)
        #expect(group[1].term == term && group[2].term == term)
    }

    @Test("PreVote and CheckQuorum do not lock each other out (etcd #8334, raft-rs #84)") func bug11Deadlock() throws {
        let group = CoreGroup(1...3)
        try group.elect(1)
        // 3 stood for election elsewhere and is in a higher term, with a shorter log.
        let state = HardState(term: Term(7), vote: HubID(3))
        group.add(HubID(3), MemoryLog(CoreGroup.membership(1...3), hardState: state))
        for _ in 0..<1_000 {
            for id in [1, 2, 3] as [UInt64] { group[id].tick() }
            try group.settle()
        }
        let leaders = group.cores.values.filter { $0.role == .leader }
        #expect(leaders.count == 1)
        #expect(leaders.first.map { $0.term > Term(7) } == true)
        #expect(group[3].lastIndex == group[1].lastIndex)
    }

    @Test("a new term is not a vote in it (openraft #1220)") func bug12TermBump() throws {
        let group = CoreGroup(1...3)
        group.add(
            HubID(2),
            MemoryLog(CoreGroup.membership(1...3), entries: [CoreGroup.command(1, term: 1)]))
        group[2].step(
            group.message(3, to: 2, term: Term(5), .vote(lastIndex: .zero, lastTerm: .zero, isTransfer: true)))
        #expect(group[2].hardState == HardState(term: Term(5), vote: nil))
        group[2].step(
            group.message(1, to: 2, term: Term(5), .vote(lastIndex: LogIndex(1), lastTerm: Term(1), isTransfer: false)))
        #expect(group[2].hardState.vote == HubID(1))
        group[2].step(
            group.message(3, to: 2, term: Term(5), .vote(lastIndex: LogIndex(9), lastTerm: Term(9), isTransfer: false)))
        #expect(group[2].hardState.vote == HubID(1))
    }

    @Test("a learner votes: it may be a voter by now and not know it (etcd #10998)") func bug13Learner() throws {
        let group = CoreGroup(1...3)
        let learner = Membership(
            CoreGroup.membership(1...3).members.map { member in
                var member = member
                if member.id == HubID(3) { member.role = .learner }
                return member
            })
        group.add(HubID(3), MemoryLog(learner))
        group[3].step(
            group.message(1, to: 3, term: Term(2), .vote(lastIndex: .zero, lastTerm: .zero, isTransfer: false)))
        #expect(group[3].hardState.vote == HubID(1))
    }

    @Test("messages of a lost disk are ignored (etcd #13066)") func bug23LostDisk() throws {
        let group = CoreGroup(1...3)
        var vote = group.message(
            2, to: 1, term: Term(9), .vote(lastIndex: LogIndex(9), lastTerm: Term(9), isTransfer: true))
        vote.incarnation = Incarnation(1_234)
        group[1].step(vote)
        #expect(group[1].term == .zero)
        var hello = Hello(
            identity: HubIdentity(hub: HubID(2), group: GroupID(1), incarnation: Incarnation(1_234)), process: 1,
            address: Address(host: "hub", port: 2))
        let own = HubIdentity(hub: HubID(1), group: GroupID(1), incarnation: Incarnation(1))
        func answer() -> HelloAnswer {
            Admission.answer(to: hello, identity: own, membership: group[1].membership, hasLeader: true, process: 5)
        }
        #expect(answer() == .refusal(.lostDisk))
        hello.hub = nil
        #expect(answer() == .refusal(.lostDisk))
        hello.incarnation = Incarnation(2)
        #expect(answer() == .adopt(group: GroupID(1), hub: HubID(2)))
    }

    @Test("a leader that reaches nobody stops before a follower votes again") func quorumIsLostFirst() throws {
        let group = CoreGroup(1...3)
        try group.elect(1)
        var ticks: UInt64 = 0
        while group[1].role == .leader {
            for id in [1, 2, 3] as [UInt64] { group[id].tick() }
            ticks += 1
            try group.settle { $0.to == HubID(1) || $0.from == HubID(1) }
        }
        #expect(ticks < CoreTiming().electionMinimum)
        #expect(group[2].isPromised && group[3].isPromised)
    }
}
