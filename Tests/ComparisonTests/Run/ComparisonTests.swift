import Foundation
import HubSync
import PikaSim
import TestSupport
import Testing

@testable import Comparison

@Suite struct ComparisonTests {
    private static var quick: Comparison.Options {
        var options = Comparison.Options()
        (options.checks, options.intervalSeconds) = (3, 0.05)
        return options
    }

    private func words(_ line: String) -> [[UInt8]] { line.split(separator: " ").map { Array($0.utf8) } }

    private func run(_ lines: [String], at server: ServerAddress) async throws {
        let connection = try await RedisConnection.connect(server)
        defer { connection.close() }
        for (line, reply) in zip(lines, try await connection.send(lines.map(words))) {
            if case .error(let text) = reply { Issue.record("\(line): \(text)") }
        }
    }

    private func compare(
        _ servers: [ServerAddress], _ options: Comparison.Options = quick
    ) async throws -> Ledger.Figures {
        try await Comparison(servers, options: options).run(Display(isJSON: true, showsProgress: false))
    }

    private func withPikas(_ count: Int, _ body: ([ServerAddress]) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "compare-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        var servers: [PikaSim] = []
        for id in 1...count {
            var options = PikaSimOptions(directory: directory.appending(path: "\(id)").path)
            options.port = 0
            options.serverID = UInt32(id)
            options.requirepass = id == 1 ? "secret" : ""
            servers.append(try await PikaSim.start(options))
        }
        let addresses = servers.enumerated().compactMap { index, server in
            ServerAddress("127.0.0.1:\(server.port)" + (index == 0 ? ":secret" : ""))
        }
        do {
            try await body(addresses)
        } catch {
            Issue.record(error)
        }
        for server in servers { try await server.stop() }
        try FileManager.default.removeItem(at: directory)
    }

    /// The expiry is absolute: a slow machine may fill the servers seconds apart.
    private let data =
        (0..<1200).map { "SET s\($0) v\($0)" } + [
            "SET both x", "RPUSH both 1 2", "ZADD z 1 a 2 b", "SET e v",
            "EXPIREAT e \(Int(Date().timeIntervalSince1970) + 500)",
        ]

    @Test func equalServersAreEqual() async throws {
        try await withPikas(3) { servers in
            for server in servers { try await run(data, at: server) }
            // The names that are strings and lists are met twice.
            #expect(try await compare(servers).compared >= 1203)
            let figures = try await compare(servers)
            #expect((figures.different, figures.restless, figures.inQuestion) == (0, 0, 0))
        }
    }

    /// What only the last server has is found too; types of one name are told apart; so are expiries.
    @Test func everyKindOfDifferenceIsFound() async throws {
        try await withPikas(3) { servers in
            for server in servers { try await run(data, at: server) }
            try await run(["DEL s7", "SET s8 other"], at: servers[0])
            try await run(["RPUSH both 3", "EXPIRE s9 1000"], at: servers[1])
            try await run(["SET only here", "ZADD z 3 a", "EXPIRE e 510", "EXPIRE s10 1"], at: servers[2])
            let figures = try await compare(servers)
            // s10 differs too, until it has expired at one server and does still.
            #expect(figures.different + figures.restless == 8)
        }
    }

    @Test func longValuesAreReadInPieces() async throws {
        try await withPikas(2) { servers in
            let lists = (0..<1300).map { "RPUSH l e\($0)" } + (0..<1300).map { "ZADD z \($0) m\($0)" }
            for server in servers { try await run(lists, at: server) }
            #expect(try await compare(servers).different == 0)
            try await run(["LSET l 1250 x"], at: servers[1])
            try await run(["ZADD z 700.5 m700"], at: servers[0])
            #expect(try await compare(servers).different == 2)
        }
    }

    @Test func aSampleIsTheSameAtEveryServer() async throws {
        try await withPikas(2) { servers in
            for server in servers { try await run(data, at: server) }
            var options = Self.quick
            options.sample = 0.25
            let figures = try await compare(servers, options)
            #expect((200...400).contains(figures.compared) && figures.different == 0)
        }
    }

    @Test func aWrongPasswordIsSaid() async throws {
        try await withPikas(2) { servers in
            var wrong = servers
            wrong[0].password = "wrong"
            let refusal = await #expect(throws: ComparisonError.self) { try await compare(wrong) }
            #expect(refusal?.description.contains("refused AUTH") == true)
        }
    }

    @Test func noServerIsSaid() async throws {
        let nobody = try #require(ServerAddress("127.0.0.1:\(FreePorts.reserve())"))
        await #expect(throws: ComparisonError.self) { try await compare([nobody, nobody]) }
    }

    /// A Pika and a Redis, which has hashes and more in the same name space.
    @Test(.enabled(if: RedisServer.executable != nil))
    func redisServersAreComparedToo() async throws {
        try await RedisServer.with { redis in
            try await withPikas(1) { pikas in
                let both = [redis] + pikas
                for server in both { try await run(data.filter { !$0.contains("both") }, at: server) }
                try await run(["ZADD z 3.0000001 c"], at: redis)
                try await run(["ZADD z 3 c"], at: pikas[0])
                #expect(try await compare(both).different == 0)
                try await run(["HSET h f v", "SADD m a b", "XADD x * f v"], at: redis)
                #expect(try await compare(both).uncompared == ["hash": 1, "set": 1, "stream": 1])
                try await run(["SET s1 other"], at: redis)
                #expect(try await compare(both).different == 1)
            }
        }
    }
}
