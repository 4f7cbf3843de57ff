import Testing

@testable import HubSync

@Suite struct ReplyTests {
    @Test(
        arguments: [
            ("+OK\r\n", .status("OK")), ("+\r\n", .status("")), ("-ERR no\r\n", .error("ERR no")),
            (":-7\r\n", .integer(-7)),
            ("$3\r\na\r\n\r\n", .bulk(Array("a\r\n".utf8))), ("$0\r\n\r\n", .bulk([])), ("$-1\r\n", .null),
            ("*-1\r\n", .null), ("*0\r\n", .array([])),
            ("*2\r\n$1\r\na\r\n*1\r\n:1\r\n", .array([.bulk([97]), .array([.integer(1)])])),
        ] as [(String, Reply)])
    func everyKindIsReadWhole(_ text: String, _ expected: Reply) throws {
        let bytes = Array(text.utf8)
        let parsed = try #require(try Reply.parse(bytes[...]))
        #expect(parsed.0 == expected && parsed.end == bytes.count)
        for count in 0..<bytes.count { #expect(try Reply.parse(bytes[..<count]) == nil, "\(count) bytes") }
    }

    @Test func theEndCountsInTheGivenSlice() throws {
        let bytes = Array("xx+OK\r\n:5\r\n".utf8)
        let parsed = try #require(try Reply.parse(bytes[2...]))
        #expect(parsed.0 == .status("OK") && parsed.end == 7)
    }

    /// P+1100 answers a command that it does not take with a line of its own kind, `-Err …`.
    @Test func pikasRudeLineIsAnError() throws {
        #expect(try Reply.parse(Array("-Err unknown\r\n".utf8)[...])?.0 == .error("Err unknown"))
    }

    @Test(arguments: [
        "OK\r\n", "+OK\n", "+\n", ":x\r\n", "$x\r\n", "$-2\r\n", "*-2\r\n", "$99999999999999999999\r\n",
        "$999999999999\r\n", "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n", "*1\r\n?\r\n",
    ])
    func whatIsNoAnswerIsRefused(_ text: String) {
        #expect(throws: RecordError.self) { try Reply.parse(Array(text.utf8)[...]) }
    }

    @Test func aLineWithoutAnEndIsRefused() throws {
        let line = Array("+".utf8) + [UInt8](repeating: 97, count: 64 << 10)
        #expect(throws: RecordError.badLength) { try Reply.parse(line[...]) }
        #expect(try Reply.parse(line.dropLast()[...]) == nil)
    }

    /// An answer that promises millions of elements costs nothing until they come.
    @Test func aLargeCountWaitsForItsElements() throws {
        #expect(try Reply.parse(Array("*999999999\r\n:1\r\n".utf8)[...]) == nil)
    }
}
