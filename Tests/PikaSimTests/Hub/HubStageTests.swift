import Testing

@testable import PikaSim

/// The stage machine and the traps of `protocol/pika-2.3-hub.md`, section 1.
@Suite final class HubStageTests {
    private var stage = HubStage()

    private func ask(
        _ file: UInt32, offset: UInt64 = 0, lenient: Bool = false, from address: String = "10.0.0.1",
        newest: UInt32 = 30, oldest: UInt32 = 20
    ) -> HubStage.TryAnswer {
        stage.tryToSync(
            address: address, port: 9000, file: file, offset: offset, isLenient: lenient, newest: newest,
            exists: { (oldest...newest).contains($0) })
    }

    private func accept(from address: String = "10.0.0.1") -> Bool { stage.accept(from: address) }

    private func close() -> Bool { stage.connectionClosed() }

    private func next(_ sender: Int, newest: UInt32) -> UInt32? { stage.nextFile(for: sender, newest: newest) }

    private func start(at file: UInt32) {
        #expect(ask(file) == .accepted(closeConnections: false))
        #expect(accept())
        #expect(stage.stage == .degraded)
        #expect(accept())
        #expect(stage.stage == .started)
    }

    @Test func twoConnectionsStartTheSync() {
        start(at: 25)
        #expect(stage.window == (25, 24))
        #expect(stage.hubPort == 10000)
        #expect(!accept())
        #expect(stage.connectionCount == 2)
    }

    @Test func anotherAddressIsRefused() {
        #expect(ask(25) == .accepted(closeConnections: false))
        #expect(!accept(from: "10.0.0.2"))
    }

    @Test func aMissingFileIsRefusedOrReplaced() {
        #expect(ask(19) == .invalidOffset(closeConnections: false))
        #expect(stage.stage == .stopped)
        #expect(ask(31) == .invalidOffset(closeConnections: false))
        #expect(ask(3, lenient: true) == .accepted(closeConnections: false))
        #expect(stage.window == (20, 19))
        #expect(ask(99, lenient: true) == .accepted(closeConnections: true))
        #expect(stage.window == (30, 29))
    }

    @Test func whileStartedARequestChangesNothing() {
        start(at: 25)
        #expect(ask(28, from: "10.0.0.2") == .ignored)
        #expect(stage.hubAddress == "10.0.0.1")
        #expect(ask(25, offset: 1, from: "10.0.0.2") == .ignored)
    }

    @Test func anotherFileAndAnOffsetTakeTheServerOver() {
        start(at: 25)
        #expect(ask(26, offset: 1, from: "10.0.0.2") == .accepted(closeConnections: false))
        #expect(stage.hubAddress == "10.0.0.2")
        #expect(stage.stage == .degraded)
        #expect(!accept(from: "10.0.0.2"))
        #expect(ask(26, from: "10.0.0.2") == .accepted(closeConnections: true))
        #expect(!close())
        #expect(close())
        #expect(stage.stage == .stopped)
    }

    @Test func askingAgainBeforeTheEndIsSeenLeavesTheWindowAtFileZero() {
        start(at: 25)
        #expect(next(4, newest: 30) == 25)
        #expect(ask(25) == .ignored)
        #expect(!close())
        #expect(stage.stage == .degraded)
        #expect(close())
        #expect(accept())
        #expect(accept())
        #expect(stage.stage == .started)
        #expect(next(4, newest: 30) == nil)
        #expect(next(5, newest: 30) == 0)
    }

    @Test func startedIsReachedAfterARefusalToo() {
        #expect(ask(3) == .invalidOffset(closeConnections: false))
        #expect(accept())
        #expect(accept())
        #expect(stage.stage == .started)
    }

    @Test func theWindowMovesWhenItsOldestFileIsFinished() {
        start(at: 20)
        for sender in 0..<10 { #expect(next(sender, newest: 32) == UInt32(20 + sender)) }
        #expect(next(3, newest: 32) == nil)
        #expect(next(0, newest: 32) == 30)
        #expect(stage.window == (21, 30))
        #expect(next(0, newest: 32) == nil)
        #expect(next(1, newest: 32) == 31)
        #expect(next(2, newest: 32) == 32)
        #expect(next(3, newest: 32) == nil)
        #expect(stage.window == (23, 32))
    }
}
