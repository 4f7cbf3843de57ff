/// How one simulated server runs. The defaults are the original's where it has the setting.
public struct PikaSimOptions: Sendable {
    /// P; P+1100 is used too. 0 takes a free pair.
    public var port = 9221
    public var serverID: UInt32 = 1
    /// Holds `data` and `log/`; made when missing, used by one process at a time.
    public var directory: String
    /// The address to listen on.
    public var bind = "127.0.0.1"
    /// The server's own address: what a loopback peer on P+1100 counts as, and where data connections start from.
    public var hostIP = "127.0.0.1"
    /// Empty for none.
    public var requirepass = ""
    public var masterauth = ""
    /// Bytes after which a binlog file is closed: 1024 … 1 GiB.
    public var binlogFileSize: UInt64 = 100 << 20
    /// Binlog files to keep, at least 10.
    public var expireLogsNums = 10
    public var syncThreads = 6
    /// An idle client is closed after this time; 0 for never.
    public var timeoutSeconds = 60
    /// How long a sender sleeps that has sent everything: 1000 in the original.
    public var pollMilliseconds = 1000
    /// How long a sender sleeps that waits for a hub or for a file, and how often connections that are to be killed are
    /// looked for: 1000 in the original.
    public var waitMilliseconds = 1000
    /// How often old binlog files are looked for: 10000 in the original.
    public var purgeMilliseconds = 10_000
    /// Holds delivered commands back in the workers' queues, to widen the window in which a kill loses them.
    public var workerDelayMilliseconds = 0

    public init(directory: String) { self.directory = directory }
}
