import Testing

@testable import Comparison

@Suite struct ServerAddressTests {
    @Test(
        arguments: [
            ("127.0.0.1:9221", "127.0.0.1", 9221, nil), ("db.example:1:a:b:", "db.example", 1, "a:b:"),
            ("[::1]:9221:x", "::1", 9221, "x"), ("h:65535:", "h", 65535, nil),
        ] as [(String, String, Int, String?)])
    func isTakenApart(_ text: String, _ host: String, _ port: Int, _ password: String?) throws {
        let address = try #require(ServerAddress(text))
        #expect((address.host, address.port) == (host, port) && address.password == password)
    }

    @Test(arguments: ["", "h", "h:", "h:0", "h:65536", "h:x", ":9221", "::1:9221", "[::1]", "[::1]9221", "[]:1"])
    func malformed(_ text: String) { #expect(ServerAddress(text) == nil) }

    @Test func passwordIsNotShown() { #expect(ServerAddress("[::1]:9221:secret")?.description == "[::1]:9221") }
}
