import HubStore
import Testing

@testable import RaftLog

@Suite("Known bugs: membership and snapshots") struct MembershipBugTests {
    private func member(_ id: UInt64) -> Member {
        Member(id: HubID(id), address: Address(host: "hub", port: Int(id)), incarnation: Incarnation(id))
    }

    @Test(
        "no change before an entry of the own term is committed, and none before the last is (copycat #23, braft #182)")
    func bug02EarlyChange() throws {
        let group = CoreGroup(1...3)
        try group.elect(1) { if case .append = $0.body { true } else { false } }
        #expect(group[1].role == .leader)
        #expect(group[1].propose(.add(member(4))).refusal == .membershipBusy)
        group.tick(1, 20)
        try group.settle()
        #expect(group[1].propose(.add(member(4))).refusal == nil)
        #expect(group[1].propose(.add(member(5))).refusal == .membershipBusy)
    }

    @Test("a candidate acts by the newest membership in its log, applied or not (etcd raft #456, #469)")
    func bug03UnappliedChange() throws {
        let larger = CoreGroup.membership(1...5)
        let entries = [Entry(index: LogIndex(1), term: Term(1), payload: .membership(larger))]
        let state = HardState(term: Term(1), commit: LogIndex(1))
        let group = CoreGroup(1...1)
        group.add(HubID(1), MemoryLog(CoreGroup.membership(1...3), entries: entries, hardState: state))
        #expect(group[1].applied == .zero)
        group[1].step(group.message(2, to: 1, term: Term(1), .timeoutNow))
        let ready = try #require(try group[1].ready())
        #expect(Set(ready.messagesAfterPersisting.map(\.to)) == Set([2, 3, 4, 5].map { HubID($0) }))
        for voter in [2] as [UInt64] {
            group[1].step(group.message(voter, to: 1, term: Term(2), .voteReply(granted: true)))
        }
        #expect(group[1].role == .candidate, "two of five are no majority")
    }

    private func install(_ metadata: SnapshotMetadata, on group: CoreGroup) throws {
        let chunk = SnapshotChunk(metadata: metadata, totalBytes: 2, offset: 0, bytes: [1, 2])
        group[2].step(group.message(1, to: 2, term: Term(5), .snapshot(chunk)))
        try group.work(2)
    }

    @Test("an installed snapshot brings its membership (openraft #1808)") func bug04StaleMembership() throws {
        let group = CoreGroup(1...3)
        let uncommitted = [Entry(index: LogIndex(1), term: Term(1), payload: .membership(CoreGroup.membership(1...5)))]
        group.add(
            HubID(2),
            MemoryLog(CoreGroup.membership(1...3), entries: uncommitted, hardState: HardState(term: Term(1))))
        #expect(group[2].membership.voterCount == 5)
        let membership = CoreGroup.membership(1...4)
        try install(SnapshotMetadata(index: LogIndex(9), term: Term(4), membership: membership), on: group)
        #expect(group[2].membership == membership)
    }

    @Test("a snapshot that conflicts with a local entry replaces the log (hashicorp/raft #697)")
    func bug05ConflictingSnapshot() throws {
        let group = CoreGroup(1...3)
        let entries = (1...9).map { CoreGroup.command($0, term: 1) }
        group.add(
            HubID(2),
            MemoryLog(CoreGroup.membership(1...3), entries: entries, hardState: HardState(term: Term(1))))
        try install(
            SnapshotMetadata(index: LogIndex(6), term: Term(4), membership: CoreGroup.membership(1...3)), on: group)
        #expect(group[2].lastIndex == LogIndex(6))
        #expect(group[2].term(at: LogIndex(6)) == Term(4))
        group.wire = []
        let next = Append(
            previousIndex: LogIndex(6), previousTerm: Term(4), entries: [CoreGroup.command(7, term: 5)],
            commit: LogIndex(6))
        group[2].step(group.message(1, to: 2, term: Term(5), .append(next)))
        try group.work(2)
        #expect(group.wire.map(\.body) == [.appendAccepted(through: LogIndex(7))])
    }

    @Test("the snapshot under way stays the same, and the log is not cut behind it (NuRaft #118)")
    func bug06PinnedSnapshot() throws {
        let group = CoreGroup(1...3) {
            $0.limits.snapshotChunkBytes = 10
            $0.limits.snapshotWindowBytes = 20
        }
        try group.elect(1)
        for byte in UInt8(0)..<10 { _ = group[1].propose([byte]) }
        try group.settle { $0.to == HubID(3) }
        let point = try #require(group[1].compactionPoint(durable: group[1].applied, keeping: 2))
        group.disks[HubID(1)]?.stored.removeFirst(Int(point.index.rawValue))
        group.disks[HubID(1)]?.base = point
        group[1].didCompact(through: point.index)
        group.add(HubID(3), MemoryLog(CoreGroup.membership(1...3)))

        var pinned: Set<LogIndex> = []
        for byte in UInt8(0)..<60 {
            _ = group[1].propose([byte])
            group.tick(1, 10)
            try group.settle { message in
                guard case .snapshot(let chunk) = message.body else { return false }
                pinned.insert(chunk.metadata.index)
                let cut = group[1].compactionPoint(durable: group[1].applied, keeping: 0)
                #expect(cut.map { $0.index <= chunk.metadata.index } ?? true)
                return byte.isMultiple(of: 4)
            }
        }
        #expect(pinned.count == 1)
        #expect(group[3].lastIndex == group[1].lastIndex)
    }

    @Test("a learner that comes to lead makes itself a voter, as nobody else would") func learnerThatLeads() throws {
        var members = CoreGroup.membership(1...3).members
        members[2].role = .learner
        let group = CoreGroup(1...1)
        for id in UInt64(1)...3 { group.add(HubID(id), MemoryLog(Membership(members))) }
        try group.elect(3)
        #expect(group[3].role == .leader)
        group.tick(3, 20)
        try group.settle()
        #expect(group[3].role == .leader)
        for id in UInt64(1)...3 { #expect(group[id].membership.isVoter(HubID(3))) }
    }

    @Test("a leader that is taken out hands over once that is committed, and is silent from then on")
    func bug25RemovedLeader() throws {
        let group = CoreGroup(1...3)
        try group.elect(1)
        #expect(group[1].propose(.remove(HubID(1))).refusal == nil)
        try group.settle()
        #expect(group[1].role == .follower)
        #expect([group[2].role, group[3].role].filter { $0 == .leader }.count == 1)
        group.tick(1, 2_000)
        try group.work(1)
        #expect(!group.wire.contains { $0.from == HubID(1) && $0.isFromLeader })
    }
}

extension Result {
    fileprivate var refusal: Failure? { if case .failure(let refusal) = self { refusal } else { nil } }
}
