import FoundationEssentials
import Testing

@testable import PikaSim

/// The simulator through its sockets, with short polls.
@Suite struct PikaSimServerTests {
    /// Runs a test with a server in a directory of its own, and removes both.
    private func withServer(
        fileSize: UInt64 = 100 << 20, id: UInt32 = 1, password: String = "", purgeMilliseconds: Int = 3_600_000,
        _ test: (PikaSim, TestClient) async throws -> Void
    ) async throws {
        let directory = temporaryDirectory()
        var options = PikaSimOptions(directory: directory)
        options.port = 0
        options.pollMilliseconds = 20
        options.waitMilliseconds = 20
        options.binlogFileSize = fileSize
        options.serverID = id
        options.requirepass = password
        options.purgeMilliseconds = purgeMilliseconds
        let server = try await PikaSim.start(options)
        do {
            try await test(server, try await TestClient(port: server.port))
        } catch {
            Issue.record(error)
        }
        try await server.stop()
        try FileManager.default.removeItem(atPath: directory)
    }

    private func temporaryDirectory() -> String {
        FileManager.default.temporaryDirectory.appending(path: "pika_sim-\(UUID())").path()
    }

    /// Asks for `file` and opens the two connections.
    private func sync(_ server: PikaSim, _ client: TestClient, _ hub: TestHub, file: Int) async throws -> [TestClient] {
        #expect(try await client.ask("internaltrysync 127.0.0.1 \(hub.port) \(file) 0 0") == "+OK")
        let links = [try await TestClient(port: server.port + 1100), try await TestClient(port: server.port + 1100)]
        for link in links { #expect(try await link.ask("PING") == "+PONG") }
        return links
    }

    /// `binlog_offset:<file> <offset>`.
    private func binlogEnd(_ client: TestClient) async throws -> String {
        String(try await client.ask("info log").split(separator: "\r\n").last ?? "")
    }

    /// Reads INFO hub until its stage is `stage`.
    private func wait(_ client: TestClient, until stage: String) async throws {
        while !(try await client.ask("info hub").contains("Hub stage: \(stage)\r\n")) {}
    }

    @Test(.timeLimit(.minutes(5))) func recordsReachTheHubWithTheirStamps() async throws {
        try await withServer { server, client in
            let hub = try await TestHub()
            _ = try await sync(server, client, hub, file: 0)
            for line in ["set a 1", "MSET b 2 c 3", "expireat a 4000000000"] { _ = try await client.ask(line) }
            let records = await hub.next(4)
            #expect(records.map(\.text) == ["set a 1", "set b 2", "set c 3", "expireat a 4000000000"])
            #expect(records.map(\.offset) == [0, 93, 93, 271])
            #expect(try await client.ask("info log").contains("binlog_offset:0 379\r\n"))
            try await hub.close()
        }
    }

    @Test(.timeLimit(.minutes(5))) func aThirdConnectionIsRefused() async throws {
        try await withServer { server, client in
            let hub = try await TestHub()
            let links = try await sync(server, client, hub, file: 0)
            try await TestClient(port: server.port + 1100).waitUntilClosed()
            #expect(try await links[0].ask("PING") == "+PONG")
            try await wait(client, until: "STARTED")
            try await hub.close()
        }
    }

    /// The roll's odd stamp, files side by side, and nothing missing or twice.
    @Test(.timeLimit(.minutes(5))) func aBacklogOfManyFilesArrivesOnSeveralConnections() async throws {
        try await withServer(fileSize: 1024) { server, client in
            for number in 0..<300 { _ = try await client.ask("set key\(number) v") }
            let hub = try await TestHub()
            _ = try await sync(server, client, hub, file: 0)
            let records = await hub.next(300)
            #expect(Set(records.map(\.text)) == Set((0..<300).map { "set key\($0) v" }))
            #expect(Set(records.map(\.connection)).count == 10)
            // Sorted by stamp they stand in the order of writing, so the first record of a file still names the
            // file before it.
            let sorted = records.sorted { ($0.file, $0.offset) < ($1.file, $1.offset) }
            #expect(sorted.map(\.text) == (0..<300).map { "set key\($0) v" })
            #expect(sorted.allSatisfy { $0.file == 0 || $0.offset > 0 })
            try await hub.close()
        }
    }

    @Test(.timeLimit(.minutes(5))) func deliveredCommandsAreAppliedAndNotSentBack() async throws {
        try await withServer { server, client in
            let hub = try await TestHub()
            let links = try await sync(server, client, hub, file: 0)
            for number in 0..<100 { try await links[0].send("set hub\(number) v") }
            #expect(try await links[0].ask("PING") == "+PONG")
            while try await client.ask("dbsize") != ":100" {}
            #expect(try await links[0].ask("hset h f v").hasPrefix("-Err "))
            _ = try await client.ask("set local 1")
            #expect(await hub.next()?.text == "set local 1")
            try await hub.close()
        }
    }

    @Test(.timeLimit(.minutes(5))) func whileStartedAnotherRequestChangesNothing() async throws {
        try await withServer { server, client in
            let hub = try await TestHub()
            _ = try await sync(server, client, hub, file: 0)
            let other = try await TestHub()
            #expect(try await client.ask("internaltrysync 127.0.0.1 \(other.port) 0 0 1") == "+OK")
            #expect(try await client.ask("info hub").contains("Connected hub: 127.0.0.1:\(hub.port + 1000)\r\n"))
            _ = try await client.ask("set a 1")
            #expect(await hub.next()?.text == "set a 1")
            try await hub.close()
            try await other.close()
        }
    }

    @Test(.timeLimit(.minutes(5))) func aRequestWithAnOffsetTakesTheServerOver() async throws {
        try await withServer(fileSize: 1024) { server, client in
            for number in 0..<20 { _ = try await client.ask("set key\(number) v") }
            let dead = try await TestHub()
            let deadLinks = try await sync(server, client, dead, file: 0)
            let hub = try await TestHub()
            #expect(try await client.ask("internaltrysync 127.0.0.1 \(hub.port) 1 1 0") == "+OK")
            #expect(try await client.ask("internaltrysync 127.0.0.1 \(hub.port) 1 0 0") == "+OK")
            for link in deadLinks { try await link.waitUntilClosed() }
            try await wait(client, until: "STOPED")
            _ = try await sync(server, client, hub, file: 1)
            let first = try #require(await hub.next())
            #expect(first.file == 0)
            #expect(first.offset > 1024)
            try await hub.close()
            try await dead.close()
        }
    }

    @Test(.timeLimit(.minutes(5))) func afterAKillDataAndBinlogGoOn() async throws {
        let directory = temporaryDirectory()
        var options = PikaSimOptions(directory: directory)
        options.port = 0
        options.pollMilliseconds = 20
        options.waitMilliseconds = 20
        options.workerDelayMilliseconds = 60_000
        let killed = try await PikaSim.start(options)
        let before = try await TestClient(port: killed.port)
        let hub = try await TestHub()
        let links = try await sync(killed, before, hub, file: 0)
        for line in ["set a 1", "rpush l x y", "incr n"] { _ = try await before.ask(line) }
        try await links[0].send("set queued 1")
        #expect(try await links[0].ask("PING") == "+PONG")
        let end = try await binlogEnd(before)
        try await killed.kill()

        let server = try await PikaSim.start(options)
        let client = try await TestClient(port: server.port)
        #expect(try await binlogEnd(client) == end)
        #expect(try await client.ask("llen l") == ":2")
        #expect(try await client.ask("get n") == "1")
        #expect(try await client.ask("get queued") == "$-1")
        try await server.stop()
        try await hub.close()
        try FileManager.default.removeItem(atPath: directory)
    }

    @Test(.timeLimit(.minutes(5))) func aSlaveHasItsMastersPositionsAndTellsNoHub() async throws {
        try await withServer(fileSize: 1024) { master, onMaster in
            for number in 0..<50 { _ = try await onMaster.ask("set key\(number) v") }
            try await withServer(fileSize: 1024, id: 2) { slave, onSlave in
                #expect(try await onSlave.ask("slaveof 127.0.0.1 \(master.port)") == "+OK")
                while try await onSlave.ask("get key49") != "v" {}
                let end = try await binlogEnd(onMaster)
                #expect(try await binlogEnd(onSlave) == end)
                #expect(try await onSlave.ask("set x 1") == "-ERR Server in read-only")
                #expect(try await onSlave.ask("slaveof no one") == "+OK")
                _ = try await onSlave.ask("set promoted 1")
                let hub = try await TestHub()
                _ = try await sync(slave, onSlave, hub, file: 0)
                #expect(await hub.next()?.text == "set promoted 1")
                try await hub.close()
            }
        }
    }

    /// The master no longer has the slave's file: the slave gets a copy of the data and goes on at the master's end.
    @Test(.timeLimit(.minutes(5))) func aSlaveThatComesTooLateIsCopiedTo() async throws {
        try await withServer(fileSize: 1024, purgeMilliseconds: 20) { master, onMaster in
            for number in 0..<300 { _ = try await onMaster.ask("set key\(number) v") }
            _ = try await onMaster.ask("rpush l a b")
            while try await onMaster.ask("internaltrysync 127.0.0.1 1 0 0 0") == "+OK" {}
            try await withServer(fileSize: 1024, id: 2) { _, onSlave in
                _ = try await onSlave.ask("slaveof 127.0.0.1 \(master.port)")
                while try await onSlave.ask("dbsize") != ":301" {}
                #expect(try await binlogEnd(onSlave) == binlogEnd(onMaster))
                _ = try await onMaster.ask("rpush l c")
                while try await onSlave.ask("llen l") != ":3" {}
                #expect(try await binlogEnd(onSlave) == binlogEnd(onMaster))
            }
        }
    }

    @Test(.timeLimit(.minutes(5))) func aPasswordIsWanted() async throws {
        try await withServer(password: "secret") { _, client in
            var answers: [String] = []
            for line in ["get a", "auth wrong", "AUTH secret", "get a"] { answers.append(try await client.ask(line)) }
            #expect(
                answers == ["-ERR NOAUTH Authentication required.", "-ERR invalid password", "+OK", "$-1"])
        }
    }

    @Test(.timeLimit(.minutes(5))) func oldFilesArePurgedButNotTheNewestTen() async throws {
        try await withServer(fileSize: 1024, purgeMilliseconds: 20) { server, client in
            for number in 0..<300 { _ = try await client.ask("set key\(number) v") }
            while try await client.ask("internaltrysync 127.0.0.1 1 0 0 0") == "+OK" {}
            #expect(try await client.ask("internaltrysync 127.0.0.1 1 999 0 0") == "-ERR InvalidOffset")
        }
    }
}
