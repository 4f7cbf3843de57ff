import Foundation
import Testing

@testable import HubDaemon

@Suite struct SettingDocumentsTests {
    /// The comments of the commented file come from the table; only the values are free.
    @Test func commentsInTheFileAreThoseOfTheTable() throws {
        let (text, configuration) = try sample("pika_hub.conf")
        #expect(text == Setting.sampleFile { $0.show(configuration, true) })
    }

    @Test func threeHubsMakeOneGroup() throws {
        let hubs = try (1...3).map { try sample("three_hubs/hub\($0).conf").configuration }
        #expect(hubs.allSatisfy { $0.floydServers == hubs.map(\.raftAddress) })
        #expect(hubs.allSatisfy { $0.pikaServers == hubs[0].pikaServers })
        #expect(Set(hubs.flatMap { [$0.floydLocalPort, $0.sdkPort, $0.inboundPort] }).count == 9)
    }

    @Test func readmeHasTheTables() throws {
        let text = try String(contentsOf: repository.appending(path: "README.md"), encoding: .utf8)
        #expect(text.contains(Setting.markdown), "insert what 'pika_hub --print-settings' prints")
        #expect(text.contains(AdminCommand.markdown), "insert what 'pika_hub --print-commands' prints")
        let readme = try MarkdownDocument("README.md")
        #expect(readme.table("key")?.count == Setting.all.count, "nothing besides")
        #expect(readme.table("command")?.count == AdminCommand.all.count, "nothing besides")
    }

    /// A file in `conf/`, which has no warnings and binds to this machine only.
    private func sample(_ name: String) throws -> (text: String, configuration: Configuration) {
        let text = try String(contentsOf: repository.appending(path: "conf/\(name)"), encoding: .utf8)
        let parsed = try Configuration.parse(text, file: name)
        #expect(parsed.warnings.isEmpty)
        #expect(parsed.configuration.bind == ["127.0.0.1"])
        return (text, parsed.configuration)
    }
}

/// The root of the working copy that the tests were built from.
let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
