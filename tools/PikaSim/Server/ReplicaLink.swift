import NIOCore
import NIOPosix

/// The slave's side of SLAVEOF (`SlaveFeed` has the protocol): keeps a connection to the master, and gives every record
/// to the server. Closed for good by SLAVEOF NO ONE.
final class ReplicaLink {
    private static let redialPause = TimeAmount.seconds(1)

    let host: String
    let port: Int
    private(set) var isConnected = false
    private unowned let core: ServerCore
    private var channel: (any Channel)?
    private var isClosed = false

    init(core: ServerCore, host: String, port: Int) {
        self.core = core
        self.host = host
        self.port = port
    }

    func dial() {
        if isClosed { return }
        let bound = NIOLoopBound(self, eventLoop: core.loop)
        ClientBootstrap(group: core.loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ReplicaHandler(link: bound.value))
                }
            }
            .connectTimeout(.seconds(1))
            .connect(host: host, port: port)
            .whenFailure { _ in bound.value.disconnected() }
    }

    func close() {
        isClosed = true
        channel?.close(promise: nil)
    }

    fileprivate func connected(_ channel: any Channel) {
        self.channel = channel
        if isClosed { return close() }
        var request: Bytes = []
        if !core.options.masterauth.isEmpty {
            Reply.bulks([Bytes("auth"), Bytes(core.options.masterauth)]).append(to: &request)
        }
        let end = core.binlog.end
        Reply.bulks([
            Bytes("trysync"), Bytes(core.options.hostIP), Bytes(String(core.port)), Bytes(String(end.file)),
            Bytes(String(end.offset)),
        ]).append(to: &request)
        channel.writeAndFlush(ByteBuffer(bytes: request), promise: nil)
    }

    fileprivate func disconnected() {
        isConnected = false
        channel = nil
        if isClosed { return }
        let bound = NIOLoopBound(self, eventLoop: core.loop)
        core.loop.scheduleTask(in: Self.redialPause) { bound.value.dial() }
    }

    /// One answer line, one entry of a full copy, or one record.
    fileprivate func receive(_ words: [Bytes]) throws(DiskError) {
        switch words[0].text {
        case "+OK", "simsyncend": return
        case "+CONTINUE": isConnected = true
        case "+FULLSYNC":
            guard words.count == 3, let file = words[1].integer, let offset = words[2].integer else {
                return core.log("master \(host):\(port) sends a full copy without a position")
            }
            core.keyspace = Keyspace()
            try core.journal.append([Bytes("flushall")], now: ServerCore.unixSeconds())
            let start = BinlogEnd(file: UInt32(clamping: file), offset: UInt64(clamping: offset))
            try core.binlog.restart(at: start, now: ServerCore.unixSeconds())
        case let text where text.hasPrefix("-"):
            core.log("master \(host):\(port) refuses: \(words.map(\.text).joined(separator: " "))")
            close()
        default:
            if BinlogRecord(received: words) != nil { return try core.replicate(words) }
            guard words.count > 1, let second = words[0].integer,
                let command = Command.table[words[1].lowercased]
            else { return core.log("master \(host):\(port) sends something unknown: \(words.map(\.text))") }
            let arguments = Array(words.dropFirst())
            _ = command.run(&core.keyspace, arguments, second)
            try core.journal.append(arguments, now: second)
        }
    }

    fileprivate func finishBatch() throws(DiskError) { try core.flush() }

    fileprivate func fail(_ error: any Error) { core.fail(error) }
}

private final class ReplicaHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let link: ReplicaLink
    private var parser = RequestParser()

    init(link: ReplicaLink) { self.link = link }

    func channelActive(context: ChannelHandlerContext) { link.connected(context.channel) }

    func channelInactive(context: ChannelHandlerContext) { link.disconnected() }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        parser.feed(unwrapInboundIn(data).readableBytesView)
        do {
            while case .request(let words) = parser.next() { try link.receive(words) }
            try link.finishBatch()
        } catch {
            link.fail(error)
        }
    }
}

extension ServerCore {
    /// SLAVEOF NO ONE, or SLAVEOF <host> <port> [<file> <offset>].
    func slaveOf(_ arguments: [Bytes]) throws(DiskError) -> Reply {
        guard arguments.count == 3 || arguments.count == 5 else { return .wrongNumber(Bytes("slaveof")) }
        if arguments[1].lowercased == Bytes("no"), arguments[2].lowercased == Bytes("one") {
            replica?.close()
            replica = nil
            return .ok
        }
        guard let port = arguments[2].integer, (1...65535).contains(port) else { return .notAnInteger }
        if let replica, replica.host == arguments[1].text, replica.port == Int(port) { return .ok }
        if arguments.count == 5 {
            guard let file = arguments[3].integer, let offset = arguments[4].integer, file >= 0, offset >= 0 else {
                return .notAnInteger
            }
            let start = BinlogEnd(file: UInt32(clamping: file), offset: UInt64(offset))
            try binlog.restart(at: start, now: Self.unixSeconds())
        }
        replica?.close()
        let link = ReplicaLink(core: self, host: arguments[1].text, port: Int(port))
        replica = link
        link.dial()
        return .ok
    }
}
