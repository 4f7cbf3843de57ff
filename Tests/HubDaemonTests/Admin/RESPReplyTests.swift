import Testing

@testable import HubDaemon

@Suite struct RESPReplyTests {
    @Test(arguments: [
        (RESPReply.ok, "+OK|", "+OK|"),
        (.failure("two\r\nlines"), "-ERR two  lines|", "-ERR two  lines|"),
        (.integer(-3), ":-3|", ":-3|"),
        (.text("é"), "$2|é|", "$2|é|"),
        (.verbatim("a"), "$1|a|", "=5|txt:a|"),
        (.null, "$-1|", "_|"),
        (.array([.integer(1), .null]), "*2|:1|$-1|", "*2|:1|_|"),
        (.map([.init("k", .integer(1))]), "*2|$1|k|:1|", "%1|$1|k|:1|"),
    ]) func repliesHaveTheFormOfTheirVersion(reply: RESPReply, two: String, three: String) {
        #expect(wire(reply, .two) == two)
        #expect(wire(reply, .three) == three)
    }
}
