import Foundation
import HubSync
import TestSupport
import Testing

/// The README's procedures, each replayed with processes of its own.
@Suite(.serialized) struct RunbookTests {
    /// As the README's example has them: the hub, two servers, and a third one that is not in the sync yet.
    @Test(arguments: [
        "A hub is killed", "A server is away", "A master dies and its slave takes over", "A new server joins",
        "A server leaves", "A pause", "Settings while the hub runs",
    ]) func aProcedureRunsAsShown(title: String) async throws {
        try await withCluster(2) { cluster in
            let directory = cluster.directory.appending(path: "further")
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            let id = title == "A master dies and its slave takes over" ? 2 : 3
            let third = try TestServer(id: id, password: "", options: [], in: directory)
            do {
                try await cluster.startServers()
                try await cluster.hub.start()
                try await third.start()
                try await awaitServers(cluster.hub)
                let ports = [
                    "6868": cluster.hub.adminPort, "9221": cluster.servers[0].port, "9222": cluster.servers[1].port,
                    "9223": third.port,
                ]
                let transcript = try #require(try Transcript.all(ports: ports).first { $0.title == title })
                try await transcript.replay { event in
                    switch event {
                    case "the hub is killed": await cluster.hub.process.kill()
                    case "the hub is started again":
                        try await cluster.hub.start()
                        try await awaitServers(cluster.hub)
                    case "server 2 is stopped": await cluster.servers[1].process.kill()
                    case "server 2 is started again": try await cluster.servers[1].start()
                    default: throw NeverHappened(description: "the test does not know how '\(event)'")
                    }
                }
            } catch {
                await third.process.kill()
                throw error
            }
            await third.process.kill()
        }
    }

    private func awaitServers(_ hub: TestHub) async throws {
        try await eventually("the hub is primary and knows its servers") {
            try await hub.info()["servers"] == "2"
        }
    }

    /// No procedure of the README goes without a test.
    @Test func everyTranscriptIsReplayed() throws {
        let titles = try Transcript.all(ports: [:]).map(\.title)
        #expect(titles.count == 7 && Set(titles).count == 7, "\(titles)")
    }

    @Test(arguments: [
        ("a\nb\n", "a\nb\n", true), ("a\nb\n", "a\n", false), ("a\n", "a\nb\n", false), ("x=1,y=2\n", "x=…,y=2", true),
        ("x=1,y=3\n", "x=…,y=2", false), ("a\nb\nc\n", "a\n…\nc\n", true), ("a\nb\nc\n", "…\nb\n…\n", true),
        ("a\nb\n", "…\nc\n", false), ("1:2\r\n", "…:2\n", true), ("", "", true),
    ]) func outputIsComparedWithWhatIsShown(text: String, shown: String, isSame: Bool) {
        #expect(Transcript.matches(text, shown) == isSame)
    }
}
