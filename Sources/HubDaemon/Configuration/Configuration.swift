internal import HubStore

/// What a configuration file says, with the documented default for what it doesn't. `Setting.all` is the table that
/// ties each field to its key, form and documentation.
struct Configuration: Hashable, Sendable {
    /// The Raft addresses of the group's hubs. Empty: a group of one.
    var floydServers: [Address] = []
    var floydLocalIP = ""
    var floydLocalPort = 9211
    var floydPath = "./floyd"
    var sdkPort = 6868
    var confPath = ""
    /// Empty: standard error.
    var logPath = ""
    /// 0: never roll by size.
    var maxLogFileSizeBytes = 0
    /// 0: never roll by age.
    var logFileTimeToRollSeconds = 0
    var infoLogLevel = InfoLogLevel.info
    var pikaServers: [ServerDescription] = []
    var daemonize = false
    var pidfile = "./pika_hub.pid"
    var binlogOffsetAbsoluteConsistency = true
    /// Empty: no password.
    var requirepass = ""
    /// Empty: every address of the machine.
    var bind: [String] = []

    var relayLogMaxSizeBytes = 10 << 30
    var versionTableMemoryBytes = 112 << 20
    var logFileMaxCount = 10
    var raftHeartbeatMilliseconds = 100
    var raftElectionTimeoutMilliseconds = 1000
    var drainTimeoutMilliseconds = 3000
    var adminMaxConnections = 10000
    var adminMaxConnectionsPerAddress = 5000
    /// 0: never.
    var adminIdleTimeoutSeconds = 600
    /// Without `requirepass`, only this machine may use the admin port.
    var protectedMode = true
    /// 0: no metrics.
    var metricsPort = 0

    /// How other hubs reach this one.
    var raftAddress: Address { Address(host: floydLocalIP, port: floydLocalPort) }
    var adminAddress: Address { Address(host: floydLocalIP, port: sdkPort) }
    /// Where the binlog senders of Pikas connect (`protocol/pika-2.3-hub.md`).
    var inboundPort: Int { sdkPort + Self.inboundPortDistance }

    static let inboundPortDistance = 1000
}

/// `info-log-level`: what is less grave is not logged.
enum InfoLogLevel: Int, Hashable, Sendable, CaseIterable {
    case info = 1
    case warn = 2
    case error = 3
    case fatal = 4
}
