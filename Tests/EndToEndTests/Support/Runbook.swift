import Foundation
import HubSync
import Testing

/// What a transcript of the README is replayed with: its ports and paths stand for those of a cluster, and what happens
/// in it is done to the cluster.
struct Runbook {
    let cluster: TestCluster
    /// By the admin ports that the README gives them; 6901 … also have the Raft ports 9311 … and the paths `hub1/floyd` ….
    let hubs: [String: TestHub]

    func replay(_ title: String) async throws {
        var ports: [String: Int] = [:]
        var paths: [String: String] = [:]
        for (port, hub) in hubs {
            ports[port] = hub.adminPort
            let number = port.suffix(1)
            ports["931\(number)"] = hub.raftPort
            paths[hubs.count == 1 ? "floyd" : "hub\(number)/floyd"] = hub.floydPath.path
        }
        for (number, server) in (cluster.servers + cluster.spares).enumerated() {
            ports["922\(number + 1)"] = server.port
        }
        let transcript = try #require(try Transcript.all(ports: ports, paths: paths).first { $0.title == title })
        try await transcript.replay(happen)
    }

    private func happen(_ event: String) async throws {
        guard let (subject, what) = parts(of: event) else { throw unknown(event) }
        if subject.hasPrefix("server "), let id = Int(subject.dropFirst(7)) {
            guard let server = cluster.servers.first(where: { $0.id == id }) else { throw unknown(event) }
            switch what {
            case "stopped": await server.process.kill()
            case "started again": try await server.start()
            case "backed up": try backUp(server.data)
            case "restored from that backup": try restore(server.data)
            default: throw unknown(event)
            }
            return
        }
        let port = subject == "the hub" ? "6868" : String(subject.dropFirst("the hub on ".count))
        guard let hub = hubs[port] else { throw unknown(event) }
        switch what {
        case "killed": await hub.process.kill()
        case "stopped": #expect(await hub.process.stop() == 0)
        case "started", "started again": try await start(hub)
        case "started without pika-servers":
            try hub.configure(except: "pika-servers")
            try await start(hub)
            try hub.configure()
        case "without its floyd-path": try hub.loseDisk()
        case "backed up": try backUp(hub.floydPath)
        case "restored from that backup": try restore(hub.floydPath)
        case "started again, and ends with status 1":
            try await hub.start()
            #expect(await hub.process.exitStatus() == 1)
        default: throw unknown(event)
        }
    }

    private func backUp(_ directory: URL) throws {
        try FileManager.default.copyItem(at: directory, to: directory.appendingPathExtension("backup"))
    }

    private func restore(_ directory: URL) throws {
        try FileManager.default.removeItem(at: directory)
        try FileManager.default.copyItem(at: directory.appendingPathExtension("backup"), to: directory)
    }

    private func start(_ hub: TestHub) async throws {
        try await hub.start()
        try await eventually("the hub answers") { try await hub.ask("PING") == .status("PONG") }
    }

    private func parts(of event: String) -> (subject: String, what: String)? {
        guard let verb = event.firstRange(of: " is ") else { return nil }
        return (String(event[..<verb.lowerBound]), String(event[verb.upperBound...]))
    }

    private func unknown(_ event: String) -> NeverHappened {
        NeverHappened(description: "the test does not know how '\(event)'")
    }
}
