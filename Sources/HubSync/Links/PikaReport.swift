/// What a Pika says of itself in `INFO server`, `INFO log` and `INFO hub`. Lines that are missing stay nil: other
/// servers that speak the protocol may say less.
struct PikaReport: Equatable, Sendable {
    enum Stage: String, Equatable, Sendable {
        case stopped = "STOPED"
        case starting = "STARTING"
        case degraded = "DEGRADE"
        case started = "STARTED"
    }

    var version: String?
    var serverID: UInt32?
    var processID: String?
    /// Whether it is a slave; nil when it has not said or was not asked.
    var isSlave: Bool?
    var producerFile: UInt32?
    var producerOffset: UInt64?
    /// `expire_logs_nums`: the files that a purge leaves.
    var keptFiles: UInt32?
    /// `ip:port` of the hub that the server sends to, or sent to last. The port is the hub's `sdk-port` + 1000.
    var connectedHub: String?
    /// Left and right as printed; right is left - 1 while no file is being sent.
    var window: (left: Int, right: Int)?
    var senders: [BinlogSenderStatus.Sender] = []
    var stage: Stage?

    /// Takes over what `text` says.
    mutating func read(_ text: String) {
        if text.contains("Hub stage:") { (window, senders, stage, connectedHub) = (nil, [], nil, nil) }
        for line in text.split(whereSeparator: \.isNewline) {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let name = line[..<colon]
            let value = line[line.index(after: colon)...].trimmingPrefix { $0 == " " }
            switch name {
            case "pika_version": version = String(value)
            case "server_id": serverID = UInt32(value)
            case "process_id": processID = String(value)
            case "role": isSlave = value == "slave"
            case "binlog_offset":
                let parts = value.split(separator: " ")
                guard parts.count == 2 else { continue }
                producerFile = UInt32(parts[0])
                producerOffset = UInt64(parts[1])
            case "expire_logs_nums": keptFiles = UInt32(value)
            case "Connected hub": connectedHub = String(value)
            case "Sending window": window = Self.window(value)
            case "Hub stage": stage = Stage(rawValue: String(value))
            default:
                if name.contains("--- Thread"), let sender = Self.sender(value) { senders.append(sender) }
            }
        }
    }

    /// The senders' state, when the server has told enough.
    var senderStatus: BinlogSenderStatus? {
        guard let producerFile, let producerOffset else { return nil }
        var range: ClosedRange<UInt32>?
        if let window, window.left <= window.right, let left = UInt32(exactly: window.left),
            let right = UInt32(exactly: window.right)
        {
            range = left...right
        }
        return BinlogSenderStatus(
            producerFile: producerFile, producerOffset: producerOffset, window: range, senders: senders)
    }

    /// `3 - 12`, or `0 - -1`.
    private static func window(_ value: some StringProtocol) -> (left: Int, right: Int)? {
        let parts = value.split(separator: " ")
        guard parts.count == 3, let left = Int(parts[0]), let right = Int(parts[2]) else { return nil }
        return (left, right)
    }

    /// `12 ENDOFFILE`.
    private static func sender(_ value: some StringProtocol) -> BinlogSenderStatus.Sender? {
        let parts = value.split(separator: " ")
        guard parts.count == 2, let file = UInt32(parts[0]) else { return nil }
        return BinlogSenderStatus.Sender(
            file: file, isAtEnd: parts[1] == "ENDOFFILE", isWaiting: parts[1] == "WAITING")
    }

    static func == (left: PikaReport, right: PikaReport) -> Bool {
        left.version == right.version && left.serverID == right.serverID && left.processID == right.processID
            && left.producerFile == right.producerFile && left.producerOffset == right.producerOffset
            && left.connectedHub == right.connectedHub && left.window?.left == right.window?.left
            && left.window?.right == right.window?.right && left.senders == right.senders && left.stage == right.stage
    }
}
