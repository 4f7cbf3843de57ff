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

    /// How the positions of an original pika_hub are given to this one: what lies before one is not delivered again.
    @Test func deliveryGoesOnFromAPositionSetByHand() async throws {
        try await withCluster(2) { cluster in
            try await cluster.startServers()
            let (source, destination) = (cluster.servers[0], cluster.servers[1])
            try await cluster.hub.start()
            try await source.ask("INCR", "before")
            try await cluster.awaitEqual()
            #expect(await cluster.hub.process.stop() == 0)

            try await source.run([["SET", "skipped", "1"], ["INCR", "skipped too"]])
            let place = try #require(try await source.info("log")["binlog_offset"])
            try await source.run([["INCR", "after"]])
            let (status, output) = try await cluster.inspect(
                ["set-offset"], ["1", "2", place.split(separator: " ").joined(separator: ":"), "--yes"])
            #expect(status == 0, "\(output)")
            try await cluster.hub.start()
            try await eventually("what follows the position is there") {
                try await destination.ask("GET", "after").text == "1"
            }
            #expect(try await destination.ask("GET", "skipped") == .null)
            #expect(try await destination.ask("GET", "skipped too") == .null)
            #expect(try await destination.ask("GET", "before").text == "1")
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
