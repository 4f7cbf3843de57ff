import Testing

@testable import HubSync

private let askStrictly = "control: internaltrysync 10.0.0.1 6868 3 0 0"
private let askLeniently = "control: internaltrysync 10.0.0.1 6868 3 0 1"

/// The way in (`protocol/pika-2.3-hub.md`, section 1).
@Suite struct PikaLinkTests {
    private var script = LinkScript()

    @Test mutating func theWayIn() {
        #expect(script.tick() == ["connect control"])
        #expect(script.connected(.control) == ["control: INFO server", "control: INFO log", "control: INFO hub"])
        #expect(script.answer(.bulk(Array("server_id:1\r\n".utf8))) == [])
        #expect(script.report(hub: ":0", window: "0 - -1") == [askStrictly])
        #expect(script.answer(.status("OK")) == ["control: INFO log", "control: INFO hub"])
        // Only now, after the window was seen (trap D), the two connections.
        #expect(script.report(stage: "DEGRADE") == ["connect sender", "connect heartbeat"])
        #expect(script.connected(.sender) == [])
        #expect(script.connected(.heartbeat) == ["started 3", "status 5:100"])
        #expect(script.link.isRunning && script.link.syncStatus == 1 && script.link.trouble == nil)
    }

    @Test mutating func aPasswordIsSentFirst() {
        script = LinkScript(password: "secret")
        _ = script.tick()
        #expect(script.connected(.control).first == "control: AUTH secret")
        #expect(script.answer(.error("ERR invalid password")) == ["close", "log link-failed"])
        #expect(script.link.trouble?.contains("secret") == false)
    }

    @Test mutating func aPasswordThatIsNotWantedIsNoError() {
        script = LinkScript(password: "secret")
        _ = script.tick()
        _ = script.connected(.control)
        #expect(script.answer(.error("ERR Client sent AUTH, but no password is set")) == [])
    }

    @Test mutating func aMissingPasswordIsAnError() {
        _ = script.tick()
        _ = script.connected(.control)
        #expect(script.answer(.error("ERR NOAUTH Authentication required.")) == ["close", "log link-failed"])
    }

    @Test mutating func anotherServersIDIsRefused() {
        script.greet(server: 2)
        #expect(script.report() == ["close", "log link-failed"])
        #expect(script.tick(after: 5) == [], "not before 10 s")
        #expect(script.tick(after: 5) == ["connect control"])
    }

    @Test mutating func withoutARecordedPlaceTheOldestFileIsAskedFor() {
        script.wantedFile = nil
        script.greet()
        #expect(script.report() == ["control: internaltrysync 10.0.0.1 6868 0 0 1"])
    }

    /// Other servers that speak the protocol may say less.
    @Test mutating func aServerWithoutInfoHubIsBelieved() {
        script.greet()
        #expect(script.report(stage: nil) == [askStrictly])
        #expect(script.answer(.status("OK")) == ["connect sender", "connect heartbeat"])
    }

    // MARK: Refusals

    /// The first trap: `+OK` does not mean that sync is established.
    @Test(arguments: [
        ("STARTED", "10.0.0.9:7868", "3 - 2"), ("DEGRADE", "10.0.0.9:7868", "3 - 2"),
        ("STOPED", "10.0.0.1:7868", "0 - -1"), ("STARTED", "10.0.0.1:7868", "3 - 3"),
        ("DEGRADE", "10.0.0.1:7868", "4 - 3"),
    ])
    mutating func anAcceptedSyncThatDidNotTakeEffectStartsOver(_ stage: String, _ hub: String, _ window: String) {
        script.greet()
        _ = script.report()
        _ = script.answer(.status("OK"))
        #expect(script.report(stage: stage, hub: hub, window: window) == ["close", "log link-failed"])
        #expect(script.tick(after: 0.11) == ["connect control"])
    }

    @Test mutating func aPurgedFileIsRefusedForLong() {
        script.greet()
        _ = script.report()
        #expect(script.answer(.error("ERR InvalidOffset")) == ["close", "log link-failed"])
        #expect(script.link.trouble?.contains("binlog file 3") == true)
        #expect(script.tick(after: PikaLink.refusedSeconds - 1) == [])
        #expect(script.tick(after: 1) == ["connect control"])
    }

    /// COPY goes on from the master's position; its slave may not be there yet.
    @Test mutating func aFileThatIsNotReachedYetIsAskedForSoon() {
        script.greet()
        #expect(script.report(file: 2).first == "control: INFO replication")
        #expect(script.report(role: "slave", file: 2) == [askStrictly])
        #expect(script.answer(.error("ERR InvalidOffset")) == ["close", "log link-failed"])
        #expect(script.link.trouble?.contains("not reached binlog file 3 yet") == true)
        #expect(script.tick(after: 0.11) == ["connect control"])
    }

    /// It was restored from a backup, or is a slave that was promoted before it had everything.
    @Test(arguments: [true, false]) mutating func aFileThatIsNotReachedAndNeverWillBeIsTold(isStrict: Bool) {
        script = LinkScript(isStrict: isStrict)
        script.greet()
        _ = script.report(file: 2)
        #expect(script.report(role: "master", file: 2) == ["close", "log link-failed", "ends earlier 2:100"])
    }

    /// It doesn't know what is asked.
    @Test mutating func aServerThatTellsNoRoleIsAskedAsEver() {
        script.greet()
        _ = script.report(file: 2)
        _ = script.answer(.bulk([]))
        #expect(script.report(file: 2) == [askStrictly])
    }

    @Test mutating func lenientlyTheNearestFileIsTaken() {
        script = LinkScript(isStrict: false)
        script.greet()
        #expect(script.report() == [askLeniently])
        _ = script.answer(.status("OK"))
        #expect(script.report(stage: "DEGRADE", window: "8 - 7").contains("connect sender"))
        _ = script.connected(.sender)
        #expect(script.connected(.heartbeat) == ["started 8", "log binlog-gap", "status 5:100"])
    }

    /// The server's newest file is older than the recorded one: another binlog.
    @Test mutating func anOlderFileStartsOver() {
        script = LinkScript(isStrict: false)
        script.greet()
        _ = script.report()
        _ = script.answer(.status("OK"))
        _ = script.report(stage: "DEGRADE", window: "0 - -1")
        _ = script.connected(.sender)
        #expect(script.connected(.heartbeat).first == "started 0 over")
    }

    @Test mutating func backOffDoublesUpToItsBound() {
        for delay in [0.1, 0.2, 0.4, 0.8, 1.6, 2, 2] {
            #expect(script.tick() == ["connect control"])
            _ = script.closed(.control)
            #expect(script.tick(after: delay * 0.9) == [])
            script.now += delay * 0.11
        }
    }

    @Test mutating func theSameTroubleIsLoggedOnce() {
        _ = script.tick()
        #expect(script.closed(.control) == ["close", "log link-failed"])
        _ = script.tick(after: 1)
        #expect(script.closed(.control) == ["close"])
    }

    @Test mutating func aServerThatDoesNotAnswerIsGivenUp() {
        _ = script.tick()
        _ = script.connected(.control)
        #expect(script.tick(after: PikaLink.answerTimeoutSeconds) == [])
        #expect(script.tick(after: 0.1) == ["close", "log link-failed"])
    }

    @Test mutating func anAnswerTooManyIsATrouble() {
        script.start()
        #expect(script.answer(.status("OK")) == ["close", "stopped", "log link-failed"])
    }
}
