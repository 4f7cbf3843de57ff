import Foundation
import HubSync
import Testing

/// The files of `conf/` as somebody would try them, changed in ports and paths only.
@Suite struct ExampleConfigurationTests {
    @Test func theFilesOfThreeHubsMakeAGroup() async throws {
        try await withCluster(2, hubs: 3) { cluster in
            var ports = ["9221": cluster.servers[0].port, "9222": cluster.servers[1].port]
            for (number, hub) in cluster.hubs.enumerated() {
                ports["931\(number + 1)"] = hub.raftPort
                ports["690\(number + 1)"] = hub.adminPort
            }
            for (number, hub) in cluster.hubs.enumerated() {
                let name = "hub\(number + 1)"
                let example = try String(contentsOf: Self.examples.appending(path: "\(name).conf"), encoding: .utf8)
                // Whole numbers, in one pass: a free port may contain the digits of another one.
                let text = example.replacing(/[0-9]+/) { match in
                    ports[String(match.output)].map(String.init) ?? String(match.output)
                }
                try text.replacing("./\(name)", with: cluster.directory.appending(path: name).path)
                    .write(to: hub.configurationFile, atomically: true, encoding: .utf8)
            }
            try await cluster.startServers()
            try await cluster.startHubs()
            let leader = try await cluster.primary().info()["hub_id"]
            for hub in cluster.hubs {
                try await eventually("every hub knows the primary") { try await hub.info()["leader_id"] == leader }
            }
            try await arrives(from: cluster.servers[0], at: cluster.servers[1])
            try await arrives(from: cluster.servers[1], at: cluster.servers[0])
        }
    }

    private static let examples = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "conf/three_hubs")
}
