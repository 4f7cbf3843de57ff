import HubSync
import TestSupport
import Testing

/// The README's procedures, each replayed with processes of its own.
@Suite(.serialized) struct RunbookTests {
    static let ofOneHub = [
        "A hub is killed", "A server is away", "A master dies and its slave takes over", "A new server joins",
        "A server leaves", "A pause", "Settings while the hub runs", "A password",
        "From the original to this hub without a gap",
    ]
    static let withBackups = ["A floyd-path from a backup", "A server from a backup"]
    static let ofAGroup = [
        "A hub of a group dies and comes back", "The majority of the hubs is gone", "The primary hands over",
        "A hub takes the place of another", "A hub has lost its floyd-path",
        "A server moves and another joins, said on a secondary", "The majority of the hubs is lost for good",
    ]

    /// As the README's example has them: the hub, two servers, and a third one that is not in the sync yet.
    @Test(arguments: ofOneHub) func aProcedureRunsAsShown(title: String) async throws { try await replay(title) }

    @Test(arguments: withBackups) func aProcedureWithABackupRunsAsShown(title: String) async throws {
        try await replay(title)
    }

    private func replay(_ title: String) async throws {
        let id = title == "A master dies and its slave takes over" ? 2 : 3
        try await withCluster(2, spares: [id]) { cluster in
            let isFirstStart = title == "From the original to this hub without a gap"
            try await cluster.startServers()
            try await cluster.spares[0].start()
            if !isFirstStart {
                try await cluster.hub.start()
                try await awaitServers(cluster.hub)
            }
            try await Runbook(cluster: cluster, hubs: ["6868": cluster.hub]).replay(title)
        }
    }

    /// As the README has them: three hubs, the first of them primary, a fourth that waits to be started, and three
    /// servers of which two are in the sync, the third has the first one's id.
    @Test(arguments: ofAGroup) func aProcedureOfAGroupRunsAsShown(title: String) async throws {
        try await withCluster(2, hubs: 3, joiners: 1, spares: [1, 3]) { cluster in
            try await cluster.startServers()
            for spare in cluster.spares { try await spare.start() }
            for hub in cluster.hubs.prefix(3) { try await hub.start() }
            let primary = try await cluster.primary()
            for hub in cluster.hubs.prefix(3) {
                try await awaitServers(hub)
                // A hub that another does not know yet is not missed when it has lost its disk.
                try await eventually("all hubs know each other") {
                    try await hub.info().filter { $0.key.hasPrefix("hub_") && $0.value.contains("admin=1") }.count == 3
                }
            }
            let others = cluster.hubs.filter { $0.raftPort != primary.raftPort }
            let hubs = zip(["6901", "6902", "6903", "6904"], [primary] + others)
            try await Runbook(cluster: cluster, hubs: Dictionary(uniqueKeysWithValues: hubs)).replay(title)
        }
    }

    private func awaitServers(_ hub: TestHub) async throws {
        try await eventually("the hub has a primary and knows the servers") {
            let info = try await hub.info()
            return info["servers"] == "2" && info["leader_id"] != ""
        }
    }

    /// No procedure of the README goes without a test.
    @Test func everyTranscriptIsReplayed() throws {
        let titles = try Transcript.all().map(\.title)
        #expect(titles.sorted() == (Self.ofOneHub + Self.withBackups + Self.ofAGroup).sorted())
    }

    @Test(arguments: [
        ("a\nb\n", "a\nb\n", true), ("a\nb\n", "a\n", false), ("a\n", "a\nb\n", false), ("x=1,y=2\n", "x=…,y=2", true),
        ("x=1,y=3\n", "x=…,y=2", false), ("a\nb\nc\n", "a\n…\nc\n", true), ("a\nb\nc\n", "…\nb\n…\n", true),
        ("a\nb\n", "…\nc\n", false), ("1:2\r\n", "…:2\n", true), ("", "", true),
    ]) func outputIsComparedWithWhatIsShown(text: String, shown: String, isSame: Bool) {
        #expect(Transcript.matches(text, shown) == isSame)
    }
}
