import HubStore
import Testing

@testable import HubSync

@Suite struct KeyCopyTests {
    private let key = Array("k".utf8)
    private let log = Reply.bulk(Array("# Log\r\nbinlog_offset:0 0\r\n".utf8))

    private func time(_ seconds: Int) -> Reply { .array([.bulk(Array("\(seconds)".utf8)), .bulk(Array("7".utf8))]) }
    private func bulks(_ words: String...) -> Reply { .array(words.map { .bulk(Array($0.utf8)) }) }

    private func text(_ type: CommandRule.ValueType, _ answers: [Reply]) -> String? {
        KeyCopy(type, answers: answers).map { copy in
            String(decoding: copy.commands(key), as: UTF8.self).split(separator: "\r\n").filter {
                !"*$".contains($0.first ?? " ")
            }
            .joined(separator: " ")
        }
    }

    @Test func expiryCountsFromTheClockOfTheServerThatWasAsked() {
        #expect(text(.string, [log, bulks("v").first, .integer(50), time(1000)]) == "SET k v EXPIREAT k 1049")
    }

    @Test func keyOfUnknownTypeIsCopiedWithAllTypes() {
        let answers: [Reply] = [log, .null, bulks("a", "b"), bulks("m", "1"), .integer(-1), time(1000)]
        #expect(text(.any, answers) == "DEL k RPUSH k a b ZADD k 1 m")
    }

    @Test func keyThatIsGoneIsDeleted() {
        #expect(text(.any, [log, .null, .array([]), .array([]), .integer(-2), time(1000)]) == "DEL k")
        #expect(text(.string, [log, .null, .integer(-2), time(1000)]) == "DEL k")
    }

    @Test func keyThatExpiresBetweenTheAnswersIsDeleted() {
        #expect(text(.string, [log, bulks("v").first, .integer(-2), time(1000)]) == "DEL k")
    }

    private func copy(_ value: String?, _ left: Int, at second: Int) throws -> KeyCopy {
        let value = value.map { Reply.bulk(Array($0.utf8)) } ?? .null
        return try #require(KeyCopy(.string, answers: [log, value, .integer(left), time(second)]))
    }

    @Test func statesMatchByValueAndExpiry() throws {
        let state = try copy("v", 50, at: 1000)
        for same in [try copy("v", 49, at: 1002), try copy("v", 250, at: 800)] { #expect(state.matches(same)) }
        for (value, left) in [("w", 50), ("v", -1), ("v", 47), (nil, -2)] as [(String?, Int)] {
            let other = try copy(value, left, at: 1000)
            #expect(!state.matches(other))
        }
        let gone = [try copy(nil, -2, at: 1000), try copy(nil, -2, at: 1)]
        #expect(gone[0].matches(gone[1]))
    }

    /// Otherwise a key would be sent over and over to a server whose clock is ahead.
    @Test func aKeyThatHasExpiredElsewhereMatches() throws {
        let state = try copy("v", 50, at: 1000)
        let (expired, deleted) = (try copy(nil, -2, at: 1050), try copy(nil, -2, at: 1040))
        #expect(state.matches(expired) && expired.matches(state) && !state.matches(deleted))
    }

    @Test func theEndOfTheBinlogAndTheClockAreKept() throws {
        let report = Reply.bulk(Array("# Log\r\nbinlog_offset:4 120\r\n".utf8))
        let copy = try #require(KeyCopy(.string, answers: [report, .null, .integer(-2), time(1000)]))
        #expect(copy.end == BinlogPosition(file: 4, offset: 120) && copy.second == 1000)
    }

    @Test func errorIsNoState() {
        #expect(text(.string, [log, .error("ERR x"), .integer(-1), time(1000)]) == nil)
        #expect(text(.string, [log, bulks("v").first, .integer(5), .error("ERR x")]) == nil)
    }
}

extension Reply {
    fileprivate var first: Reply {
        if case .array(let elements) = self { elements[0] } else { self }
    }
}
