import Testing

@testable import PikaSim

@Suite struct RequestParserTests {
    private func steps(_ pieces: String...) -> [RequestParser.Step] {
        var parser = RequestParser()
        var steps: [RequestParser.Step] = []
        for piece in pieces {
            parser.feed(piece.utf8)
            repeat { steps.append(parser.next()) } while isRequest(steps.last)
        }
        return steps
    }

    private func isRequest(_ step: RequestParser.Step?) -> Bool {
        if case .request = step { true } else { false }
    }

    private func request(_ words: String...) -> RequestParser.Step { .request(words.map { Bytes($0) }) }

    @Test func pipelinedArrays() {
        #expect(
            steps("*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$1\r\na\r\n") == [
                request("PING"), request("GET", "a"), .incomplete,
            ])
    }

    @Test func everySplitGivesTheSame() {
        let whole = "*3\r\n$3\r\nset\r\n$1\r\nk\r\n$4\r\n\r\n$1\r\n"
        for place in 0...whole.utf8.count {
            let text = Array(whole.utf8)
            let found = steps(
                String(decoding: text[..<place], as: UTF8.self), String(decoding: text[place...], as: UTF8.self))
            #expect(found.filter { $0 != .incomplete } == [request("set", "k", "\r\n$1")])
        }
    }

    @Test func linesOfWords() {
        #expect(steps("set  a 1\r\n\r\nping\n") == [request("set", "a", "1"), request("ping"), .incomplete])
    }

    @Test(arguments: ["*x\r\n", "*1\r\nPING\r\n", "*1\r\n$x\r\n", "*99999999999\r\n"])
    func nonsenseIsBroken(_ text: String) {
        #expect(steps(text) == [.broken])
    }
}
