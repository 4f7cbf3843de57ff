internal import HubStore

/// One key of the configuration file: everything that the parser, `--check`, `CONFIG` and the documents say of it.
struct Setting: Sendable {
    let key: String
    /// What a value has to look like, as in "expected …".
    let expected: String
    /// Why one would set it, for the documents. One or two sentences.
    let meaning: String
    /// No default makes sense.
    let isRequired: Bool
    /// `CONFIG SET` may change it while the hub runs.
    let isLive: Bool
    /// Reads `text` into the field.
    let read: @Sendable (_ text: String, inout Configuration) throws(MalformedValue) -> Void
    /// The field as a value of the file; passwords as `***` unless `showSecrets`.
    let show: @Sendable (_ configuration: Configuration, _ showSecrets: Bool) -> String

    init<Value: Sendable>(
        _ key: String, _ field: any WritableKeyPath<Configuration, Value> & Sendable, _ form: SettingForm<Value>,
        isRequired: Bool = false, isLive: Bool = false, _ meaning: String
    ) {
        self.key = key
        self.expected = form.expected
        self.meaning = meaning
        self.isRequired = isRequired
        self.isLive = isLive
        read = { text, configuration throws(MalformedValue) in configuration[keyPath: field] = try form.read(text) }
        show = { configuration, showSecrets in form.show(configuration[keyPath: field], showSecrets) }
    }

    /// The value that holds when the file doesn't mention the key.
    var defaultText: String { show(Configuration(), false) }

    static func named(_ key: String) -> Setting? { all.first { $0.key == key } }
}

extension Setting {
    /// Every key, in the order of `conf/pika_hub.conf`.
    static let all: [Setting] = [
        Setting(
            "floyd-servers", \.floydServers, .addresses,
            "The hubs of the group, by their Raft addresses, this one included. Empty: a group of one. "
                + "Read when a hub starts with an empty floyd-path; later ADD and REMOVE change the group."),
        Setting(
            "floyd-local-ip", \.floydLocalIP, .host, isRequired: true,
            "This hub's own address: other hubs and the Pikas reach it here, and it dials the Pikas from here."),
        Setting("floyd-local-port", \.floydLocalPort, .port(), "The port for the other hubs of the group."),
        Setting(
            "floyd-path", \.floydPath, .path,
            "The working directory: Raft log, replicated state, relay log. Not that of an original pika_hub."),
        Setting(
            "sdk-port", \.sdkPort, .port(distance: Configuration.inboundPortDistance),
            "The admin port, for redis-cli. Pikas send their binlogs to the port 1000 above it."),
        Setting(
            "conf-path", \.confPath, .text,
            "Kept from the original. The file in use is the one given with -c, which CONFIG REWRITE writes too."),
        Setting(
            "log-path", \.logPath, .text,
            "The directory of the log, pika_hub.log. Empty: standard error."),
        Setting(
            "max-log-file-size", \.maxLogFileSizeBytes, .bytes(0...), isLive: true,
            "The log rolls to a new file at this many bytes; 0: never."),
        Setting(
            "log-file-time-to-roll", \.logFileTimeToRollSeconds, .number(0...315_360_000, unit: "seconds"),
            isLive: true, "The log rolls to a new file after this many seconds; 0: never."),
        Setting(
            "log-file-max-count", \.logFileMaxCount, .number(1...1000), isLive: true,
            "Log files that are kept, the current one included; the oldest is removed."),
        Setting(
            "info-log-level", \.infoLogLevel, .logLevel, isLive: true,
            "The least grave messages that are logged: 1 Info, 2 Warn, 3 Error, 4 Fatal."),
        Setting(
            "pika-servers", \.pikaServers, .servers,
            "The Pikas to keep in sync. Read when the group first starts; a server that is added here later joins "
                + "when a hub becomes primary. For the rest the replicated state is the truth (TRANSFER, COPY, DROP)."),
        Setting("daemonize", \.daemonize, .flag, "Run in the background. Needs a log-path."),
        Setting("pidfile", \.pidfile, .path, "Where the pid stands while the hub runs in the background."),
        Setting(
            "binlog-offset-absolute-consistency", \.binlogOffsetAbsoluteConsistency, .flag,
            "When a Pika no longer has the binlog that the hub goes on from. yes: say so and wait for an operator; "
                + "no: go on from the nearest one that it has, although writes are missing in between."),
        Setting(
            "requirepass", \.requirepass, .password, isLive: true,
            "The password of the admin port. Empty: none."),
        Setting(
            "bind", \.bind, .hosts,
            "The addresses to listen on. *: every address of the machine."),
        Setting(
            "relay-log-max-size", \.relayLogMaxSizeBytes, .bytes((64 << 20)...),
            "Disk for records that some server has not acknowledged yet. When it is full the hub stops reading."),
        Setting(
            "version-table-memory", \.versionTableMemoryBytes, .bytes((1 << 20)...),
            "Memory for the versions of recently written keys. What doesn't fit lies in RocksDB under floyd-path, and costs "
                + "a read when a conflict is looked for."),
        Setting(
            "raft-heartbeat-milliseconds", \.raftHeartbeatMilliseconds, .number(10...10_000, unit: "milliseconds"),
            "How often the primary shows the other hubs that it lives."),
        Setting(
            "raft-election-timeout-milliseconds", \.raftElectionTimeoutMilliseconds,
            .number(50...60_000, unit: "milliseconds"),
            "How long a hub hears nothing from the primary before it stands for election."),
        Setting(
            "drain-timeout-milliseconds", \.drainTimeoutMilliseconds, .number(0...600_000, unit: "milliseconds"),
            "How long a clean stop waits for what is under way to be acknowledged."),
        Setting(
            "admin-max-connections", \.adminMaxConnections, .number(1...1_000_000), isLive: true,
            "Connections to the admin port; further ones are refused."),
        Setting(
            "admin-max-connections-per-address", \.adminMaxConnectionsPerAddress, .number(1...1_000_000),
            isLive: true, "Connections to the admin port from one address; further ones are refused."),
        Setting(
            "protected-mode", \.protectedMode, .flag, isLive: true,
            "Without requirepass the admin port answers only clients on this machine."),
        Setting(
            "admin-idle-timeout-seconds", \.adminIdleTimeoutSeconds, .number(0...315_360_000, unit: "seconds"),
            isLive: true, "Admin connections that ask nothing for so long are closed; 0: never."),
        Setting(
            "metrics-port", \.metricsPort, .number(0...65535),
            "The port for Prometheus and health checks (HTTP: /metrics, /healthz, /readyz, /lag?max=SECONDS); "
                + "0: none."),
    ]
}
