import HubSync
import Testing

@testable import Comparison

@Suite struct DifferenceQueueTests {
    private let key = Array("k".utf8)
    private var queue = DifferenceQueue(
        settings: .init(checks: 3, intervalSeconds: 1, patienceSeconds: 10, capacity: 2))

    private func states(_ lengths: Int...) -> [KeyState] {
        lengths.map { $0 == 0 ? KeyState() : KeyState(values: [.list: KeyState.Value(length: $0)]) }
    }

    private mutating func check(_ held: [KeyState], now: Double) -> DifferenceQueue.Verdict {
        let due = [queue.takeDue(now: now, limit: 9), queue.takeDue(now: now, limit: 9)]
        #expect(due == [[key], []], "what is being read is not due")
        return queue.checked(key, held, tolerance: 2, now: now)
    }

    @Test mutating func aDifferenceThatStaysIsOne() {
        queue.add(key, states(1, 2), now: 0)
        let early = queue.takeDue(now: 0.9, limit: 9)
        let verdicts = [check(states(1, 2), now: 1), check(states(1, 2), now: 2)]
        #expect(early.isEmpty && verdicts == [.again, .different] && queue.count == 0)
    }

    @Test mutating func aDifferenceIsRepairedAndWatchedAsLongAsPatienceAllows() {
        queue = DifferenceQueue(settings: .init(checks: 2, intervalSeconds: 1, patienceSeconds: 4, repairs: true))
        queue.add(key, states(1, 2), now: 0)
        let verdicts = (1...4).map { check(states(1, 2), now: Double($0)) } + [check(states(2, 2), now: 5)]
        #expect(verdicts == [.toRepair, .again, .again, .again, .repaired])
        queue.add(key, states(1, 2), now: 10)
        let stubborn = (11...15).map { check(states(1, 2), now: Double($0)) }
        #expect(stubborn == [.toRepair, .again, .again, .again, .different] && queue.count == 0)
    }

    @Test func whatMostServersHoldIsMostCommon() {
        #expect(states(1, 2, 2).mostCommon(tolerance: 0) == 1)
        #expect(states(0, 0, 2).mostCommon(tolerance: 0) == 2, "a value rather than nothing")
        #expect(states(3, 2).mostCommon(tolerance: 0) == 0, "the first")
    }

    @Test mutating func aDifferenceThatMovesIsReadAgain() {
        queue.add(key, states(1, 2), now: 0)
        let verdicts = [
            check(states(2, 3), now: 1), check(states(2, 3), now: 2), check(states(3, 3), now: 3),
        ]
        #expect(verdicts == [.again, .again, .equal] && queue.count == 0)
    }

    @Test mutating func aKeyThatIsWrittenAllTheTimeIsGivenUp() {
        queue.add(key, states(0, 1), now: 0)
        var verdicts: [DifferenceQueue.Verdict] = []
        for second in 1...10 { verdicts.append(check(states(second, second + 1), now: Double(second))) }
        #expect(verdicts == Array(repeating: .again, count: 9) + [.restless] && queue.count == 0)
    }

    @Test mutating func itHasABound() {
        queue.add(key, states(0, 1), now: 0)
        queue.add(key, states(0, 2), now: 0)
        #expect(!queue.isFull)
        queue.add([1], states(0, 1), now: 0)
        #expect(queue.isFull && queue.count == 2)
    }

    @Test func workIsSpreadOverTime() {
        var pace = Pace(perSecond: 100)
        let waits = [pace.take(50, now: 10), pace.take(50, now: 10), pace.take(1, now: 12)]
        #expect(waits == [0, 0.5, 0])
        var free = Pace(perSecond: 0)
        let none = [free.take(1_000_000, now: 0), free.take(1, now: 0)]
        #expect(none == [0, 0])
    }

    @Test func theBarShowsHowFarItIs() {
        var figures = Ledger.Figures()
        (figures.scanned, figures.compared, figures.inQuestion) = (45, 40, 3)
        #expect(figures.bar == "40 keys  3 in question  0 different")
        figures.total = 90
        #expect(figures.bar == "[##########          ] 50 %  40 keys  3 in question  0 different")
    }
}
