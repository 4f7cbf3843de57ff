import HubStore
import Testing

@testable import HubSync

/// `design/convergence.md`, "Identity and order of a write" and "Races that order alone cannot settle".
@Suite struct WriteDecisionTests {
    private typealias Effect = KeyVersion.Effect

    private func version(
        _ effect: KeyVersion.Effect, by source: UInt32, at offset: UInt64 = 100, seconds: UInt32 = 1000,
        counter: UInt16 = 0, echoed: Bool = false
    ) -> KeyVersion {
        KeyVersion(
            seconds: seconds, counter: counter, effect: effect, wasEchoed: echoed, source: ServerID(source), file: 3,
            offset: offset, sequence: ChunkSequence(1))
    }

    // MARK: One source

    @Test(arguments: [Effect.whole, .expiry, .commuting, .operation], [Effect.whole, .expiry, .commuting, .operation])
    func aLaterWriteOfTheSameSourceIsDelivered(_ write: KeyVersion.Effect, _ known: KeyVersion.Effect) {
        // Whatever the clock says.
        let decision = WriteDecision.decide(
            version(write, by: 1, at: 200, seconds: 5), against: version(known, by: 1), follows: false)
        #expect(decision == .deliver)
    }

    @Test func partsOfAnMSETAreInOrder() {
        #expect(
            WriteDecision.decide(version(.whole, by: 1), against: version(.whole, by: 1), follows: false) == .deliver)
    }

    @Test(arguments: [
        (Effect.whole, WriteDecision.Fate.superseded), (.expiry, .deliver), (.commuting, .deliver),
        (.operation, .deliver),
    ])
    func anOvertakenWriteIsBeatenByAWholeValueOnly(_ known: KeyVersion.Effect, _ fate: WriteDecision.Fate) {
        let decision = WriteDecision.decide(
            version(.whole, by: 1, at: 50), against: version(known, by: 1), follows: false)
        #expect(decision == WriteDecision(fate: fate))
    }

    /// Its own newer value may have been replaced by the echo of its older one.
    @Test func aWriteAfterAnEchoIsEchoedToo() {
        let echoed = version(.whole, by: 1, echoed: true)
        let write = version(.whole, by: 1, at: 200)
        #expect(WriteDecision.decide(write, against: echoed, follows: false) == WriteDecision(fate: .deliverAndEcho))
        #expect(WriteDecision.decide(write, against: echoed, follows: true) == .deliver)
    }

    @Test(arguments: [Effect.expiry, .commuting, .operation])
    func anOperationAfterAnEchoIsSuspect(_ effect: KeyVersion.Effect) {
        let decision = WriteDecision.decide(
            version(effect, by: 1, at: 200), against: version(.whole, by: 1, echoed: true), follows: false)
        #expect(decision == WriteDecision(fate: .deliver, suspectWinner: ServerID(1)))
    }

    // MARK: Two sources

    /// Causality beats clocks.
    @Test(arguments: [Effect.whole, .expiry, .commuting, .operation], [Effect.whole, .expiry, .commuting, .operation])
    func aWriteThatFollowsIsDelivered(_ write: KeyVersion.Effect, _ known: KeyVersion.Effect) {
        let decision = WriteDecision.decide(
            version(write, by: 2, seconds: 5), against: version(known, by: 1), follows: true)
        #expect(decision == .deliver)
    }

    @Test func theLaterOfTwoConcurrentValuesGoesToItsSourceToo() {
        let decision = WriteDecision.decide(
            version(.whole, by: 2, seconds: 1001), against: version(.whole, by: 1), follows: false)
        #expect(decision == WriteDecision(fate: .deliverAndEcho, isConflict: true))
    }

    @Test func theEarlierOfTwoConcurrentValuesGoesNowhere() {
        let decision = WriteDecision.decide(
            version(.whole, by: 2, seconds: 999), against: version(.whole, by: 1), follows: false)
        #expect(decision == WriteDecision(fate: .superseded, suspectWinner: ServerID(1), isConflict: true))
    }

    @Test(arguments: [(UInt16(0), true), (1, false)])
    func ofEqualSecondsTheCounterThenTheArrivalDecides(_ counter: UInt16, _ wins: Bool) {
        let decision = WriteDecision.decide(
            version(.whole, by: 2), against: version(.whole, by: 1, counter: counter), follows: false)
        #expect((decision.fate == .deliverAndEcho) == wins)
    }

    @Test func deltasOfTheSameKindCommute() {
        let decision = WriteDecision.decide(
            version(.commuting, by: 2, seconds: 5), against: version(.commuting, by: 1), follows: false)
        #expect(decision == .deliver)
    }

    @Test(arguments: [
        (Effect.operation, Effect.whole), (.whole, .operation), (.expiry, .whole), (.whole, .commuting),
        (.commuting, .whole), (.operation, .operation), (.commuting, .operation), (.expiry, .expiry),
    ])
    func anyOtherRaceIsDeliveredAndSuspect(_ write: KeyVersion.Effect, _ known: KeyVersion.Effect) {
        for (seconds, winner) in [(UInt32(1000), ServerID(2)), (999, ServerID(1))] {
            let decision = WriteDecision.decide(
                version(write, by: 2, seconds: seconds), against: version(known, by: 1), follows: false)
            #expect(decision == WriteDecision(fate: .deliver, suspectWinner: winner, isConflict: true))
        }
    }
}
