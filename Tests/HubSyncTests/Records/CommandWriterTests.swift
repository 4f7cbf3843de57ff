import Testing

@testable import HubSync

@Suite struct CommandWriterTests {
    @Test func commandsStandOneAfterTheOther() {
        var writer = CommandWriter()
        withKey("key") { key in
            withKey("value") { writer.set(key, $0) }
            writer.delete(key)
            writer.expire(key, at: 1_500_000_000)
        }
        writer.command([Array("GET".utf8), []])
        #expect(
            writer.take().text
                == commands("SET key value", "DEL key", "EXPIREAT key 1500000000").text
                + "*2\r\n$3\r\nGET\r\n$0\r\n\r\n")
    }

    @Test func takingStartsAnew() {
        var writer = CommandWriter()
        writer.command([[97]])
        #expect(writer.count == 11 && writer.take().count == 11)
        #expect(writer.count == 0 && writer.take().isEmpty)
    }

    @Test func theArgumentsOfARecordAreCopiedAsTheyStand() throws {
        let bytes = record("sEt k v")
        let parsed = try #require(try BinlogRecord.parse(bytes))
        var writer = CommandWriter()
        bytes.withUnsafeBytes { writer.command(argumentCount: 3, arguments: parsed.arguments, of: $0) }
        #expect(writer.take() == command("sEt", "k", "v"))
    }

    @Test(arguments: [0, 1, 9, 10, 11, 99, 100, 12345])
    func lengthsAreDecimal(_ length: Int) {
        var writer = CommandWriter()
        writer.command([[UInt8](repeating: 97, count: length)])
        #expect(writer.take().text.hasPrefix("*1\r\n$\(length)\r\n"))
    }

    private func withKey(_ text: String, _ body: (UnsafeRawBufferPointer) -> Void) {
        Array(text.utf8).withUnsafeBytes(body)
    }
}
