import HubStore
import Testing

@testable import HubDaemon

/// The README's table of what INFO shows is that of the renderer.
@Suite struct InfoDocumentTests {
    @Test(arguments: InfoSection.allCases) func theReadmeListsEveryField(section: InfoSection) throws {
        let readme = try MarkdownDocument("README.md")
        let rows = try #require(readme.table("section")).filter { $0[0] == "`\(section.rawValue)`" }
        let listed = rows.flatMap { MarkdownDocument.code($0[1]) }
        #expect(Set(listed).count == listed.count, "no field twice")
        var info = full
        var lines = render(info, section)
        if section == .main {
            info.raft.role = .secondary
            lines += render(info, section)
        }
        let shown = Set(lines.flatMap(names))
        #expect(shown.subtracting(listed).sorted() == [], "add to the table of INFO in README.md")
        #expect(Set(listed).subtracting(shown).sorted() == [], "take out of the table of INFO in README.md")
    }

    /// Of a primary, with one of everything that INFO lists.
    private var full: HubInfo {
        var info = HubInfo()
        info.raft.role = .primary
        info.raft.hub = HubID(1)
        info.members = (1...2).map(FakeHub.member)
        let servers = [1, 2].map { ServerDescription(id: ServerID($0), address: Address(host: "h", port: 9221)) }
        _ = info.state.apply(.seed(servers: servers))
        info.routes = [HubInfo.Route(source: ServerID(1), destination: ServerID(2))]
        info.unrelayedCommands = ["sadd": 1]
        info.warnings = ["something"]
        return info
    }

    private func render(_ info: HubInfo, _ section: InfoSection) -> [Substring] {
        InfoRenderer(info: info, clients: ClientRegistry.Statistics()).render([section]).split(separator: "\r\n")
    }

    /// The names in a line: the one before the colon, and those of its parts. What is counted or named by the group
    /// has a placeholder.
    private func names(_ line: Substring) -> [String] {
        guard line.first?.isLetter == true, let colon = line.firstIndex(of: ":") else { return [] }
        if line.contains(", ip:") {
            return line.split(separator: ", ").map { String($0.prefix { $0 != ":" }) }
        }
        let parts = line[colon...].dropFirst().split(separator: ",").filter { $0.contains("=") }
        let placeholders = [
            "server_": "server_ID", "hub_": "hub_ID", "peer_": "peer_ID", "route_": "route_SOURCE_DESTINATION",
            "warning_": "warning_NUMBER", "unrelayed_": "unrelayed_NAME",
        ]
        let name = String(line[..<colon])
        let isOneOfMany = !parts.isEmpty || name.hasPrefix("warning_") || name.hasPrefix("unrelayed_")
        let shown = isOneOfMany ? placeholders.first { name.hasPrefix($0.key) }?.value : nil
        return [shown ?? name] + parts.map { String($0.prefix { $0 != "=" }) }
    }
}
