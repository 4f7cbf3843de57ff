import HubStore
import Testing

@testable import HubDaemon

@Suite struct AdminCommandTests {
    // MARK: Passwords

    @Test func nothingIsSaidBeforeThePassword() async {
        var bench = AdminBench { $0.requirepass = "secret" }
        for line in ["ping", "transfer", "foo", "info", "command docs", "PING too many words"] {
            #expect(await bench.ask(line) == "-NOAUTH Authentication required.|")
        }
        #expect(await bench.ask("AUTH wrong") == "-ERR invalid password|")
        #expect(await bench.ask("HELLO 3") == "-NOAUTH Authentication required.|")
        #expect(bench.session.version == .two)
        #expect(await bench.ask("AuTh secret") == "+OK|")
        #expect(await bench.ask("ping") == "+PONG|")
        #expect(await bench.ask("auth wrong") == "-ERR invalid password|")
        #expect(await bench.ask("ping") == "+PONG|")
    }

    @Test func authWithoutAPasswordIsRefusedAsByTheOriginal() async {
        var bench = AdminBench()
        #expect(await bench.ask("auth x") == "-ERR Client sent AUTH, but no password set|")
        #expect(await bench.ask("auth") == "-ERR wrong number of arguments for 'auth' command|")
    }

    /// `LoginThrottle` says how long.
    @Test func afterAWrongPasswordTheNextAttemptWaits() async {
        var bench = AdminBench { $0.requirepass = "secret" }
        #expect(await bench.ask("auth wrong") == "-ERR invalid password|")
        let waited = await ContinuousClock().measure { #expect(await bench.ask("auth secret") == "+OK|") }
        #expect(waited >= .milliseconds(250))
        for _ in 0..<100 { bench.context.clients.loginEnded("127.0.0.1", isRight: false, now: ContinuousClock.now) }
        while bench.context.clients.turnToLogIn("127.0.0.1", now: ContinuousClock.now) != nil {}
        #expect(await bench.ask("hello 3 auth default secret").hasPrefix("-ERR too many wrong passwords"))
        #expect(await bench.ask("ping") == "+PONG|", "an earlier success stays valid")
    }

    @Test func comparisonLooksAtEveryByte() {
        #expect(isEqualInConstantTime([1, 2], [1, 2]))
        for other: [UInt8] in [[], [1], [1, 3], [1, 2, 0], [0, 2]] { #expect(!isEqualInConstantTime(other, [1, 2])) }
    }

    // MARK: Connection

    @Test func helloChoosesTheProtocolAndLogsIn() async {
        var bench = AdminBench { $0.requirepass = "secret" }
        #expect(await bench.ask("hello 4") == "-NOPROTO unsupported protocol version|")
        #expect(await bench.ask("hello 3 auth default secret setname me").hasPrefix("%7|$6|server|$8|pika_hub|"))
        #expect(await bench.ask("client getname") == "$2|me|")
        #expect(await bench.ask("hello 2").hasPrefix("*14|"))
    }

    @Test func unknownCommandsAndArgumentCountsHaveTheOriginalsTexts() async {
        var bench = AdminBench()
        #expect(await bench.ask("Foo bar") == "-ERR unknown or unsupported command 'Foo'|")
        #expect(await bench.ask("TRANSFER 1") == "-ERR wrong number of arguments for 'transfer' command|")
        #expect(await bench.ask("client") == "-ERR wrong number of arguments for 'client' command|")
        #expect(await bench.ask("select 1") == "-ERR DB index is out of range|")
    }

    @Test func commandDescribesEveryCommand() async {
        var bench = AdminBench()
        #expect(await bench.ask("command count") == ":\(AdminCommand.all.count)|")
        #expect(await bench.ask("command docs ping foo").hasPrefix("*2|$4|ping|*8|$7|summary|"))
        #expect(await bench.ask("command info foo ping").hasPrefix("*2|$-1|*6|$4|ping|:-1|"))
        #expect(await bench.ask("help copy").contains("COPY existing_id new_id ip port [password]"))
        for command in AdminCommand.all { #expect(!command.summary.isEmpty && command.summary.hasSuffix(".")) }
    }

    // MARK: Servers and hubs

    @Test func transferAndCopyAnswerAsTheOriginal() async {
        var bench = AdminBench(servers: [1, 2])
        #expect(await bench.ask("transfer 9 h 9221") == "-ERR server_id 9 is not found in pika_servers|")
        #expect(await bench.ask("copy 9 3 h 9221") == "-ERR src_server_id 9 is not found in pika_servers|")
        #expect(await bench.ask("copy 1 2 h 9221") == "-ERR new_server_id 2 is already exist in pika_servers|")
        bench.hub.change { $0.links[ServerID(1)] = HubInfo.Link(status: .connected) }
        #expect(await bench.ask("transfer 1 h 9221") == "-ERR server_id 1 is online, could not transfer|")
        for _ in 0..<3 {
            #expect(await bench.ask("TRANSFER 2 [::1] 9221") == "+OK|")
            #expect(await bench.ask("copy 1 3 h 9222 pw") == "+OK|")
        }
        #expect(bench.hub.hubState.servers[ServerID(2)]?.address == Address(host: "::1", port: 9221))
        #expect(bench.hub.hubState.servers[ServerID(3)]?.password == "pw")
    }

    @Test(arguments: [
        ("transfer abc h 9221", "server_id must be a number from 1 to 4294967295"),
        ("transfer 0 h 9221", "server_id must be a number from 1 to 4294967295"),
        ("transfer 1 h abc", "port must be a number from 1 to 64435"),
        ("transfer 1 h 64436", "port must be a number from 1 to 64435"),
        ("transfer 1 a/b 9221", "ip must be an ip address or a host name"),
        ("copy 1 x h 9221", "new_server_id must be a number from 1 to 4294967295"),
        ("addserver 3 h 9221 a,b", "a password of a server may hold neither commas nor blanks"),
        ("drop -1", "server_id must be a number from 1 to 4294967295"),
        ("add garbage", "'garbage' is no address of a hub: expected ip:port"),
        ("remove h:0", "'h:0' is no address of a hub: expected ip:port"),
        ("failover nobody", "'nobody' is not the id or the Raft address of a hub of the group"),
        ("repair k 0", "server_id must be a number from 1 to 4294967295"),
        ("repair k 3", "server_id 3 is not found in pika_servers"),
        ("repair other", "nobody wrote that key lately"),
        ("conflicts 0", "count must be a number from 1 to 1000"),
    ]) func argumentsAreCheckedBeforeAnythingIsProposed(line: String, error: String) async {
        var bench = AdminBench(servers: [1, 2])
        let before = bench.hub.hubState
        #expect(await bench.ask(line) == "-ERR \(error)|")
        #expect(bench.hub.hubState == before)
    }

    @Test func outcomesOtherThanDoneAreSaid() async {
        var bench = AdminBench(servers: [1])
        bench.hub.answerAlways(.noPrimary(reason: "1 of 3 hubs can be reached"))
        #expect(await bench.ask("drop 1") == "-ERR no primary: 1 of 3 hubs can be reached; nothing was changed|")
        bench.hub.answerAlways(.unknown(reason: "the primary was lost"))
        #expect(
            await bench.ask("drop 1")
                == "-ERR outcome unknown: the primary was lost; repeating the command is harmless|")
    }

    @Test func aKeyIsRepairedFromWhoWroteItLastOrFromTheNamedServer() async {
        var bench = AdminBench(servers: [1, 2])
        #expect(await bench.ask("repair k") == "+OK|")
        #expect(await bench.ask("REPAIR other 2") == "+OK|")
    }

    @Test func hubsComeGoAndHandOver() async {
        var bench = AdminBench()
        #expect(await bench.ask("add 127.0.0.1:9312") == "+OK|")
        #expect(await bench.ask("hubs").hasPrefix("*2|*12|$2|id|$1|1|$4|raft|$14|127.0.0.1:9311|"))
        #expect(await bench.ask("failover") == "+OK|")
        #expect(await bench.ask("failover 127.0.0.1:9312") == "+OK|")
        #expect(bench.hub.failOvers == [nil, HubID(2)])
        #expect(await bench.ask("remove 127.0.0.1:9312") == "+OK|")
        #expect(await bench.ask("remove 127.0.0.1:9312") == "-ERR 127.0.0.1:9312 is not a hub of the group|")
    }

    @Test func aHubThatWasRemovedAnswersOnlyForItself() async {
        var bench = AdminBench(servers: [1])
        bench.hub.beRemoved("this hub was removed")
        for line in ["SERVERS", "HUBS", "DROP 1", "ADD 127.0.0.1:1", "FAILOVER", "TAIL 1 2"] {
            #expect(await bench.ask(line) == "-ERR this hub was removed|")
        }
        #expect(await bench.ask("PING") == "+PONG|")
        #expect(await bench.ask("INFO server").hasPrefix("$"))
    }

    @Test func serversAreListedWithoutPasswords() async {
        var bench = AdminBench(servers: [1])
        #expect(await bench.ask("pause 1") == "+OK|")
        let list = await bench.ask("servers")
        #expect(list.contains("$8|password|$3|***|$6|paused|:1|"))
        #expect(!list.contains("secret"))
        #expect(await bench.ask("resume 1") == "+OK|")
        #expect(await bench.ask("drop 1") == "+OK|")
        #expect(await bench.ask("servers") == "*0|")
    }

    // MARK: Operations

    @Test func configIsShownByPatternAndChangedLive() async {
        var bench = AdminBench { $0.requirepass = "secret" }
        bench.session.isAuthenticated = true
        #expect(await bench.ask("config get requirepass") == "*2|$11|requirepass|$3|***|")
        #expect(await bench.ask("config get info* *-port").hasPrefix("*8|$16|floyd-local-port|"))
        #expect(await bench.ask("config set info-log-level 3 log-file-max-count 5") == "+OK|")
        #expect(bench.context.configuration.current.infoLogLevel == .error)
        #expect(await bench.ask("config set info-log-level 9").hasPrefix("-ERR info-log-level: expected 1 (Info)"))
        #expect(await bench.ask("config set foo 9") == "-ERR unknown setting 'foo'|")
        #expect(
            await bench.ask("config set sdk-port 9")
                == "-ERR sdk-port cannot be changed while the hub runs; change test.conf and restart it|")
        #expect(await bench.ask("config set info-log-level 4 foo 9") == "-ERR unknown setting 'foo'|")
        #expect(bench.context.configuration.current.infoLogLevel == .error)
    }

    @Test func shutdownAndQuitCloseTheConnection() async {
        var bench = AdminBench()
        #expect(await bench.ask("shutdown") == "+OK|")
        #expect(bench.hub.isShuttingDown && bench.session.closesAfterReply)
        var other = AdminBench()
        #expect(await other.ask("quit") == "+OK|")
        #expect(other.session.closesAfterReply)
    }

    @Test func conflictsAndInfoAreThere() async {
        var bench = AdminBench()
        #expect(
            await bench.ask("conflicts 1")
                == "*1|*10|$12|unix_seconds|:5|$3|key|$1|k|$8|versions|*0|$6|winner|:2|$7|outcome|"
                + "$36|repaired: its state was sent to 1, 3|")
        let conflict = await bench.ask("conflicts")
        #expect(conflict.contains("|*6|$6|server|:1|$8|position|$3|1:7|$7|seconds|:4|*6|$6|server|:2|"))
        #expect(conflict.hasSuffix("|$6|winner|:2|$7|outcome|$31|not sent; the key awaits repair|"))
        #expect(await bench.ask("info nonsense") == "-ERR unknown INFO section 'nonsense'|")
        #expect(await bench.ask("info raft").contains("# Raft|role:primary|"))
    }
}
