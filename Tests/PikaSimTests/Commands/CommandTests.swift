import Testing

@testable import PikaSim

/// `+OK`, `-ERR …`, `:1`, `'bulk'`, `nil`, `nilarray`, `[a, b]`; a zero byte is `\0`.
private func described(_ reply: Reply) -> String {
    switch reply {
    case .ok: "+OK"
    case .status(let text): "+" + text
    case .error(let text): "-" + text
    case .integer(let value): ":\(value)"
    case .bulk(let bytes): "'" + bytes.map { $0 == 0 ? "\\0" : String(Unicode.Scalar($0)) }.joined() + "'"
    case .null: "nil"
    case .nullArray: "nilarray"
    case .array(let items): "[" + items.map(described).joined(separator: ", ") + "]"
    }
}

@Suite struct CommandTests {
    private static let now: Int64 = 1_795_368_000
    private var keyspace = Keyspace()

    private mutating func run(_ line: String, at now: Int64 = now) -> String {
        let words = line.split(separator: " ").map { $0 == "\"\"" ? Bytes() : Bytes(String($0)) }
        guard let command = Command.table[words[0].lowercased] else { return "unknown" }
        guard command.accepts(words.count) else { return described(.wrongNumber(words[0].lowercased)) }
        return described(command.run(&keyspace, words, now))
    }

    @Test mutating func theTranscriptOfARealServer() {
        for line in transcript.split(separator: "\n") {
            let parts = line.split(separator: " => ", maxSplits: 1).map(String.init)
            let answer = run(parts[0])
            #expect(answer == parts[1], "\(parts[0])")
        }
    }

    @Test mutating func aKeyLivesThroughTheSecondOfItsExpiry() {
        let answers = [
            run("set k v"), run("expireat k \(Self.now + 10)"), run("ttl k"), run("get k", at: Self.now + 10),
            run("ttl k", at: Self.now + 10), run("get k", at: Self.now + 11), run("ttl k", at: Self.now + 11),
        ]
        #expect(answers == ["+OK", ":1", ":11", "'v'", ":1", "nil", ":-2"])
    }

    /// The second in which it was set is one of them.
    @Test(arguments: [
        "set k 1 ex 10", "set k 1 px 10999", "setex k 10 1", "set k 1;expire k 10", "set k 1;pexpire k 10999",
    ])
    mutating func aKeyLivesForTheSecondsThatItIsGiven(lines: String) {
        for line in lines.split(separator: ";") { _ = run(String(line)) }
        let answers = [
            run("ttl k"), run("incr k", at: Self.now + 9), run("ttl k", at: Self.now + 9),
            run("ttl k", at: Self.now + 10),
        ]
        #expect(answers == [":10", ":2", ":1", ":-2"])
    }

    /// Seen on a real Pika 2.3.8: nothing reaches the expiry of what was emptied, and it is there again with the next
    /// element.
    @Test(arguments: [("rpush k a", "ltrim k 1 0"), ("zadd k 1 a", "zrem k a")])
    mutating func theExpiryOfWhatWasEmptiedWaitsForTheNextElement(fill: String, empty: String) {
        _ = [fill, "expire k 100", empty].map { run($0) }
        #expect(["ttl k", "del k", "persist k", "expire k 200"].map { run($0) } == [":-2", ":0", ":0", ":0"])
        #expect([run(fill), run("ttl k"), run("del k"), run(fill), run("ttl k")] == [":1", ":100", ":1", ":1", ":-1"])
    }

    @Test mutating func anExpiryThatIsOverDeletesAtOnce() {
        for line in ["expireat k \(Self.now)", "expire k 0", "pexpire k 999"] {
            #expect([run("set k 1"), run(line), run("get k")] == ["+OK", ":1", "nil"])
        }
    }

    @Test mutating func aTimeBeyond2038WrapsIntoThePast() {
        let answers = [run("set k 1"), run("expireat k 9999999999"), run("get k")]
        #expect(answers == ["+OK", ":1", "nil"])
    }

    @Test mutating func aSnapshotBuildsTheSameData() throws {
        for line in [
            "set s v ex 9", "rpush l a b", "expire l 5", "zadd z 1.123456789 m 2 n", "set e \"\"", "pfadd h x",
        ] {
            _ = run(line)
        }
        var copy = Keyspace()
        for arguments in keyspace.snapshotCommands(now: Self.now) {
            let command = try #require(Command.table[arguments[0]])
            #expect(!command.run(&copy, arguments, Self.now + 100).isError)
        }
        #expect(copy.strings.entries.mapValues(\.value) == keyspace.strings.entries.mapValues(\.value))
        #expect(copy.lists.entries.mapValues { Array($0.value) } == [Bytes("l"): [Bytes("a"), Bytes("b")]])
        #expect(
            copy.sortedSets.entries[Bytes("z")]?.value.scores == keyspace.sortedSets.entries[Bytes("z")]?.value.scores)
        #expect(copy.strings.entries[Bytes("s")]?.expiry == Self.now + 8)
        #expect(copy.lists.entries[Bytes("l")]?.expiry == Self.now + 4)
    }

    /// The table of `protocol/pika-2.3-hub.md`, section 2.
    @Test(arguments: [
        ("SET k v EX 5", ":1", "SET k v ex 5"), ("setnx k v", ":1", "set k v"), ("setnx k v", ":0", ""),
        ("MSET a 1 b 2", "+OK", "set a 1;set b 2"), ("MSETNX a 1 b 2", ":0", ""), ("DEL a b", ":0", "DEL a b"),
        ("EXPIRE k 5", ":0", "expireat k 1795368005"), ("pexpire k 5999", ":1", "expireat k 1795368005"),
        ("PEXPIREAT k 7999", ":1", "expireat k 7"), ("EXPIREAT k 7", ":1", "EXPIREAT k 7"), ("Incr k", ":1", "Incr k"),
        ("LINSERT l BEFORE A B", ":1", "LINSERT l before A B"),
        ("ZUNIONSTORE Z 1 KEY WEIGHTS 2 AGGREGATE MAX", ":1", "ZUNIONSTORE Z 1 KEY weights 2 aggregate max"),
        ("GET k", "nil", ""),
    ])
    func whatTheBinlogKeeps(line: String, answer: String, logged: String) throws {
        let words = line.split(separator: " ").map { Bytes(String($0)) }
        let reply: Reply = answer == ":0" ? .integer(0) : .integer(1)
        let kept = try #require(Command.table[words[0].lowercased]).logArguments(words, reply: reply, now: Self.now)
        #expect(kept.map { $0.map(\.text).joined(separator: " ") }.joined(separator: ";") == logged)
    }
}
