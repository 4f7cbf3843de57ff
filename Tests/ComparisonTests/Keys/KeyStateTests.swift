import HubSync
import Testing

@testable import Comparison

@Suite struct KeyStateTests {
    private func bulks(_ texts: [String]) -> Reply { .array(texts.map { .bulk(Array($0.utf8)) }) }

    private func state(
        _ type: ValueType, _ replies: Reply..., length: Int = 2, expiry: Int? = nil, roundsScores: Bool = false
    ) -> KeyState {
        var value = KeyState.Value(length: length)
        for reply in replies {
            let isValue = value.add(reply, type, roundsScores: roundsScores)
            #expect(isValue)
        }
        return KeyState(values: [type: value], expiry: expiry)
    }

    @Test func expiriesMayDifferByTheTolerance() {
        let string = Reply.bulk(Array("v".utf8))
        let early = state(.string, string, expiry: 1000)
        #expect(early.matches(state(.string, string, expiry: 1002), tolerance: 2))
        #expect(!early.matches(state(.string, string, expiry: 1003), tolerance: 2))
        #expect(!early.matches(state(.string, string), tolerance: 2))
    }

    @Test func ordersOfListsCountAndThoseOfSetsDoNot() {
        let (forth, back) = (bulks(["a", "b"]), bulks(["b", "a"]))
        #expect(state(.list, forth) != state(.list, back))
        #expect(state(.list, bulks(["a"]), bulks(["b"])) == state(.list, forth))
        #expect(state(.set, forth) == state(.set, back))
        #expect(state(.hash, bulks(["a", "1", "b", "2"])) == state(.hash, bulks(["b", "2", "a", "1"])))
        #expect(state(.hash, bulks(["a", "1"])) != state(.hash, bulks(["1", "a"])))
    }

    @Test func scoresAreRoundedWhereAPikaIsAmongTheServers() {
        let (exact, short) = (bulks(["m", "1.123456789"]), bulks(["m", "1.12346"]))
        #expect(state(.zset, exact) != state(.zset, short))
        #expect(state(.zset, exact, roundsScores: true) == state(.zset, short, roundsScores: true))
    }

    @Test func isDescribedForPeople() {
        #expect(KeyState().description == "nothing")
        let binary = Reply.bulk([0x61, 0, 0x22, 0xff])
        #expect(
            state(.string, binary, length: 4, expiry: 17).description
                == #"string of 4 "a\x00\"\xff", expires 17"#)
        #expect(state(.list, bulks(["a", "b"])).description == #"list of 2 "a b""#)
    }

    @Test func anErrorIsNoValue() {
        var value = KeyState.Value(length: 1)
        let isValue = value.add(.error("ERR x"), .list, roundsScores: false)
        #expect(!isValue)
    }
}
