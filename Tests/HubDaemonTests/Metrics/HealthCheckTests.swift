import HubStore
import Testing

@testable import HubDaemon

@Suite struct HealthCheckTests {
    @Test func aHubIsReadyWhenThereIsAPrimary() {
        var info = HubInfo()
        #expect(!HealthCheck.ready(info).isGood)
        info.raft.leader = HubID(2)
        #expect(HealthCheck.ready(info) == HealthCheck(isGood: true, text: "primary: hub 2"))
    }

    @Test func lagFailsForEachRouteThatIsLate() {
        var info = HubInfo()
        info.raft.role = .primary
        #expect(HealthCheck.lag(info, maximum: 0) == HealthCheck(isGood: true, text: "ok"))
        for (destination, lag) in [(UInt32(2), 5.0), (3, 5.1), (4, 90)] {
            var route = HubInfo.Route(source: ServerID(1), destination: ServerID(destination))
            route.lagSeconds = lag
            info.routes.append(route)
        }
        #expect(HealthCheck.lag(info, maximum: 5) == HealthCheck(isGood: false, text: "1 -> 3: 5.1 s\n1 -> 4: 90.0 s"))
        #expect(HealthCheck.lag(info, maximum: 90).isGood)
    }

    /// What is not known is not good.
    @Test func onlyThePrimaryKnowsTheLag() {
        var info = HubInfo()
        info.members = [FakeHub.member(1)]
        #expect(HealthCheck.lag(info, maximum: 5).text == "only the primary knows; there is no primary")
        info.raft.leader = HubID(1)
        let check = HealthCheck.lag(info, maximum: 5)
        #expect(check == HealthCheck(isGood: false, text: "only the primary knows; the primary is 127.0.0.1:6901"))
    }
}
