import Foundation
import HubSync
import Testing

/// `pika_hub_inspect` beside real hubs.
@Suite struct InspectTests {
    @Test func aRunningHubsDirectoryIsReadAndFoundHealthy() async throws {
        try await withCluster(2, passwords: ["geheim"]) { cluster in
            try await cluster.startServers()
            try await cluster.hub.start()
            try await eventually("the hub has its servers") {
                try await cluster.hub.info().keys.contains("route_1_2")
            }
            let load = Task {
                var round = 0
                while !Task.isCancelled {
                    try await cluster.servers[0].run((0..<200).map { ["SET", "key\($0)", "value \(round)"] })
                    round += 1
                }
            }
            for _ in 0..<5 {
                for command in [["verify"], ["summary"], ["log"], ["state"], ["offsets"], ["relay", "--records"]] {
                    let (status, output) = try await cluster.inspect(command)
                    #expect(status == 0, "\(command): \(output.suffix(2000))")
                    #expect(!output.contains("geheim"))
                }
            }
            load.cancel()
            try await load.value
            let pid = try #require(await cluster.hub.process.pid)
            #expect(try await cluster.inspect(["summary"]).output.contains("in use by pid \(pid)"))
            #expect(try await cluster.inspect(["set-offset"], ["1", "2", "0", "--yes"]).status == 1)
            try await cluster.awaitEqual()
        }
    }

    /// The way over from an original pika_hub without a gap: the new hub is started once without servers, given the
    /// positions up to which the old one has delivered, and then its servers.
    @Test func deliveryGoesOnFromPositionsSetByHand() async throws {
        try await withCluster(2) { cluster in
            try await cluster.startServers()
            let (source, destination) = (cluster.servers[0], cluster.servers[1])
            try cluster.hub.configure(except: "pika-servers")
            try await cluster.hub.start()
            try await eventually("the hub answers") { try await cluster.hub.ask("PING") == .status("PONG") }
            #expect(await cluster.hub.process.stop() == 0)

            try await source.run([["SET", "delivered", "by the old hub"], ["INCR", "delivered too"]])
            for (from, to) in [(source, "2"), (destination, "1")] {
                let place = try #require(try await from.info("log")["binlog_offset"]).split(separator: " ")
                let arguments = ["\(from.id)", to, place.joined(separator: ":"), "--yes"]
                let (status, output) = try await cluster.inspect(["set-offset"], arguments)
                #expect(status == 0, "\(output)")
            }
            try await source.run([["INCR", "after"]])

            try cluster.hub.configure()
            try await cluster.hub.start()
            try await eventually("what follows the positions is there") {
                try await destination.ask("GET", "after").text == "1"
            }
            #expect(try await destination.ask("GET", "delivered") == .null)
            #expect(try await destination.ask("GET", "delivered too") == .null)
            #expect(try await cluster.inspect(["verify"]).status == 0)
        }
    }
}

extension TestCluster {
    /// Runs `pika_hub_inspect` on the hub's directory.
    fileprivate func inspect(
        _ command: [String], _ arguments: [String] = []
    ) async throws -> (status: Int32?, output: String) {
        let floydPath = hub.settings["floyd-path"] ?? ""
        let output = directory.appending(path: "inspect-\(UUID().uuidString)")
        let process = try ChildProcess(
            "pika_hub_inspect", command.prefix(1) + [floydPath] + command.dropFirst() + arguments, output: output)
        try await process.start()
        return (await process.exitStatus(), try await process.printed())
    }
}
