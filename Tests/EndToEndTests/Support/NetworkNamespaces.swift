import Foundation
import TestSupport
import Testing

/// A network of its own: a place for servers and clients, and one for each hub, joined by a switch. Each is a network
/// namespace (network_namespaces(7)), so nothing of it is seen on the machine's own interfaces.
///
/// A place is cut off by taking its port off the switch: what is sent simply vanishes, and both sides still see a
/// plugged-in cable, as when a network breaks between two datacenters.
struct NetworkNamespaces: Sendable {
    /// Where servers are, and from where the test connects.
    let servers: Place
    let hubs: [Place]
    private let fabric: String

    /// Why there can be none; nil when there can.
    static let obstacle: String? = {
        guard let tool else { return "there is no 'ip' (iproute2)" }
        guard geteuid() == 0 else { return "network namespaces need root" }
        let name = "pika-hub-\(getpid())-probe"
        for arguments in [["netns", "add", name], ["netns", "del", name]] {
            let process = Process()
            process.executableURL = URL(filePath: tool)
            process.arguments = arguments
            process.standardError = FileHandle.nullDevice
            do { try process.run() } catch { return "\(error)" }
            process.waitUntilExit()
            guard process.terminationStatus == 0 else { return "this root may not make network namespaces" }
        }
        return nil
    }()

    /// The program `ip`.
    static let tool = ["/usr/sbin/ip", "/sbin/ip", "/usr/bin/ip", "/bin/ip"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// Takes the place of a hub off the network: nothing reaches it, nothing comes from it, and nobody is told.
    func cut(_ hub: Int) async throws {
        try await Self.ip(["-n", fabric, "link", "set", "dev", "hub\(hub)", "nomaster"])
    }

    func heal(_ hub: Int) async throws {
        try await Self.ip(["-n", fabric, "link", "set", "dev", "hub\(hub)", "master", "switch"])
    }

    fileprivate init(hubs count: Int) {
        let prefix = "pika-hub-\(getpid())-\(UInt16.random(in: .min ... .max))"
        fabric = "\(prefix)-switch"
        let clients = "\(prefix)-servers"
        servers = Place(host: "10.77.0.1", namespace: clients, clientNamespace: clients)
        hubs = (0..<count).map {
            Place(host: "10.77.0.\(11 + $0)", namespace: "\(prefix)-hub\($0)", clientNamespace: clients)
        }
    }

    fileprivate func make() async throws {
        try await Self.ip(["netns", "add", fabric])
        try await Self.ip(["-n", fabric, "link", "add", "name", "switch", "type", "bridge"])
        try await Self.ip(["-n", fabric, "link", "set", "dev", "switch", "up"])
        try await plug("servers", servers)
        for (number, hub) in hubs.enumerated() { try await plug("hub\(number)", hub) }
    }

    private func plug(_ port: String, _ place: Place) async throws {
        guard let namespace = place.namespace else { return }
        try await Self.ip(["netns", "add", namespace])
        try await Self.ip([
            "-n", fabric, "link", "add", "name", port, "type", "veth", "peer", "name", "eth0", "netns", namespace,
        ])
        try await Self.ip(["-n", fabric, "link", "set", "dev", port, "master", "switch", "up"])
        try await Self.ip(["-n", namespace, "address", "add", "\(place.host)/24", "dev", "eth0"])
        for device in ["lo", "eth0"] { try await Self.ip(["-n", namespace, "link", "set", "dev", device, "up"]) }
    }

    /// Ends it. What runs in it has to have ended.
    fileprivate func remove() async throws {
        for namespace in [servers.namespace, fabric] + hubs.map(\.namespace) {
            guard let namespace, FileManager.default.fileExists(atPath: "/run/netns/\(namespace)") else { continue }
            try await Self.ip(["netns", "del", namespace])
        }
    }

    private static func ip(_ arguments: [String]) async throws {
        let (status, output) = try await run(tool ?? "ip", arguments)
        guard status == 0 else {
            throw NeverHappened(description: "ip \(arguments.joined(separator: " ")): \(output)")
        }
    }
}

/// Runs a test with a network of its own, and removes that afterwards.
func withNetwork(hubs: Int, _ body: (NetworkNamespaces) async throws -> Void) async throws {
    let network = NetworkNamespaces(hubs: hubs)
    do {
        try await network.make()
        try await body(network)
    } catch {
        try await network.remove()
        throw error
    }
    try await network.remove()
}
