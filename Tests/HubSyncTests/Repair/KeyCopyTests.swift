import Testing

@testable import HubSync

@Suite struct KeyCopyTests {
    private let key = Array("k".utf8)
    private let log = Reply.bulk(Array("# Log\r\nbinlog_offset:0 0\r\n".utf8))

    private func time(_ seconds: Int) -> Reply { .array([.bulk(Array("\(seconds)".utf8)), .bulk(Array("7".utf8))]) }
    private func bulks(_ words: String...) -> Reply { .array(words.map { .bulk(Array($0.utf8)) }) }

    private func text(_ type: CommandRule.ValueType, _ answers: [Reply]) -> String? {
        KeyCopy.commands(type, key, answers: answers).map { bytes in
            String(decoding: bytes, as: UTF8.self).split(separator: "\r\n").filter { !"*$".contains($0.first ?? " ") }
                .joined(separator: " ")
        }
    }

    @Test func expiryCountsFromTheClockOfTheServerThatWasAsked() {
        #expect(text(.string, [bulks("v").first, .integer(50), time(1000), log]) == "SET k v EXPIREAT k 1049")
    }

    @Test func keyOfUnknownTypeIsCopiedWithAllTypes() {
        let answers: [Reply] = [.null, bulks("a", "b"), bulks("m", "1"), .integer(-1), time(1000), log]
        #expect(text(.any, answers) == "DEL k RPUSH k a b ZADD k 1 m")
    }

    @Test func keyThatIsGoneIsDeleted() {
        #expect(text(.any, [.null, .array([]), .array([]), .integer(-2), time(1000), log]) == "DEL k")
        #expect(text(.string, [.null, .integer(-2), time(1000), log]) == "DEL k")
    }

    @Test func keyThatExpiresBetweenTheAnswersIsDeleted() {
        #expect(text(.string, [bulks("v").first, .integer(-2), time(1000), log]) == "DEL k")
    }

    @Test func errorIsNoState() {
        #expect(text(.string, [.error("ERR x"), .integer(-1), time(1000), log]) == nil)
        #expect(text(.string, [bulks("v").first, .integer(5), .error("ERR x"), log]) == nil)
    }
}

extension Reply {
    fileprivate var first: Reply {
        if case .array(let elements) = self { elements[0] } else { self }
    }
}
