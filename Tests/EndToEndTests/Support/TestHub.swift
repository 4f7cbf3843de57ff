import Foundation
import HubSync
import TestSupport

/// A hub of a test: a `pika_hub` of its own.
struct TestHub: Sendable {
    let place: Place
    let raftPort: Int
    let adminPort: Int
    let floydPath: URL
    let configurationFile: URL
    let settings: [String: String]
    let process: ChildProcess

    /// - Parameters:
    ///   - number: names its files.
    ///   - place: where it runs.
    ///   - raftPort: reserved.
    ///   - pikaServers: the value of `pika-servers`.
    ///   - settings: further settings.
    init(
        number: Int, place: Place, raftPort: Int, pikaServers: String, settings: [String: String], in directory: URL
    ) throws {
        self.place = place
        self.raftPort = raftPort
        floydPath = directory.appending(path: "floyd\(number)")
        adminPort = FreePorts.reserve(withOneAt: 1000)
        let usual = [
            "floyd-local-ip": place.host, "floyd-local-port": "\(raftPort)", "bind": place.host,
            "floyd-path": floydPath.path, "sdk-port": "\(adminPort)",
            "pika-servers": pikaServers,
        ]
        self.settings = usual.merging(settings) { $1 }
        configurationFile = directory.appending(path: "hub\(number).conf")
        process = try ChildProcess(
            "pika_hub", ["-c", configurationFile.path], in: place,
            output: directory.appending(path: "hub\(number).out"))
        try configure()
    }

    /// Writes its configuration file.
    /// - Parameter key: a setting that it is to lack.
    func configure(except key: String? = nil) throws {
        try settings.filter { $0.key != key }.sorted { $0.key < $1.key }.map { "\($0.key) : \($0.value)\n" }.joined()
            .write(to: configurationFile, atomically: true, encoding: .utf8)
    }

    /// Starts it, without waiting for anything.
    func start() async throws { try await process.start() }

    /// Where it listens for other hubs.
    var raftAddress: String { "\(place.host):\(raftPort)" }

    var adminAddress: String { "\(place.host):\(adminPort)" }

    /// Throws its `floyd-path` away.
    func loseDisk() throws { try FileManager.default.removeItem(at: floydPath) }

    func isPrimary() async throws -> Bool { try await info()["role"] == "primary" }

    func connect() async throws -> RedisClient {
        let client = try await RedisClient.connect(adminPort, in: place)
        if let password = settings["requirepass"] { _ = try await client.send("AUTH", password) }
        return client
    }

    @discardableResult
    func ask(_ command: String...) async throws -> Reply {
        let client = try await connect()
        defer { client.close() }
        guard let reply = try await client.send([command]).first else { return .null }
        return reply
    }

    func info() async throws -> [String: String] { infoFields(try await ask("INFO", "all").text ?? "") }

    /// Whether every record that it has received is acknowledged by all who are to have it.
    func hasNothingUnderWay() async throws -> Bool {
        let routes = try await info().filter { $0.key.hasPrefix("route_") }
        return !routes.isEmpty && routes.values.allSatisfy { $0.split(separator: ",").contains("lag_records=0") }
    }
}
