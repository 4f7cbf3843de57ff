import HubStore
import Testing

@testable import HubSync

/// `design/convergence.md`, "Identity and order of a write" and "Races that order alone cannot settle".
@Suite struct WriteDecisionTests {
    private typealias Effect = KeyVersion.Effect

    private func version(
        _ effect: KeyVersion.Effect, by source: UInt32, at offset: UInt64 = 100, seconds: UInt32 = 1000,
        counter: UInt16 = 0, covered: Bool = false
    ) -> KeyVersion {
        KeyVersion(
            seconds: seconds, counter: counter, effect: effect, mayBeCovered: covered, source: ServerID(source),
            file: 3,
            offset: offset, sequence: ChunkSequence(1))
    }

    // MARK: One source

    @Test(arguments: [Effect.whole, .expiry, .commuting, .operation], [Effect.whole, .expiry, .commuting, .operation])
    func aLaterWriteOfTheSameSourceIsDelivered(_ write: KeyVersion.Effect, _ known: KeyVersion.Effect) {
        // Whatever the clock says.
        let decision = WriteDecision.decide(
            version(write, by: 1, at: 200, seconds: 5), against: version(known, by: 1), following: .no)
        #expect(decision == .deliver)
    }

    @Test func partsOfAnMSETAreInOrder() {
        #expect(
            WriteDecision.decide(version(.whole, by: 1), against: version(.whole, by: 1), following: .no) == .deliver)
    }

    @Test func anOvertakenWriteIsBeatenByAWholeValue() {
        let decision = WriteDecision.decide(
            version(.whole, by: 1, at: 50), against: version(.whole, by: 1), following: .no)
        #expect(decision == WriteDecision(fate: .superseded))
    }

    /// It arrives at the others on top of what was written after it.
    @Test(arguments: [Effect.expiry, .commuting, .operation])
    func aWriteThatAnOperationHasOvertakenIsSuspect(_ known: KeyVersion.Effect) {
        let decision = WriteDecision.decide(
            version(.whole, by: 1, at: 50), against: version(known, by: 1), following: .no)
        #expect(decision == WriteDecision(fate: .deliver, suspectWinner: .server(ServerID(1))))
    }

    @Test func deltasMayOvertakeEachOther() {
        let decision = WriteDecision.decide(
            version(.commuting, by: 1, at: 50), against: version(.commuting, by: 1), following: .no)
        #expect(decision == .deliver)
    }

    /// Its own newer value may have been replaced by the echo of its older one.
    @Test func aWriteAfterAnEchoIsEchoedToo() {
        let covered = version(.whole, by: 1, covered: true)
        let write = version(.whole, by: 1, at: 200)
        #expect(WriteDecision.decide(write, against: covered, following: .no) == WriteDecision(fate: .deliverAndEcho))
        #expect(WriteDecision.decide(write, against: covered, following: .yes) == .deliver)
    }

    @Test(arguments: [Effect.expiry, .commuting, .operation])
    func anOperationAfterAnEchoIsSuspect(_ effect: KeyVersion.Effect) {
        let decision = WriteDecision.decide(
            version(effect, by: 1, at: 200), against: version(.whole, by: 1, covered: true), following: .no)
        // The echo may have replaced it at its own server.
        #expect(decision == WriteDecision(fate: .deliver, suspectWinner: .anyBut(ServerID(1))))
    }

    /// Its own deltas commute with those that came between.
    @Test func aDeltaAfterACoveredDeltaIsDelivered() {
        let known = version(.commuting, by: 1, covered: true)
        #expect(WriteDecision.decide(version(.commuting, by: 1, at: 200), against: known, following: .no) == .deliver)
        let value = WriteDecision.decide(version(.whole, by: 1, at: 200), against: known, following: .no)
        #expect(value == WriteDecision(fate: .deliverAndEcho))
    }

    // MARK: Two sources

    /// Causality beats clocks.
    @Test(arguments: [Effect.whole, .expiry, .commuting, .operation], [Effect.whole, .expiry, .commuting, .operation])
    func aWriteThatFollowsIsDelivered(_ write: KeyVersion.Effect, _ known: KeyVersion.Effect) {
        let decision = WriteDecision.decide(
            version(write, by: 2, seconds: 5), against: version(known, by: 1), following: .yes)
        #expect(decision == .deliver)
    }

    /// It follows, whatever the clocks say, but its own server may show the older one by now.
    @Test func aWriteThatMayHaveBeenCoveredWinsAndIsEchoed() {
        let known = version(.whole, by: 1)
        let whole = WriteDecision.decide(version(.whole, by: 2, seconds: 5), against: known, following: .covered)
        #expect(whole == WriteDecision(fate: .deliverAndEcho))
        let delta = WriteDecision.decide(version(.commuting, by: 2, seconds: 5), against: known, following: .covered)
        #expect(delta == WriteDecision(fate: .deliver, suspectWinner: .server(ServerID(1))))
    }

    @Test func theLaterOfTwoConcurrentValuesGoesToItsSourceToo() {
        let decision = WriteDecision.decide(
            version(.whole, by: 2, seconds: 1001), against: version(.whole, by: 1), following: .no)
        let winner = WriteDecision.Winner.server(ServerID(2))
        #expect(decision == WriteDecision(fate: .deliverAndEcho, suspectWinner: winner, isConflict: true))
    }

    @Test func theEarlierOfTwoConcurrentValuesGoesNowhere() {
        let decision = WriteDecision.decide(
            version(.whole, by: 2, seconds: 999), against: version(.whole, by: 1), following: .no)
        #expect(decision == WriteDecision(fate: .superseded, suspectWinner: .server(ServerID(1)), isConflict: true))
    }

    @Test(arguments: [(UInt16(0), true), (1, false)])
    func ofEqualSecondsTheCounterThenTheArrivalDecides(_ counter: UInt16, _ wins: Bool) {
        let decision = WriteDecision.decide(
            version(.whole, by: 2), against: version(.whole, by: 1, counter: counter), following: .no)
        #expect((decision.fate == .deliverAndEcho) == wins)
    }

    @Test func deltasOfTheSameKindCommute() {
        let decision = WriteDecision.decide(
            version(.commuting, by: 2, seconds: 5), against: version(.commuting, by: 1), following: .no)
        #expect(decision == .deliver)
    }

    @Test(arguments: [
        (Effect.operation, Effect.whole), (.whole, .operation), (.expiry, .whole), (.whole, .commuting),
        (.commuting, .whole), (.operation, .operation), (.commuting, .operation), (.expiry, .expiry),
    ])
    func ofAnyOtherRaceTheServerWhereTheWinnerIsOnTopCounts(_ write: KeyVersion.Effect, _ known: KeyVersion.Effect) {
        for (seconds, winner) in [(UInt32(1000), ServerID(1)), (999, ServerID(2))] {
            let decision = WriteDecision.decide(
                version(write, by: 2, seconds: seconds), against: version(known, by: 1), following: .no)
            #expect(decision == WriteDecision(fate: .deliver, suspectWinner: .server(winner), isConflict: true))
        }
    }
}
