import HubStore
import NIOCore
import RaftLog
import Testing

@testable import HubDaemon

@Suite("Hubs over their transport", .timeLimit(.minutes(5))) struct HubTransportTests {
    private func founded(_ count: Int) async throws -> HubGroup {
        let group = try HubGroup(count: count)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for place in 0..<count { tasks.addTask { try await group.start(place, list: Array(0..<count)) } }
            try await tasks.waitForAll()
        }
        return group
    }

    @Test("three empty hubs begin a group, and replace a leader whose process ends") func failover() async throws {
        let group = try await founded(3)
        for byte in UInt8(0)..<50 { try await group.propose(byte) }
        try await group.waitForAll { $0 == Array(0..<50) }
        let first = try await group.leader()
        try await group.end(first)
        let time = try await ContinuousClock().measure { try await group.propose(50) }
        #expect(time < .milliseconds(900), "an election timeout is 1 s")
        try await group.start(first, list: [])
        try await group.propose(51)
        try await group.waitForAll { $0 == Array(0..<52) }
        try await group.close()
    }

    @Test("a hub that lost its disk is refused, and joins after REMOVE and ADD (etcd #13066)")
    func bug23LostDisk() async throws {
        let group = try await founded(3)
        try await group.propose(1)
        try await group.waitForAll { $0 == [1] }
        let leader = try await group.leader()
        let node = try #require(await group.hubs[leader]).node
        while node.status.membership.members.contains(where: { $0.incarnation == nil }) {
            try await Task.sleep(for: .milliseconds(5))
        }
        try await group.propose(2)
        try await group.waitForAll { $0 == [1, 2] }
        let lost = try #require([0, 1, 2].first { $0 != leader })
        try await group.end(lost)
        try await group.wipe(lost)
        await #expect(throws: JoiningFailure.self) { try await group.start(lost, list: [0, 1, 2]) }

        let member = try #require(node.status.membership.member(at: group.addresses[lost]))
        try await group.change(.remove(member.id))
        try await group.change(.add(Member(id: HubID(77), address: group.addresses[lost])))
        try await group.start(lost, list: [0, 1, 2])
        try await group.propose(3)
        try await group.waitForAll { $0 == [1, 2, 3] }
        try await group.close()
    }

    @Test("a hub that is added catches up, and all first members can go") func replaceMembers() async throws {
        let group = try HubGroup(count: 3)
        try await group.start(0, list: [0])
        for byte in UInt8(0)..<10 { try await group.propose(byte) }
        for place in 1..<3 {
            try await group.change(.add(Member(id: HubID(UInt64(100 + place)), address: group.addresses[place])))
            try await group.start(place, list: [0])
        }
        let node = try #require(await group.hubs[0]).node
        while node.status.membership.voterCount < 3 { try await Task.sleep(for: .milliseconds(5)) }
        try await group.change(.remove(node.identity.hub))
        try await group.end(0)
        try await group.propose(10)
        try await group.waitForAll { $0 == Array(0...10) }
        try await group.close()
    }

    @Test("a hub that is far behind catches up by a snapshot") func snapshot() async throws {
        var configuration = RaftConfiguration()
        configuration.keptEntries = 10
        configuration.compactionStep = 5
        let group = try HubGroup(count: 2, configuration: configuration)
        try await group.start(0, list: [0])
        for byte in UInt8(0)..<100 { try await group.propose(byte) }
        let first = try #require(await group.hubs[0]).node
        while first.status.first < LogIndex(50) { try await Task.sleep(for: .milliseconds(5)) }
        try await group.change(.add(Member(id: HubID(9), address: group.addresses[1])))
        try await group.start(1, list: [0])
        try await group.propose(100)
        try await group.waitForAll { $0 == Array(0...100) }
        let node = try #require(await group.hubs[1]).node
        // The status is renewed with every tick.
        while node.status.first < LogIndex(50) { try await Task.sleep(for: .milliseconds(5)) }
        try await group.end(1)
        try await group.start(1, list: [])
        try await group.propose(101)
        try await group.waitForAll { $0 == Array(0...101) }
        try await group.close()
    }

    @Test("a request reaches another hub and brings its answer back") func request() async throws {
        let group = try await founded(2)
        try await group.propose(1)
        let (first, second) = (try #require(await group.hubs[0]), try #require(await group.hubs[1]))
        let answer = try await first.transport.request([1, 2, 3], from: second.node.identity.hub, timeout: .seconds(5))
        #expect(answer == [3, 2, 1])
        try await group.close()
    }
}

@Suite("Answers to a hub that dials") struct HelloAnswerTests {
    /// Who answers, and what can be done about it. That hub X "is not hub X" helps nobody.
    @Test func somebodyElsesAnswerIsExplained() {
        let other = HelloAnswer.welcome(hub: HubID(0x77), process: 1).mismatch
        #expect(other.contains("hub \(HubID(0x77)) answers") && other.contains("floyd-path"))
        let fresh = HelloAnswer.fresh.mismatch
        #expect(fresh.contains("empty floyd-path") && fresh.contains("floyd-servers"))
        #expect(HelloAnswer.refusal(.wrongGroup).mismatch.contains("\(Refusal.wrongGroup)"))
    }
}

@Suite("Frames between hubs") struct HubFrameTests {
    @Test func damageIsNoticed() throws {
        var buffer = ByteBuffer()
        HubFrame.write(to: &buffer) { writer in writer.put(99, 5) }
        var whole = buffer
        #expect(try HubFrame.read(from: &whole) != nil)
        for place in 4..<buffer.readableBytes {
            var damaged = buffer
            let byte = try #require(damaged.getInteger(at: place, as: UInt8.self))
            damaged.setInteger(byte ^ 0x10, at: place)
            #expect(throws: HubFrame.Failure.self) { try HubFrame.read(from: &damaged) }
        }
        var part = try #require(buffer.getSlice(at: 0, length: buffer.readableBytes - 1))
        #expect(try HubFrame.read(from: &part) == nil)
        var long = ByteBuffer(integer: UInt32(HubFrame.maximumBodyBytes + 1))
        #expect(throws: HubFrame.Failure.self) { try HubFrame.read(from: &long) }
    }
}
