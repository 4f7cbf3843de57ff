import Foundation
import HubStore
import Testing

@testable import HubDaemon

@Suite struct LiveConfigurationTests {
    @Test func rewriteBringsTheFileInLineWithSettingsServersAndHubs() throws {
        try withFile("# mine\nfloyd-local-ip : h1\npika-servers : p1:9221:1:old\n") { file in
            let live = LiveConfiguration(try Configuration.load(file).configuration, file: file)
            #expect(live.set([(key: "requirepass", text: "top secret")]) == nil)
            try live.rewrite(servers: [server(1, password: "a:b"), server(2)], hubs: [])
            let text = try String(contentsOfFile: file, encoding: .utf8)
            #expect(
                text == "# mine\nfloyd-local-ip : h1\npika-servers : p1:9221:1:a:b,p2:9221:2\n"
                    + "requirepass : top secret\n")
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test func whatWouldNotReadBackTheSameIsRefused() throws {
        let text = "floyd-local-ip : h1\n"
        try withFile(text) { file in
            let live = LiveConfiguration(try Configuration.load(file).configuration, file: file)
            #expect(throws: ConfigurationFileError.self) {
                try live.rewrite(servers: [server(1, password: "a,b")], hubs: [])
            }
            #expect(throws: ConfigurationFileError.notWritable) {
                try live.rewrite(servers: [server(1, password: "blank ")], hubs: [])
            }
            #expect(try String(contentsOfFile: file, encoding: .utf8) == text)
        }
    }

    @Test func filesThatAreMissingOrNoTextAreNamed() throws {
        let missing = #expect(throws: ConfigurationFileError.self) { try Configuration.load("/nonexistent/file") }
        #expect(missing?.description == "/nonexistent/file: No such file or directory")
        try withFile("") { file in
            try Data([0x66, 0xFF]).write(to: URL(filePath: file))
            #expect(throws: ConfigurationFileError.notText(path: file)) { try Configuration.load(file) }
            try Data(repeating: 0x20, count: 2 << 20).write(to: URL(filePath: file))
            #expect(throws: ConfigurationFileError.notText(path: file)) { try Configuration.load(file) }
        }
    }

    private func server(_ id: UInt32, password: String = "") -> ServerDescription {
        ServerDescription(id: ServerID(id), address: Address(host: "p\(id)", port: 9221), password: password)
    }

    private func withFile(_ text: String, _ body: (String) throws -> Void) throws {
        try withTemporaryDirectory { path in
            let file = path + "/pika_hub.conf"
            try Data(text.utf8).write(to: URL(filePath: file))
            try body(file)
        }
    }
}
