public import ArgumentParser

/// The command `pika_sim`.
public struct PikaSimCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "pika_sim",
        abstract: "A stand-in for a Pika 2.3.8 server, for demos, tests and load.",
        discussion:
            "Listens on P (Redis protocol) and P+1100 (a hub's two connections). Data and binlog are kept in DIR.")

    @Option(help: "P, 1–64435; 0 takes a free one.")
    var port = 9221
    @Option(help: "A positive 32-bit number.")
    var serverID: UInt32 = 1
    @Option(help: "Where data and binlog are kept; made when missing.")
    var dir: String
    @Option(help: "The address to listen on.")
    var bind = "127.0.0.1"
    @Option(help: "The server's own address; what a loopback hub counts as.")
    var hostIP = "127.0.0.1"
    @Option(help: "The password that clients must give.")
    var requirepass = ""
    @Option(help: "The password that a master wants.")
    var masterauth = ""
    @Option(help: "Bytes after which a binlog file is closed, 1024 – 1073741824.")
    var binlogFileSize: UInt64 = 100 << 20
    @Option(help: "Binlog files to keep, at least 10.")
    var expireLogsNums = 10
    @Option(help: "Background workers for what a hub delivers.")
    var syncThreads = 6
    @Option(help: "Seconds after which an idle client is closed; 0 for never.")
    var timeout = 60
    @Option(help: "Milliseconds between two looks of a sender that has sent everything.")
    var pollInterval = 1000
    @Option(help: "Milliseconds between two looks of a sender that waits for a hub, and for connections to kill.")
    var waitInterval = 1000
    @Option(help: "Milliseconds between two looks for old binlog files.")
    var purgeInterval = 10_000
    @Option(help: "Milliseconds for which the workers hold delivered commands back.")
    var workerDelay = 0

    public init() {}

    public func validate() throws {
        guard (0...64435).contains(port) else { throw ValidationError("port \(port): expected 0 – 64435") }
        guard serverID > 0 else { throw ValidationError("server-id 0: expected a positive number") }
        guard (1024...1 << 30).contains(binlogFileSize) else {
            throw ValidationError("binlog-file-size \(binlogFileSize): expected 1024 – \(1 << 30)")
        }
        guard syncThreads > 0, pollInterval > 0, waitInterval > 0, purgeInterval > 0, timeout >= 0, workerDelay >= 0
        else {
            throw ValidationError("intervals and sync-threads: expected positive numbers")
        }
    }

    public func run() async throws {
        var options = PikaSimOptions(directory: dir)
        options.port = port
        options.serverID = serverID
        options.bind = bind
        options.hostIP = hostIP
        options.requirepass = requirepass
        options.masterauth = masterauth
        options.binlogFileSize = binlogFileSize
        options.expireLogsNums = expireLogsNums
        options.syncThreads = syncThreads
        options.timeoutSeconds = timeout
        options.pollMilliseconds = pollInterval
        options.waitMilliseconds = waitInterval
        options.purgeMilliseconds = purgeInterval
        options.workerDelayMilliseconds = workerDelay
        let server = try await PikaSim.start(options)
        say("pika_sim \(server.port): server \(serverID) is ready, data in \(dir)")
        try await server.waitForShutdown()
        try await server.stop()
    }
}
