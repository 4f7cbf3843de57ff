import HubStore
import Testing

@testable import RaftLog

@Suite struct RaftStatusTests {
    @Test func aLeaderIsCertainUntilItsTimeIsOver() throws {
        let address = Address(host: "127.0.0.1", port: 1)
        var status = RaftStatus(
            identity: try #require(HubIdentity.founding([address], own: address, incarnation: Incarnation(7))).0)
        let now = ContinuousClock.now
        #expect(!status.leadsForCertain(at: now))
        status.leadsUntil = now
        #expect(!status.leadsForCertain(at: now - .seconds(1)), "a follower")
        status.role = .leader
        #expect(status.leadsForCertain(at: now - .milliseconds(1)))
        #expect(!status.leadsForCertain(at: now))
        status.leadsUntil = nil
        #expect(status.leadsForCertain(at: now), "the only hub")
    }
}
