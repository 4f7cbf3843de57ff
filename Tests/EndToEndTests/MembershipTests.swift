import HubSync
import Testing

/// Hubs that join a group and leave it.
@Suite struct MembershipTests {
    @Test func theFirstThreeHubsAreReplacedWhileWritesRun() async throws {
        try await withCluster(2, hubs: 3, joiners: 2) { cluster in
            try await cluster.startServers()
            for hub in cluster.hubs.prefix(3) { try await hub.start() }
            try await arrives(from: cluster.servers[0], at: cluster.servers[1])
            let (old, new) = (cluster.hubs.prefix(3), cluster.hubs.suffix(2))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for server in cluster.servers {
                    group.addTask { try await write(to: server, until: { Task.isCancelled }) }
                }
                let absent = try await old[0].ask("ADD", new[3].raftAddress)
                #expect(absent.text?.contains("cannot be reached, start it first") == true)
                for hub in new {
                    try await hub.start()
                    try await accepted("ADD", hub, on: old[1])
                }
                try await eventually("the new hubs are voters") {
                    let hubs = try await old[0].ask("INFO", "hubs").text ?? ""
                    return hubs.contains("hubs:5") && !hubs.contains("role=learner")
                }
                for hub in old {
                    try await accepted("REMOVE", hub, on: new[4])
                    await hub.process.kill()
                }
                let info = try await new[3].info()
                #expect(info["hubs"] == "2")
                try await arrives(from: cluster.servers[1], at: cluster.servers[0])
                group.cancelAll()
                try await group.waitForAll()
            }
            try await cluster.awaitEqual()
        }
    }

    @Test func aHubThatLostItsDiskIsRefusedUntilItIsAddedAgain() async throws {
        try await withCluster(2, hubs: 3) { cluster in
            try await cluster.startServers()
            try await cluster.startHubs()
            try await arrives(from: cluster.servers[0], at: cluster.servers[1])
            for hub in cluster.hubs {
                try await eventually("the group knows every hub") {
                    try await hub.info().filter { $0.key.hasPrefix("hub_") && !$0.value.contains("admin=,") }.count >= 4
                }
            }
            let primary = try await cluster.primary()
            let lost = try #require(cluster.hubs.first { $0.raftPort != primary.raftPort })
            await lost.process.kill()
            try lost.loseDisk()
            try await lost.start()
            #expect(await lost.process.exitStatus() == 1)
            #expect(try await lost.process.printed().contains("tell the group REMOVE and then ADD ip:port of this hub"))
            var told = ""
            for hub in cluster.hubs where hub.raftPort != lost.raftPort { told += try await hub.process.printed() }
            #expect(told.contains("hub-refused: the hub at \(lost.raftAddress)"), "whichever it reached first")

            try await accepted("REMOVE", lost, on: primary)
            try await lost.start()
            try await accepted("ADD", lost, on: primary)
            try await eventually("it is a voter") {
                let hubs = try await primary.ask("INFO", "hubs").text ?? ""
                return hubs.contains("hubs:3") && !hubs.contains("role=learner")
            }
            try await eventually("it follows the primary") {
                try await lost.info()["primary"] == "127.0.0.1:\(primary.adminPort)"
            }
        }
    }

    /// One is the primary, the other is away when it is removed.
    @Test func hubsThatWereRemovedSaySoAndAnswerOnlyForThemselves() async throws {
        try await withCluster(2, hubs: 3) { cluster in
            try await cluster.startServers()
            try await cluster.startHubs()
            try await arrives(from: cluster.servers[0], at: cluster.servers[1])
            let primary = try await cluster.primary()
            let others = cluster.hubs.filter { $0.raftPort != primary.raftPort }
            let (away, last) = (others[0], others[1])
            await away.process.kill()
            try await accepted("REMOVE", away, on: last)
            try await accepted("REMOVE", primary, on: last)
            try await away.start()

            let text = "this hub was removed from its group"
            for hub in [away, primary] {
                try await eventually("INFO says that it was removed") {
                    try await hub.ask("INFO", "warnings").text?.contains("warning_1:\(text)") == true
                }
                let info = try await hub.info()
                #expect(info["role"] == "secondary" && info["leader_id"] == "")
                for command in ["SERVERS", "HUBS", "FAILOVER"] {
                    #expect(try await hub.ask(command).text?.hasPrefix("ERR \(text)") == true, "\(command)")
                }
                #expect(try await hub.ask("PING") == .status("PONG"))
                try await eventually("the log says it") { try await hub.process.printed().contains("removed: \(text)") }
            }
            #expect(try await cluster.primary().raftPort == last.raftPort)
            try await arrives(from: cluster.servers[1], at: cluster.servers[0])
            try await cluster.awaitEqual()
        }
    }

    @Test func aHubThatWaitsToJoinStopsCleanly() async throws {
        try await withCluster(2, hubs: 3) { cluster in
            try await cluster.hub.start()
            try await eventually("INFO says what it waits for") {
                try await cluster.hub.ask("INFO", "warnings").text?.contains("this hub has not joined a group yet")
                    == true
            }
            #expect(await cluster.hub.process.stop() == 0)
        }
    }

    /// Says a command until it is accepted: an election may be under way.
    private func accepted(_ command: String, _ hub: TestHub, on other: TestHub) async throws {
        try await eventually("\(command) \(hub.raftAddress)", every: .milliseconds(200)) {
            let reply = try await other.ask(command, hub.raftAddress)
            // What was done although its answer was lost.
            return reply == .status("OK") || reply.text?.contains("is not a hub of the group") == true
        }
    }
}
