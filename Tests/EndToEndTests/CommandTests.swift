import Foundation
import HubSync
import Testing

/// Every command of `protocol/pika-2.3-hub.md`, section 2: what it does at its source happens at the other server.
@Suite struct CommandTests {
    @Test func everyCommandArrives() async throws {
        try await withCluster(2) { cluster in
            try await cluster.startServers()
            try await cluster.hub.start()
            for (server, name) in zip(cluster.servers, ["a", "b"]) { try await server.run(Self.commands(name)) }
            try await cluster.awaitEqual()
            let contents = try await cluster.servers[1].contents()
            #expect(contents["string:a"]?.string.text == "4")
            #expect(contents["ex:a"]?.expiry != nil)
            #expect(contents["persist:a"]?.expiry == nil)
            #expect(contents["incr:a"]?.string.text == "40")
            #expect(contents["float:a"]?.string.text == "12.25")
            #expect(contents["append:a"]?.string.text == "aXYd")
            #expect(contents["list:a"]?.list == bulks(["b", "0", "1", "c"]))
            #expect(contents["moved:a"]?.list == bulks(["z"]))
            #expect(contents["union:a"]?.sortedSet == bulks(["y", "10", "x", "12"]))
            #expect(try await cluster.servers[1].ask("PFCOUNT", "merged:a") == .integer(5))
            for gone in ["del1", "del2", "past", "msetnx-failed"] { #expect(contents["\(gone):a"] == nil) }
            #expect(try await cluster.hub.info().keys.filter { $0.hasPrefix("unrelayed_") } == [])
        }
    }

    /// A relative expiry counts from the moment of the write, not of the delivery.
    @Test func anExpiryCountsFromTheWrite() async throws {
        try await withCluster(2) { cluster in
            try await cluster.startServers()
            let source = cluster.servers[0]
            try await source.run([
                ["SET", "short", "1", "EX", "2"], ["SETEX", "shorter", "1", "1"], ["SET", "long", "1", "PX", "900000"],
            ])
            try await eventually("the short ones are gone") { try await source.ask("EXISTS", "short") == .integer(0) }
            try await cluster.hub.start()
            try await cluster.awaitEqual()
            #expect(try await cluster.servers[1].contents().values.keys.sorted() == ["long"])
        }
    }

    /// - Parameter name: a part of every key.
    private static func commands(_ name: String) -> [[String]] {
        let inAnHour = Int(Date.now.timeIntervalSince1970) + 3600
        let lines = """
            SET string:# 1|SET string:# 2 NX|SET string:# 4 XX|SET absent:# 1 XX|SET new:# 1 NX
            SET ex:# 1 EX 1000|SET px:# 1 PX 2000500|set both:# 1 ex 500 nx|SETEX setex:# 700 v
            SETNX setnx:# first|SETNX setnx:# second|MSET mset1:# 1 mset2:# 2|MSETNX msetnx1:# 1 msetnx2:# 2
            MSETNX msetnx1:# 3 msetnx-failed:# 3
            MSET del1:# 1 del2:# 2|RPUSH del2:# x|DEL del1:# del2:# never:#
            MSET e1:# 1 e2:# 1 e3:# 1 e4:# 1 past:# 1 persist:# 1
            EXPIRE e1:# 1000|PEXPIRE e2:# 1000000|EXPIREAT e3:# @|PEXPIREAT e4:# @000|EXPIREAT past:# 5
            EXPIRE persist:# 1000|PERSIST persist:#|EXPIRE never:# 100
            INCR incr:#|INCRBY incr:# 50|DECR incr:#|DECRBY incr:# 10|INCRBYFLOAT float:# 10.5|INCRBYFLOAT float:# 1.75
            APPEND append:# ab|APPEND append:# cd|SETRANGE append:# 1 XY|GETSET getset:# 1|GETSET getset:# 2
            LPUSH list:# c b a|RPUSH list:# d e|LPOP list:#|RPOP list:#|LREM list:# 1 d|LINSERT list:# AFTER b 1
            LINSERT list:# before 1 0|RPUSHX list:# x|LPUSHX list:# y|LTRIM list:# 1 -2|RPUSH set:# a b|LSET set:# 1 z
            RPOPLPUSH set:# moved:#|LPUSHX never:# 1
            ZADD zset:# 1 x 2 y 3 z|ZINCRBY zset:# 5 x|ZREM zset:# z|ZADD other:# 3 x 4 y 5 w 6 v 7 u
            ZREMRANGEBYRANK other:# 4 4|ZREMRANGEBYSCORE other:# 6 6|ZREMRANGEBYLEX lex:# - +
            ZADD lex:# 0 a 0 b 0 c|ZREMRANGEBYLEX lex:# [a (b|ZREM other:# w
            ZUNIONSTORE union:# 2 zset:# other:# WEIGHTS 1 2|ZINTERSTORE inter:# 2 zset:# other:# AGGREGATE MAX
            PFADD hll1:# a b c|PFADD hll2:# c d e|PFMERGE merged:# hll1:# hll2:#
            """
        return lines.split(whereSeparator: { $0 == "|" || $0.isNewline }).map { line in
            line.split(separator: " ").map {
                String($0.replacing("#", with: name).replacing("@", with: String(inAnHour)))
            }
        }
    }

    private func bulks(_ texts: [String]) -> Reply { .array(texts.map { .bulk(Array($0.utf8)) }) }
}
