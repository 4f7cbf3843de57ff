import Foundation
import HubSync
import TestSupport
import Testing

/// A server of a test: a `pika_sim` of its own, or a real Pika (`RealPika`).
struct TestServer: Sendable {
    let id: Int
    let place: Place
    let port: Int
    let password: String
    let data: URL
    let process: ChildProcess

    /// - Parameters:
    ///   - name: of its files; nil: by its id.
    ///   - place: where it runs.
    init(
        id: Int, name: String? = nil, place: Place, password: String, options: [String], in directory: URL
    ) throws {
        let name = name ?? "server\(id)"
        self.id = id
        self.place = place
        self.password = password
        port = FreePorts.reserve(withOneAt: 1100)
        data = directory.appending(path: name)
        let output = directory.appending(path: "\(name).out")
        if let pika = RealPika.executable {
            let file = try RealPika.configure(port: port, id: id, password: password, options: options, data: data)
            process = ChildProcess(executable: pika, ["-c", file.path], in: place, output: output)
            return
        }
        var arguments = ["--port", "\(port)", "--server-id", "\(id)", "--dir", data.path, "--bind", place.host]
        arguments += ["--host-ip", place.host, "--poll-interval", "200", "--wait-interval", "200"]
        if !password.isEmpty { arguments += ["--requirepass", password] }
        process = try ChildProcess("pika_sim", arguments + options, in: place, output: output)
    }

    /// Starts it; returns when it answers.
    func start() async throws {
        try await process.start()
        try await eventually("server \(id) answers") { try await ask("PING") == .status("PONG") }
    }

    /// A connection that has given the password.
    func connect() async throws -> RedisClient {
        let client = try await RedisClient.connect(port, in: place)
        if !password.isEmpty { _ = try await client.send("AUTH", password) }
        return client
    }

    /// Sends commands together, on a connection of their own.
    @discardableResult
    func send(_ commands: [[String]]) async throws -> [Reply] {
        let client = try await connect()
        defer { client.close() }
        return try await client.send(commands)
    }

    @discardableResult
    func ask(_ command: String...) async throws -> Reply {
        try await send([command]).first ?? .null
    }

    /// Sends commands together and expects none to be refused.
    func run(_ commands: [[String]], sourceLocation: SourceLocation = #_sourceLocation) async throws {
        for (command, reply) in zip(commands, try await send(commands)) {
            if case .error(let text) = reply {
                Issue.record("\(command.joined(separator: " ")): \(text)", sourceLocation: sourceLocation)
            }
        }
    }

    func contents() async throws -> Contents {
        let client = try await connect()
        defer { client.close() }
        return try await Contents.read(client)
    }

    /// The numbers and texts of one section of INFO.
    func info(_ section: String) async throws -> [String: String] {
        infoFields(try await ask("INFO", section).text ?? "")
    }
}

/// The `name:value` lines of INFO.
func infoFields(_ text: String) -> [String: String] {
    let pairs = text.split(whereSeparator: \.isNewline).compactMap { line -> (String, String)? in
        guard let colon = line.firstIndex(of: ":") else { return nil }
        return (String(line[..<colon]), String(line[line.index(after: colon)...].drop { $0 == " " }))
    }
    return Dictionary(pairs) { first, _ in first }
}
