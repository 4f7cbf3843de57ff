import Testing

@testable import HubSync

/// What is relative counts from exec_time (`protocol/pika-2.3-hub.md`, section 2).
@Suite struct CommandTranslationTests {
    private static let latest = Int(Int32.max)

    @Test(
        arguments: [
            ("set k v", nil, nil), ("set k v ex 10", 1009, nil), ("set k v px 2999", 1001, nil),
            ("SET k v EX 10", 1009, nil),
            ("set k v nx", nil, "nx"), ("set k v XX ex 7", 1006, "xx"), ("set k v ex 7 nx", 1006, "nx"),
            ("setex k 10 v", 1009, nil), ("getset k v", nil, nil), ("setex k 999999999999999999 v", latest, nil),
            ("set k v ex 2147483647", latest, nil),
        ] as [(String, Int?, String?)])
    func aValueIsTakenApart(_ line: String, _ expiry: Int?, _ condition: String?) throws {
        let write = try #require(try valueWrite(line))
        #expect(write.text == "v" && write.expiry == expiry && write.condition == condition)
        #expect(write.isConditional == (condition != nil))
    }

    /// A Pika ignores an expiry of no whole second instead of refusing it.
    @Test(arguments: [
        "set k v ex 0", "set k v ex -5", "set k v px 500", "set k v px -1", "setex k 0 v", "setex k -9 v",
    ])
    func anExpiryOfNothingIsNone(_ line: String) throws {
        let write = try #require(try valueWrite(line))
        #expect(write.expiry == nil)
    }

    @Test(arguments: [
        "set k", "set k v ex", "set k v ex ten", "set k v ex 1000000000000000000000", "set k v keepttl", "setex k 10",
        "setex k ten v", "setex k +5 v", "setex k - v", "setex k 10 v nx", "getset k", "getset k v w",
    ])
    func whatPikaWouldRefuseIsRefused(_ line: String) throws {
        #expect(try valueWrite(line) == nil)
    }

    @Test(
        arguments: [
            ("expire k 10", 1010), ("expire k 0", 1000), ("expire k -10", 990), ("pexpire k 2999", 1002),
            ("expireat k 1234", 1234), ("pexpireat k 1234999", 1234), ("expire k 999999999999999999", latest),
            ("expireat k 05", 5), ("expireat k -1", -1), ("expire k ten", nil), ("expire k", nil),
            ("expireat k 1 2", nil),
            ("persist k 1", nil),
        ] as [(String, Int?)])
    func anExpiryBecomesAbsolute(_ line: String, _ expected: Int?) throws {
        let (bytes, places) = try split(line)
        let name = CommandRule.lowercased(bytes[places[0]])
        let expiry = bytes.withUnsafeBytes {
            CommandTranslation.expiry(name: name, arguments: places, of: $0, execTime: 1000)
        }
        #expect(expiry == expected)
    }

    private func split(_ line: String) throws -> ([UInt8], [Range<Int>]) {
        let bytes = record(line)
        let parsed = try #require(try BinlogRecord.parse(bytes))
        return (bytes, bytes.withUnsafeBytes { parsed.argumentRanges(in: $0) })
    }

    private struct Write {
        var text: String
        var expiry: Int?
        var condition: String?
        var isConditional: Bool
    }

    private func valueWrite(_ line: String) throws -> Write? {
        let (bytes, places) = try split(line)
        let name = CommandRule.lowercased(bytes[places[0]])
        let write = bytes.withUnsafeBytes {
            CommandTranslation.valueWrite(name: name, arguments: places, of: $0, execTime: 1000)
        }
        return write.map {
            Write(
                text: bytes.text($0.value), expiry: $0.expiry, condition: $0.condition, isConditional: $0.isConditional)
        }
    }
}
