import HubStore
import Testing

@testable import HubDaemon

private let smallest = "floyd-local-ip : h1\n"

@Suite struct ConfigurationTests {
    /// The example of the operator's manual (`seed/requirements.md`), apart from the paths.
    @Test func manualsExampleIsUnderstood() throws {
        let text = """
            floyd-servers : h1:9211,h2:9211,h3:9211
            floyd-local-ip : h1
            floyd-local-port : 9211
            floyd-path : ./floyd
            sdk-port : 6868
            conf-path : ./conf/pika_hub.conf
            log-path : ./log
            max-log-file-size : 0
            log-file-time-to-roll : 0
            info-log-level : 1
            pika-servers : p1:9221:1:abc,p2:9221:2:def
            daemonize : yes
            pidfile : ./pika_hub.pid
            binlog-offset-absolute-consistency : yes
            requirepass :
            """
        let parsed = try Configuration.parse(text, file: "pika_hub.conf")
        var expected = Configuration()
        expected.floydServers = ["h1", "h2", "h3"].map { Address(host: $0, port: 9211) }
        expected.floydLocalIP = "h1"
        expected.confPath = "./conf/pika_hub.conf"
        expected.logPath = "./log"
        expected.pikaServers = [
            ServerDescription(id: ServerID(1), address: Address(host: "p1", port: 9221), password: "abc"),
            ServerDescription(id: ServerID(2), address: Address(host: "p2", port: 9221), password: "def"),
        ]
        expected.daemonize = true
        #expect(parsed == ParsedConfiguration(configuration: expected, warnings: []))
    }

    @Test func whatTheFileDoesNotSayIsTheDefault() throws {
        var expected = Configuration()
        expected.floydLocalIP = "h1"
        #expect(try read("# a comment\n\n  # another: one\r\nfloyd-local-ip:h1\r\n") == expected)
    }

    @Test func aColonInAPasswordAndBracketsAroundIPv6AreUnderstood() throws {
        let text = "pika-servers : [::1]:9221:1:a:b#c, [fe80::1%eth0]:9222:2:,host-1.example:9223:3"
        #expect(
            try read(smallest + text).pikaServers == [
                ServerDescription(id: ServerID(1), address: Address(host: "::1", port: 9221), password: "a:b#c"),
                ServerDescription(id: ServerID(2), address: Address(host: "fe80::1%eth0", port: 9222)),
                ServerDescription(id: ServerID(3), address: Address(host: "host-1.example", port: 9223)),
            ])
        #expect(try read("floyd-local-ip : [::1]").raftAddress.description == "[::1]:9211")
        #expect(try read(smallest + "requirepass : a : b # c").requirepass == "a : b # c")
        #expect(try read(smallest + "bind : 127.0.0.1 ::1").bind == ["127.0.0.1", "::1"])
        #expect(try read(smallest + "bind : *").bind == [])
    }

    @Test(arguments: [
        ("67108864", 67_108_864), ("64m", 64 << 20), ("64MB", 64 << 20), ("1g", 1 << 30), ("65536K", 64 << 20),
    ]) func bytesHaveSuffixes(text: String, bytes: Int) throws {
        #expect(try read(smallest + "relay-log-max-size : \(text)").relayLogMaxSizeBytes == bytes)
    }

    @Test(arguments: [
        ("sdk-port : abc", "sdk-port: found 'abc', expected a port from 1 to 64535"),
        ("sdk-port : 64536", "sdk-port: found '64536', expected a port from 1 to 64535"),
        ("sdk-port : 9211", "sdk-port: found '9211', expected another port than floyd-local-port"),
        (
            "sdk-port : 8211",
            "sdk-port: found '8211', expected a port that is not 1000 below floyd-local-port (Pikas connect to 9211)"
        ),
        ("floyd-local-port : 0", "floyd-local-port: found '0', expected a port from 1 to 65535"),
        ("floyd-local-port : +9211", "floyd-local-port: found '+9211', expected a port from 1 to 65535"),
        ("floyd-servers : h1", "floyd-servers: found 'h1', expected ip:port, with a port from 1 to 65535"),
        ("floyd-servers : h1:9211,h1:9211", "floyd-servers: found 'h1:9211', expected every address once"),
        (
            "pika-servers : p1:64436:1",
            "pika-servers: found 'p1:64436:1', "
                + "expected a port from 1 to 64435 (the hub also dials the port 1100 above it)"
        ),
        ("pika-servers : p1:9221", "pika-servers: found 'p1:9221', expected ip:port:server-id[:password]"),
        ("pika-servers : ::1:9221:1", "pika-servers: found '::1:***', expected ip:port:server-id[:password]"),
        ("pika-servers : p1:9221:0", "pika-servers: found 'p1:9221:0', expected a server-id from 1 to 4294967295"),
        (
            "pika-servers : p1:9221:4294967296:pw",
            "pika-servers: found 'p1:9221:4294967296:***', expected a server-id from 1 to 4294967295"
        ),
        ("pika-servers : p1:1:1,p2:1:1", "pika-servers: found 'server-id 1', expected every server-id once"),
        ("pika-servers : p1:1:1,p1:1:2", "pika-servers: found 'p1:1', expected every address once"),
        ("pika-servers : p1:1:1:se,cret", "pika-servers: found '***', expected ip:port:server-id[:password]"),
        ("pika-servers : p1:x:1:se,cret,t", "pika-servers: found 'p1:x:1:***', expected a port"),
        ("daemonize : maybe", "daemonize: found 'maybe', expected yes or no"),
        ("daemonize : yes", "log-path: found '', expected a directory, since a daemon has no standard error"),
        ("info-log-level : 5", "info-log-level: found '5', expected 1 (Info), 2 (Warn), 3 (Error) or 4 (Fatal)"),
        ("max-log-file-size : -1", "max-log-file-size: found '-1', expected a number of bytes"),
        ("relay-log-max-size : 63m", "relay-log-max-size: found '63m', expected a number of bytes"),
        ("relay-log-max-size : 99999999999g", "relay-log-max-size: found '99999999999g', expected a number of bytes"),
        ("metrics-port : 7868", "metrics-port: found '7868', expected another port than"),
        ("bind : a/b", "bind: found 'a/b', expected an ip address or a host name"),
        ("floyd-path :", "floyd-path: found '', expected a path"),
        ("raft-heartbeat-milliseconds : 500", "raft-election-timeout-milliseconds: found '1000', expected at least"),
        ("just words", "found 'just words', expected 'key : value'"),
        ("floyd-local-ip : h2", "floyd-local-ip: expected each key once; see line 1"),
    ]) func eachErrorHasItsText(line: String, message: String) {
        let error = #expect(throws: ConfigurationErrors.self) { try read(smallest + line) }
        let texts = error?.errors.map(\.description) ?? []
        #expect(texts.contains { $0.hasPrefix("test.conf") && $0.contains(message) }, "\(texts)")
        #expect(!texts.contains { $0.contains("cret") })
    }

    @Test func allErrorsAreToldAtOnceWithTheirLines() {
        let error = #expect(throws: ConfigurationErrors.self) {
            try Configuration.parse("sdk-port : x\npika-servers : a,b:1:0\nunknown : 1", file: "test.conf")
        }
        #expect(error?.errors.map(\.line) == [1, 2, 2, nil])
        #expect(error?.errors.last?.key == "floyd-local-ip")
        #expect(
            error?.warnings.map(\.description) == ["test.conf:3: unknown: expected a known key; the line has no effect"]
        )
    }

    @Test func aHubOutsideTheListIsWarnedThatItWaits() throws {
        let parsed = try Configuration.parse(smallest + "floyd-servers : h2:9211,h3:9211", file: "test.conf")
        #expect(parsed.warnings.map(\.key) == ["floyd-servers"])
    }

    @Test func checkMasksPasswordsAndSaysEverySetting() throws {
        let configuration = try read(smallest + "requirepass : top\npika-servers : p1:9221:1:secret,p2:9221:2")
        let lines = configuration.checked.split(separator: "\n")
        #expect(lines.count == Setting.all.count)
        #expect(lines.contains("requirepass : ***"))
        #expect(lines.contains("pika-servers : p1:9221:1:***,p2:9221:2"))
    }

    @Test func rewritingChangesOnlyWhatDiffers() throws {
        let text = smallest + "# kept\nstrange : kept\nrelay-log-max-size : 1024m\ninfo-log-level : 1\n"
        var configuration = try read(text)
        #expect(configuration.rewriting(text) == text)
        configuration.infoLogLevel = .error
        configuration.pikaServers = [describe(1, password: "a:b")]
        let rewritten = configuration.rewriting(text)
        #expect(
            rewritten == smallest + "# kept\nstrange : kept\nrelay-log-max-size : 1024m\ninfo-log-level : 3\n"
                + "pika-servers : 127.0.0.1:9201:1:a:b\n")
        #expect(try read(rewritten) == configuration)
    }

    @Test func everySettingHasItsOwnKeyAndItsDefaultIsUnderstood() throws {
        #expect(Set(Setting.all.map(\.key)).count == Setting.all.count)
        for setting in Setting.all where !setting.isRequired && setting.defaultText != "" {
            var configuration = Configuration()
            try setting.read(setting.defaultText, &configuration)
            #expect(configuration == Configuration(), "\(setting.key)")
        }
    }
}

private func read(_ text: String) throws -> Configuration {
    try Configuration.parse(text, file: "test.conf").configuration
}

private func describe(_ id: UInt32, password: String) -> ServerDescription {
    ServerDescription(id: ServerID(id), address: Address(host: "127.0.0.1", port: 9200 + Int(id)), password: password)
}
