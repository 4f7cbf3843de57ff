import HubStore
import Testing

@testable import HubSync

private let refused: [([UInt8], RecordError)] = [
    (record("SET k v", magic: "__PIKA_X#$SKGJ"), RecordError.noMagic),
    (record("SET k v", magic: "__PIKA_X#$SKG"), .noMagic),
    (record("SET k v", magic: "x"), .noMagic),
    (record("SET k v", from: 0), .badServerID),
    (record("SET k v", stamp: [1, 2, 3]), .badStamp),
    (record("SET k v", stamp: []), .badStamp),
    (record("SET k v", flag: ""), .badFlag),
    (record("SET k v", flag: "10"), .badFlag),
    (command("SET", "k", "v", "__PIKA_X#$SKGI", "4294967296"), .noMagic),
    (command("SET", "__PIKA_X#$SKGI", "4294967296", "1234567890123456", "1"), .badServerID),
    (command("SET", "__PIKA_X#$SKGI", "-1", "1234567890123456", "1"), .badServerID),
    (command("SET", "k", "v", "x"), .argumentCount(4)),
    (Array("*0\r\n".utf8), .argumentCount(0)),
    (Array("*1048577\r\n".utf8), .argumentCount(1_048_577)),
    (Array("*999999999\r\n".utf8), .argumentCount(999_999_999)),
    (Array("*9999999999".utf8), .badLength),
    (Array("*99999999999999999999999999999999\r\n".utf8), .badLength),
    (Array("*-1\r\n".utf8), .badLength),
    (Array("*\r\n".utf8), .badLength),
    (Array("*7\n\n".utf8), .badLength),
    (Array("PING\r\n".utf8), .unexpectedByte(found: UInt8(ascii: "P"), expected: UInt8(ascii: "*"))),
    (Array("*7\r\n:3\r\n".utf8), .unexpectedByte(found: UInt8(ascii: ":"), expected: UInt8(ascii: "$"))),
    (Array("*7\r\n*3\r\n".utf8), .unexpectedByte(found: UInt8(ascii: "*"), expected: UInt8(ascii: "$"))),
    (Array("*7\r\n$3\r\nSET..".utf8), .badLength),
    (Array("*7\r\n$-1\r\n".utf8), .badLength),
    (Array("*7\r\n$99999999\r\n".utf8), .tooLong(bytes: 4 + 11 + 99_999_999)),
]

/// `protocol/pika-2.3-hub.md`, section 2.
@Suite struct BinlogRecordTests {
    private let whole = record("SET key value", from: 7, file: 3, offset: 20002, execTime: 1_500_000_000)

    @Test func aWholeRecordIsDescribed() throws {
        let parsed = try #require(try BinlogRecord.parse(whole))
        #expect(parsed.length == whole.count)
        #expect(parsed.argumentCount == 3)
        #expect(whole.text(parsed.name) == "SET")
        #expect(whole.text(parsed.key) == "key")
        #expect(whole.text(parsed.arguments) == "$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n")
        #expect(parsed.serverID == ServerID(7))
        #expect(parsed.execTime == 1_500_000_000 && parsed.file == 3 && parsed.offset == 20002)
        #expect(parsed.isForHub)
    }

    @Test func placesCountFromTheStartOfTheBuffer() throws {
        let parsed = try #require(try BinlogRecord.parse([1, 2, 3] + whole, from: 3))
        #expect(([1, 2, 3] + whole).text(parsed.key) == "key")
        #expect(parsed.length == whole.count)
    }

    @Test func aCommandAloneHasNoKey() throws {
        let bytes = record("PING")
        let parsed = try #require(try BinlogRecord.parse(bytes))
        #expect(parsed.argumentCount == 1 && parsed.key.isEmpty && bytes.text(parsed.name) == "PING")
    }

    @Test func everyPartOfARecordIsIncomplete() throws {
        for count in 0..<whole.count {
            #expect(try BinlogRecord.parse(Array(whole[..<count])) == nil, "\(count) bytes")
        }
    }

    @Test func emptyAndBinaryArgumentsAreTaken() throws {
        var bytes = Array("*7\r\n$3\r\nset\r\n$0\r\n\r\n$4\r\n\r\n\0*\r\n".utf8)
        bytes += record("x").dropFirst("*5\r\n$1\r\nx\r\n".utf8.count)
        let parsed = try #require(try BinlogRecord.parse(bytes))
        #expect(parsed.key.isEmpty && parsed.argumentCount == 3 && parsed.length == bytes.count)
    }

    @Test func theFlagSaysWhetherItIsForTheHub() throws {
        for (flag, isForHub) in [("1", true), ("0", false), ("X", false)] {
            #expect(try BinlogRecord.parse(record("SET k v", flag: flag))?.isForHub == isForHub)
        }
    }

    @Test func theLargestServerIDIsTaken() throws {
        #expect(try BinlogRecord.parse(record("SET k v", from: .max))?.serverID == ServerID(.max))
    }

    @Test(arguments: refused)
    func whatCannotBecomeARecordIsRefused(_ bytes: [UInt8], _ expected: RecordError) {
        #expect(throws: expected) { try BinlogRecord.parse(bytes) }
    }

    /// Many arguments, none of them too long alone.
    @Test func theLimitIsOnTheWholeRecord() {
        let half = BinlogRecord.maximumLength / 2 + 1
        let first = Array("*7\r\n$3\r\nSET\r\n$\(half)\r\n".utf8) + [UInt8](repeating: 97, count: half) + "\r\n".utf8
        #expect { try BinlogRecord.parse(first + "$\(half)\r\n".utf8) } throws: { error in
            if case .tooLong = error as? RecordError { true } else { false }
        }
    }
}
