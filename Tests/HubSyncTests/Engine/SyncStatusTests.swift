import HubStore
import Testing

@testable import HubSync

/// What operators are shown of each route.
@Suite struct SyncStatusTests {
    private func route(_ rig: EngineRig, _ source: UInt32 = 1, _ destination: UInt32 = 2) throws -> SyncStatus.Route {
        try #require(
            rig.engine.status.routes.first { $0.source.rawValue == source && $0.destination.rawValue == destination })
    }

    @Test func aRouteLagsFromWhatItLacksFirst() throws {
        var rig = EngineRig(servers: 3)
        rig.pass(2)
        #expect(try route(rig).lagSeconds == 0)
        rig.pikas[2]?.answersPings = false
        rig.write(1, "SET k v")
        rig.pass(5)
        rig.write(1, "SET l v")
        rig.pass(2)
        let late = try route(rig)
        #expect(late.lagSeconds > 6.5 && late.lagSeconds < 8)
        #expect(late.lagRecords == 2 && late.lagBytes > 40 && late.records == 0)
        #expect(try route(rig, 1, 3).lagSeconds == 0)
        rig.answerPings(2)
        rig.pass(1)
        let current = try route(rig)
        #expect(current.lagSeconds == 0 && current.lagRecords == 0 && current.lagBytes == 0 && current.records == 2)
        #expect(current.bytes == late.lagBytes)
    }

    /// What the source has not sent yet counts too, by the source's own word.
    @Test func aSourceThatIsNotAtItsEndLags() throws {
        var rig = EngineRig(servers: 2)
        rig.pass(2)
        rig.pikas[1]?.isAtEnd = false
        rig.pass(10)
        let lag = try route(rig).lagSeconds
        #expect(lag > 8.5 && lag < 11.5)
        #expect(try route(rig, 2, 1).lagSeconds == 0)
        // The rig's time is 2000: this record is 1 s old, so no more than that can be missing.
        rig.write(1, "SET k v", execTime: 1999)
        #expect(try route(rig).lagSeconds == 1)
        rig.pikas[1]?.isAtEnd = true
        rig.pass(1.2)
        #expect(try route(rig).lagSeconds == 0)
    }

    @Test func aSourceThatIsAwayLags() throws {
        var rig = EngineRig(servers: 2)
        rig.pass(2)
        rig.breakData(1)
        rig.pikas[1]?.stage = "STARTED"
        rig.pass(20)
        let lag = try route(rig).lagSeconds
        #expect(lag > 18 && lag < 24)
    }

    @Test func ratesAreThoseOfTheLastSecond() throws {
        var rig = EngineRig(servers: 2)
        rig.pass(2)
        for _ in 0..<10 {
            rig.write(1, "SET k v", "SET l v")
            rig.pass(1)
        }
        let route = try route(rig)
        let link = try #require(rig.engine.status.links.first)
        #expect(route.recordsPerSecond > 1 && route.recordsPerSecond < 3 && route.bytesPerSecond > 30)
        #expect(link.receivedPerSecond > 1 && link.receivedPerSecond < 3)
        rig.pass(3)
        #expect(try self.route(rig).recordsPerSecond == 0)
    }

    /// A destination that is away while the source goes on: said before anything is purged, and once.
    @Test func aPurgeIsSeenComing() throws {
        var rig = EngineRig(servers: 3)
        rig.write(1, "SET k v")
        rig.pass(1)
        rig.pikas[1]?.isAtEnd = false
        rig.pikas[1]?.newestFile = 7
        rig.pass(3)
        #expect(!rig.logged.contains("purge-near"))
        let kept = try #require(rig.engine.status.links.first?.kept)
        #expect(try route(rig).neededFile == 0 && kept.filesAhead(of: 0) == 7 && kept.filesUntilPurge(of: 0) == 3)
        rig.pikas[1]?.newestFile = 8
        rig.pass(10)
        #expect(rig.logged.count { $0 == "purge-near" } == 2, "for servers 2 and 3")
        rig.pikas[1]?.newestFile = 30
        rig.pass(5)
        #expect(rig.logged.count { $0 == "purge-near" } == 2)
        #expect(rig.engine.status.links.first?.kept?.filesUntilPurge(of: 0) == 0)
    }
}
