import HubStore
import Testing

@testable import RaftLog

@Suite("Known bugs: reads and durability") struct DurabilityBugTests {
    @Test("no read before an entry of the own term is committed (etcd #7331)") func bug07EarlyRead() throws {
        let group = CoreGroup(1...3)
        try group.elect(1) { if case .append = $0.body { true } else { false } }
        _ = group[1].readIndex()
        for _ in 0..<3 {
            group.tick(1, 10)
            try group.settle { if case .append = $0.body { true } else { false } }
        }
        #expect(group.reads.isEmpty)
        group.tick(1, 20)
        try group.settle()
        #expect(group.reads.count == 1)
    }

    @Test("an answer to an earlier attempt does not confirm a later read (etcd #20418)") func bug08ReusedRead() throws {
        let group = CoreGroup(1...3)
        try group.elect(1)
        guard case .success(let first) = group[1].readIndex() else { throw CancellationError() }
        try group.work(1)
        let heartbeats = group.wire
        group.wire = []
        guard case .success(let second) = group[1].readIndex() else { throw CancellationError() }
        #expect(first != second)
        try group.work(1)
        group.wire = []
        // Only the first round arrives.
        for message in heartbeats { group.cores[message.to]?.step(message) }
        for id in [2, 3] as [UInt64] { try group.work(id) }
        let answers = group.wire
        group.wire = []
        for message in answers { group.cores[message.to]?.step(message) }
        try group.work(1)
        #expect(group.reads == [first])
    }

    @Test("no clock answers a read: without a majority's word there is none (tikv #964, consul #54)")
    func bug09StalledClock() throws {
        let group = CoreGroup(1...3)
        try group.elect(1)
        _ = group[1].readIndex()
        // Not one tick passes; the others have long elected another leader.
        try group.settle { $0.to == HubID(1) }
        #expect(group.reads.isEmpty)
    }

    @Test("the only voter does not count its own write before it is on disk (etcd #14370)") func bug14OnlyVoter() throws
    {
        let group = CoreGroup(1...1)
        group[1].tick()
        try group.work(1)
        guard case .success(let place) = group[1].propose([1]) else { throw CancellationError() }
        let ready = try #require(try group[1].ready())
        #expect(ready.mustSync)
        #expect(group[1].commit < place.index)
        #expect(!ready.committed.contains { $0.index == place.index })
        group.disks[HubID(1)]?.persist(ready)
        group[1].didPersist(ready)
        #expect(group[1].commit == place.index)
    }

    @Test("promises go out after the sync, never before (etcd #14143)") func bug15Unsynced() throws {
        let group = CoreGroup(1...3)
        let append = Append(
            previousIndex: .zero, previousTerm: .zero, entries: [CoreGroup.command(1, term: 1)], commit: .zero)
        group[2].step(group.message(1, to: 2, term: Term(1), .append(append)))
        group[3].step(
            group.message(1, to: 3, term: Term(1), .vote(lastIndex: .zero, lastTerm: .zero, isTransfer: false)))
        for id in [2, 3] as [UInt64] {
            let ready = try #require(try group[id].ready())
            #expect(ready.mustSync)
            #expect(ready.messages.isEmpty)
            #expect(ready.messagesAfterPersisting.count == 1)
        }
    }

    @Test("a new leader of one voter tells its learners nothing before its term is on disk") func learnersWait() throws
    {
        let group = CoreGroup(1...1)
        let members = [
            Member(id: HubID(1), address: Address(host: "hub", port: 1)),
            Member(id: HubID(2), address: Address(host: "hub", port: 2), role: .learner),
        ]
        group.add(HubID(1), MemoryLog(Membership(members)))
        group[1].tick()
        let ready = try #require(try group[1].ready())
        #expect(ready.messages.isEmpty)
        #expect(!ready.messagesAfterPersisting.isEmpty)
    }

    @Test("term and entries are persisted together (openraft, io ordering)") func bug17OneBatch() throws {
        let group = CoreGroup(1...3)
        let append = Append(
            previousIndex: .zero, previousTerm: .zero, entries: [CoreGroup.command(1, term: 4)], commit: .zero)
        group[2].step(group.message(1, to: 2, term: Term(4), .append(append)))
        let ready = try #require(try group[2].ready())
        #expect(ready.hardState.term == Term(4) && ready.hardStateChanged)
        #expect(ready.entries.count == 1)
        group[2].didPersist(ready)
        #expect(try group[2].ready() == nil)
    }
}
