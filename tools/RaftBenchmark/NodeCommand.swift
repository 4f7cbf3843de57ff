import ArgumentParser
import HubDaemon
import HubStore
import Logging
import NIOCore
import NIOPosix
import RaftLog

/// One member of the group: the product's node, log and transport, and a state machine that counts bytes.
struct NodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "node", abstract: "Runs one node until it is killed.")

    @Option(help: "This node's place in --peers, from 0.") var place: Int
    @Option(help: "The ports of all nodes, in order, separated by commas.") var peers: String
    @Option(help: "The port on which proposals are taken.") var port: Int
    @Option(help: "An empty directory.") var dir: String

    func run() async throws {
        let addresses = try peers.split(separator: ",").map { text in
            guard let port = Int(text) else { throw ValidationError("\(text) is no port") }
            return Address(host: "127.0.0.1", port: port)
        }
        guard addresses.indices.contains(place) else { throw ValidationError("--place \(place) is not in --peers") }
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        let logger = Logger(label: "raft")
        let transport = HubTransport(
            own: addresses[place], loop: loops.next(), log: logger, process: .random(in: 1 ... .max),
            wasRefused: { _ in })
        try await transport.listen(host: "127.0.0.1", port: addresses[place].port)
        let log = try RocksLog(path: dir)
        let (identity, membership) = try await transport.join(
            Joining(
                own: addresses[place], addresses: addresses, incarnation: Incarnation(.random(in: 1 ... .max))))
        try log.initialise(identity, membership: membership)
        let node = try RaftNode(
            log: log, transport: transport, stateMachine: ByteCounter(), seed: .random(in: .min ... .max),
            observer: { event in
                if case .leading = event { logger.info("leading") }
            })
        transport.attach(node)
        node.start()
        let listener = try await ServerBootstrap(group: loops.next())
            .serverChannelOption(.backlog, value: 512)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ProposalServer(node: node))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        try await listener.closeFuture.get()
    }
}

private struct ByteCounter: ReplicatedStateMachine {
    private var count = 0
    var appliedIndex = LogIndex.zero

    mutating func apply(_ commands: [CommittedCommand]) throws(StateMachineError) -> [[UInt8]] {
        for command in commands {
            count += command.payload.count
            appliedIndex = command.index
        }
        return commands.map { _ in [] }
    }

    mutating func flush() throws(StateMachineError) -> LogIndex { appliedIndex }
    mutating func snapshot() throws(StateMachineError) -> [UInt8] { Array("\(count)".utf8) }

    mutating func restore(_ snapshot: [UInt8], through index: LogIndex) throws(StateMachineError) {
        count = Int(String(decoding: snapshot, as: UTF8.self)) ?? 0
        appliedIndex = index
    }
}

/// Takes proposals: 4 bytes of length, big endian, and the command. Answers each with one byte: 1 when it was done.
private final class ProposalServer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let node: RaftNode
    private var rest = ByteBuffer()

    init(node: RaftNode) { self.node = node }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var incoming = unwrapInboundIn(data)
        rest.writeBuffer(&incoming)
        while let command = rest.readLengthPrefixedSlice(as: UInt32.self) {
            let (node, channel) = (node, context.channel)
            Task {
                var answer: UInt8 = 1
                do throws(ProposalError) { _ = try await node.propose(Array(command.readableBytesView)) } catch {
                    answer = 0
                }
                channel.writeAndFlush(ByteBuffer(integer: answer), promise: nil)
            }
        }
        rest.discardReadBytes()
    }
}
