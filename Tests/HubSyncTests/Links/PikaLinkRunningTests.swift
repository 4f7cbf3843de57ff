import Testing

@testable import HubSync

/// The watch over a running epoch, and measures taken from it.
@Suite struct PikaLinkRunningTests {
    private var script = LinkScript()

    init() { script.start() }

    @Test mutating func theHeartbeatBeatsAndTheServerIsAsked() {
        #expect(script.tick() == ["heartbeat: PING"])
        #expect(script.tick(after: 1) == ["control: INFO log", "control: INFO hub"])
        #expect(script.report(stage: "STARTED") == ["status 5:100"])
        script.heartbeatAnswered()
        #expect(script.tick(after: 2).first == "heartbeat: PING")
    }

    @Test mutating func aHeartbeatWithoutAnAnswerEndsTheEpoch() {
        script = LinkScript()
        script.start()
        _ = script.tick()
        for _ in 0..<10 {
            _ = script.tick(after: 1)
            _ = script.report(stage: "STARTED")
        }
        #expect(script.tick(after: 0.1) == ["close", "stopped", "log link-failed"])
        #expect(script.link.reconnects == 1 && script.link.syncStatus == 2)
    }

    /// A Pika does not send again what a broken data connection had in its buffers.
    @Test mutating func aLostDataConnectionEndsTheEpoch() {
        #expect(script.dataClosed() == ["close", "stopped", "log link-failed"])
        #expect(script.dataClosed() == [])
    }

    @Test(arguments: [PikaLink.Role.control, .sender, .heartbeat])
    mutating func anyLostConnectionEndsTheEpoch(_ role: PikaLink.Role) {
        #expect(script.closed(role) == ["close", "stopped", "log link-failed"])
    }

    @Test(arguments: [("DEGRADE", "10.0.0.1:7868"), ("STOPED", "10.0.0.1:7868"), ("STARTED", "10.0.0.9:7868")])
    mutating func aStageThatStaysDoubtfulEndsTheEpoch(_ stage: String, _ hub: String) {
        _ = script.tick(after: 1)
        #expect(script.report(stage: stage, hub: hub) == [])
        _ = script.tick(after: 1)
        #expect(script.report(stage: stage, hub: hub) == ["close", "stopped", "log link-failed"])
    }

    @Test mutating func aMomentOfDoubtIsForgiven() {
        for stage in ["DEGRADE", "STARTED", "DEGRADE", "STARTED"] {
            _ = script.tick(after: 1)
            _ = script.report(stage: stage)
        }
        #expect(script.link.isRunning)
    }

    /// Evidence of order (`protocol/pika-2.3-hub.md`, section 4).
    @Test mutating func aMeasureTellsTheEndOfTheBinlog() {
        #expect(script.measure() == ["control: INFO log"])
        #expect(script.answer(.bulk(Array("binlog_offset:9 77\r\n".utf8))) == ["measured 7 9:77"])
    }

    @Test mutating func aLinkThatIsNotRunningMeasuresNothing() {
        _ = script.dataClosed()
        #expect(script.measure() == [])
    }
}
