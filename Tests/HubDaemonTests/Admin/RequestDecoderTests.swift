import Testing

@testable import HubDaemon

@Suite struct RequestDecoderTests {
    private static let pipeline =
        "*2\r\n$4\r\nECHO\r\n$2\r\n\r\n\r\nPING\r\n\r\n*0\r\nSET \"a \\\"b\" 'c d'  e\n*1\r\n$0\r\n\r\n"
    private static let requests = [["ECHO", "\r\n"], ["PING"], ["SET", "a \"b", "c d", "e"], [""]]

    @Test(arguments: 1...20) func requestsComeOutHoweverTheBytesAreCut(size: Int) throws {
        var decoder = RequestDecoder()
        var found: [[String]] = []
        var rest = Array(Self.pipeline.utf8)[...]
        while !rest.isEmpty {
            decoder.feed(rest.prefix(size))
            rest = rest.dropFirst(size)
            while let request = try decoder.next() { found.append(request.map(\.text)) }
        }
        #expect(found == Self.requests)
    }

    @Test(arguments: [
        ("*1\r\n$1073741824\r\n", RequestDecoder.Violation.invalidLength),
        ("*1\r\n$-1\r\n", .invalidLength),
        ("*1\r\n$\r\n", .invalidLength),
        ("*1\r\n:1\r\n", .expectedDollar),
        ("*1\r\n$1\r\nab\r\n", .expectedLineEnd),
        ("*1025\r\n", .tooManyArguments),
        ("*99999999999\r\n", .invalidCount),
        ("*x\r\n", .invalidCount),
        ("GET \"a\r\n", .unbalancedQuotes),
        ("GET \"a\"b\r\n", .unbalancedQuotes),
    ]) func violationsAreNamed(bytes: String, violation: RequestDecoder.Violation) {
        var decoder = RequestDecoder()
        decoder.feed(bytes.utf8)
        #expect(throws: violation) { while try decoder.next() != nil {} }
    }

    @Test func whatIsKeptOfARequestIsBounded() throws {
        var decoder = RequestDecoder()
        let part = [UInt8](repeating: UInt8(ascii: "x"), count: 40_000)
        decoder.feed(part)
        #expect(try decoder.next() == nil)
        decoder.feed(part)
        #expect(throws: RequestDecoder.Violation.tooLong) { try decoder.next() }

        var other = RequestDecoder()
        other.feed(Array("*2\r\n$40000\r\n".utf8) + part + Array("\r\n$40000\r\n".utf8))
        #expect(throws: RequestDecoder.Violation.invalidLength) { try other.next() }
    }

    @Test(arguments: 0..<50) func anyBytesEndInRequestsOrAViolation(seed: Int) {
        var random = SplitMix(state: UInt64(seed))
        var decoder = RequestDecoder()
        let alphabet = Array("*$0123456789\r\n\r\n\r\nab \"'\\".utf8)
        for _ in 0..<200 {
            decoder.feed(
                (0..<Int.random(in: 1...40, using: &random)).map { _ in
                    alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
                })
            do {
                while try decoder.next() != nil {}
            } catch {
                return
            }
        }
    }
}

/// A small seeded generator: the same seed, the same run.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
