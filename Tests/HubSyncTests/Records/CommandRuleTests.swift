import Testing

@testable import HubSync

/// The table in `protocol/pika-2.3-hub.md`, section 2.
@Suite struct CommandRuleTests {
    @Test(
        arguments: [
            ("set setex getset", .value, .string, .first),
            ("setnx incr incrby incrbyfloat decr decrby append setrange pfadd", .operation, .string, .first),
            ("mset msetnx", .operation, .string, .alternate),
            ("pfmerge", .operation, .string, .every),
            ("del", .delete, .any, .every),
            ("expire pexpire expireat pexpireat persist", .expiry, .any, .first),
            ("lpush lpushx lpop rpush rpushx rpop lset lrem ltrim linsert", .operation, .list, .first),
            ("rpoplpush", .operation, .list, .firstTwo),
            ("zadd zincrby zrem zremrangebyrank zremrangebyscore zremrangebylex", .operation, .sortedSet, .first),
            ("zunionstore zinterstore", .operation, .sortedSet, .firstOfSeveral),
        ] as [(String, CommandRule.Effect, CommandRule.ValueType, CommandRule.Keys)])
    func everyCommandThatTravelsHasItsRule(
        _ names: String, _ effect: CommandRule.Effect, _ type: CommandRule.ValueType, _ keys: CommandRule.Keys
    ) {
        for name in names.split(separator: " ") {
            let expected = CommandRule(effect: effect, keys: keys, type: type)
            for spelling in [String(name), name.uppercased(), name.capitalized(from: 1)] {
                #expect(rule(spelling) == expected, "\(spelling)")
            }
        }
    }

    @Test(arguments: ["", "get", "hset", "sadd", "flushall", "see", "dex", "s\0t", "set ", "zremrangebyscorexyz"])
    func anythingElseHasNone(_ name: String) {
        #expect(rule(name) == nil)
    }

    /// `|0x20` on other bytes than letters must not make a SET of them.
    @Test func onlyLettersAreFolded() {
        #expect(rule("\u{13}\u{5}\u{14}") == nil)
        #expect(rule("SE4") == nil)
    }

    @Test(
        arguments: [
            ("set k v", false), ("SET k v ex 10", false), ("set k v nx", true), ("SET k v ex 10 XX", true),
            ("setex k 10 v", false), ("getset k v", false), ("del a b", false), ("expireat k 9", true),
            ("persist k", true),
            ("incr n", true), ("lpush l a", true), ("setnx k v", true),
        ] as [(String, Bool)])
    func onlyWholeValuesMayOvertake(_ line: String, _ isOrdered: Bool) throws {
        let bytes = record(line)
        let parsed = try #require(try BinlogRecord.parse(bytes))
        bytes.withUnsafeBytes { buffer in
            #expect(CommandRule.of(buffer[parsed.name])?.mustArriveInOrder(parsed, buffer) == isOrdered)
        }
    }

    /// A Pika executes what an earlier command left behind when arguments are missing.
    @Test(
        arguments: [
            ("incr", 2), ("del", 2), ("persist", 2), ("lpop", 2), ("pfadd", 2), ("set", 3), ("incrby", 3),
            ("expireat", 3),
            ("lpush", 3), ("zrem", 3), ("rpoplpush", 3), ("mset", 3), ("setex", 4), ("lrem", 4), ("zadd", 4),
            ("zunionstore", 4), ("linsert", 5),
        ] as [(String, Int)])
    func aCommandNeedsItsArguments(_ name: String, _ count: Int) {
        #expect(rule(name)?.minimumArguments(name) == count)
    }

    @Test(
        arguments: [
            ("set k v", ["k"]), ("del a b c", ["a", "b", "c"]), ("mset a 1 b 2", ["a", "b"]), ("mset a 1 b", ["a"]),
            ("rpoplpush a b", ["a", "b"]), ("pfmerge a b c", ["a", "b", "c"]), ("zunionstore d 2 a b", ["d"]),
        ] as [(String, [String])])
    func theWrittenKeysAreFound(_ line: String, _ keys: [String]) throws {
        let bytes = record(line)
        let parsed = try #require(try BinlogRecord.parse(bytes))
        bytes.withUnsafeBytes { buffer in
            let places = CommandRule.of(buffer[parsed.name])?.keyRanges(parsed.argumentRanges(in: buffer))
            #expect(places?.map(bytes.text) == keys)
        }
    }

    /// Workers are chosen by the first key (`protocol/pika-2.3-hub.md`, section 3).
    @Test func commandsOfSeveralKeysSpanWorkers() {
        #expect(rule("rpoplpush")?.spansWorkers == true && rule("pfmerge")?.spansWorkers == true)
        #expect(rule("zunionstore")?.spansWorkers == true)
        #expect(rule("del")?.spansWorkers == false && rule("incr")?.spansWorkers == false)
    }

    private func rule(_ name: String) -> CommandRule? {
        Array(name.utf8).withUnsafeBytes { CommandRule.of($0[...]) }
    }
}

extension Substring {
    /// Every other letter in upper case.
    fileprivate func capitalized(from start: Int) -> String {
        enumerated().map { $0.offset % 2 == start ? $0.element.uppercased() : String($0.element) }.joined()
    }
}
