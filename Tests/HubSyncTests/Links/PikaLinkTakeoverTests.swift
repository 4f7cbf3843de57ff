import Testing

@testable import HubSync

/// `protocol/pika-2.3-hub.md`, "Taking a server over from a hub that died without a word".
@Suite struct PikaLinkTakeoverTests {
    private var script = LinkScript()

    init() { script.greet() }

    @Test mutating func aServerHeldByAnotherHubIsOnlyWatchedAtFirst() {
        #expect(script.report(stage: "STARTED", hub: "10.0.0.9:7868") == [])
        #expect(script.link.trouble?.contains("10.0.0.9:7868") == true)
        #expect(script.tick(after: 0.1) == ["control: INFO log", "control: INFO hub"])
        #expect(
            script.report(stage: "STOPED", hub: "10.0.0.9:7868") == ["control: internaltrysync 10.0.0.1 6868 3 0 0"])
        #expect(script.link.takeovers == 0)
    }

    /// Another file than any hub can have asked for, and an offset that is not zero.
    @Test mutating func afterAWhileItIsTakenOver() {
        _ = script.report(stage: "STARTED", hub: "10.0.0.9:7868")
        _ = script.tick(after: PikaLink.patienceSeconds)
        let actions = script.report(stage: "STARTED", hub: "10.0.0.9:7868", file: 5)
        #expect(actions.prefix(2) == ["log take-over", "control: internaltrysync 10.0.0.1 6868 6 1 0"])
        #expect(script.link.takeovers == 1)
    }

    /// It is STOPED when it has closed the connections of the hub before, and has none to close afterwards.
    @Test mutating func theWayInGoesOnAsSoonAsTheOldConnectionsAreClosed() {
        takeOver(stage: "STARTED")
        #expect(script.tick(after: 0.1) == ["control: INFO log", "control: INFO hub"])
        #expect(script.report(stage: "DEGRADE") == [])
        #expect(script.tick(after: 0.1) == ["control: INFO log", "control: INFO hub"])
        #expect(script.report(stage: "STOPED") == ["control: internaltrysync 10.0.0.1 6868 3 0 0"])
    }

    /// There it is STOPED at once, and closes what is left up to a second later.
    @Test mutating func aDegradedServerMayStillCloseConnections() {
        takeOver(stage: "DEGRADE")
        _ = script.tick(after: 0.1)
        #expect(script.report(stage: "STOPED") == [])
        _ = script.tick(after: PikaLink.closingSeconds)
        #expect(script.report(stage: "STOPED") == ["control: internaltrysync 10.0.0.1 6868 3 0 0"])
    }

    private mutating func takeOver(stage: String) {
        _ = script.report(stage: stage, hub: "10.0.0.9:7868")
        _ = script.tick(after: PikaLink.patienceSeconds)
        let asks = script.report(stage: stage, hub: "10.0.0.9:7868").filter { $0.contains("internaltrysync") }
        for _ in asks { #expect(script.answer(.status("OK")) == []) }
    }

    @Test mutating func aHubThatCannotBeOustedIsLeftAlone() {
        takeOver(stage: "STARTED")
        _ = script.tick(after: 5.5)
        #expect(script.report(stage: "STARTED", hub: "10.0.0.9:7868") == ["close", "log link-failed"])
    }
}
