import HubStore
import RaftLog
import Testing

@Suite("A group of one") struct SingleNodeTests {
    private let address = Address(host: "127.0.0.1", port: 1)

    private func openLog(_ directory: TemporaryDirectory) throws -> RocksLog {
        let log = try RocksLog(path: directory.path + "/raft")
        if log.identity == nil {
            let founding = try #require(
                HubIdentity.founding([address], own: address, incarnation: Incarnation(7)))
            try log.initialise(founding.identity, membership: founding.membership)
        }
        return log
    }

    private func start(
        _ directory: TemporaryDirectory, disk: JoiningMachine.Disk, events: EventRecorder,
        configuration: RaftConfiguration = RaftConfiguration()
    ) throws -> RaftNode {
        let node = try RaftNode(
            configuration: configuration, log: try openLog(directory), transport: NoTransport(),
            stateMachine: JoiningMachine(disk: disk), seed: 1, observer: { events.record($0) })
        node.start()
        return node
    }

    private func leading(_ events: EventRecorder) async -> Term? {
        await events.first { if case .leading(let term) = $0 { term } else { nil } }
    }

    @Test("leads at once and answers with the state machine's reply") func leadsAtOnce() async throws {
        let directory = try TemporaryDirectory()
        let (disk, events) = (JoiningMachine.Disk(), EventRecorder())
        let begin = ContinuousClock.now
        let node = try start(directory, disk: disk, events: events)
        #expect(await leading(events) == Term(1))
        let time = try #require(events.leadingSince) - begin
        #expect(time < .milliseconds(500), "an election timeout is 1 s")
        #expect(try await node.propose(Array("abc".utf8)) == Array("3".utf8))
        #expect(try await node.propose(Array("de".utf8)) == Array("5".utf8))
        try await node.readIndex()
        #expect(disk.text == "abcde")
        await node.stop()
        await #expect(throws: ProposalError.stopped) { try await node.propose([1]) }
        try directory.remove()
    }

    /// A decision about the group that follows at once must not be made by the membership of a tick ago: ADD right after
    /// REMOVE was answered OK, and nothing was added.
    @Test("the status shows a change of membership before it is answered") func statusFollowsMembership() async throws {
        let directory = try TemporaryDirectory()
        let events = EventRecorder()
        let node = try start(directory, disk: JoiningMachine.Disk(), events: events)
        _ = await leading(events)
        for number in 2..<12 {
            let member = Member(id: HubID(UInt64(number)), address: Address(host: "127.0.0.1", port: 2))
            try await node.changeMembership(.add(member))
            #expect(node.status.membership.member(at: member.address)?.id == member.id)
            try await node.changeMembership(.remove(member.id))
            #expect(node.status.membership.member(at: member.address) == nil)
        }
        await node.stop()
        try directory.remove()
    }

    @Test("a restart applies the committed tail again that the state lost (openraft #1246)")
    func bug19RestartAppliesTail() async throws {
        let directory = try TemporaryDirectory()
        do {
            let (disk, events) = (JoiningMachine.Disk(), EventRecorder())
            let node = try start(directory, disk: disk, events: events)
            _ = await leading(events)
            _ = try await node.propose(Array("abc".utf8))
            _ = try await node.propose(Array("de".utf8))
            await node.stop()
        }
        let (disk, events) = (JoiningMachine.Disk(), EventRecorder())
        let node = try start(directory, disk: disk, events: events)
        #expect(await leading(events) == Term(2))
        #expect(disk.text == "abcde")
        await node.stop()
        try directory.remove()
    }

    @Test("the log stays bounded") func compaction() async throws {
        let directory = try TemporaryDirectory()
        let (disk, events) = (JoiningMachine.Disk(), EventRecorder())
        var configuration = RaftConfiguration()
        configuration.keptEntries = 10
        configuration.compactionStep = 5
        let node = try start(directory, disk: disk, events: events, configuration: configuration)
        _ = await leading(events)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<200 { group.addTask { _ = try await node.propose([120]) } }
            try await group.waitForAll()
        }
        await node.stop()
        let status = node.status
        #expect(status.first.distance(to: status.last) <= 16)
        #expect(status.proposals.count == 200)
        let again = try start(directory, disk: disk, events: EventRecorder(), configuration: configuration)
        await again.stop()
        #expect(disk.text.count == 200)
        try directory.remove()
    }

    @Test("a command of a newer version stops the node and says so") func newerCommand() async throws {
        let directory = try TemporaryDirectory()
        let (disk, events) = (JoiningMachine.Disk(), EventRecorder())
        let node = try start(directory, disk: disk, events: events)
        _ = await leading(events)
        await #expect(throws: ProposalError.self) { try await node.propose(Array("newer".utf8)) }
        let failure = await events.first { if case .failed(let failure) = $0 { "\(failure)" } else { nil } }
        #expect(failure?.contains("newer version") == true)
        await node.stop()
        try directory.remove()
    }
}
