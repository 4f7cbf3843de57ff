internal import HubStore
internal import Logging
internal import NIOCore
internal import RaftLog

/// A connection that another hub has made to this one, to send to it.
final class HubAcceptor: ChannelInboundHandler {
    typealias InboundIn = [HubFrame]

    private let transport: HubTransport
    /// The hub at the other end, once it is let in, and where it listens.
    private var peer: (hub: HubID, address: Address)?

    init(transport: HubTransport) { self.transport = transport }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var messages: [Message] = []
        for frame in unwrapInboundIn(data) {
            if let hello = frame.hello { answer(hello, context) }
            guard let peer else { continue }
            messages += frame.messages.filter { $0.from == peer.hub }
            if let (number, bytes) = frame.request { serve(number, bytes, context) }
        }
        if let peer, !messages.isEmpty { transport.received(messages, from: peer.hub, at: peer.address) }
    }

    private func answer(_ hello: Hello, _ context: ChannelHandlerContext) {
        let answer = transport.answer(to: hello)
        var buffer = context.channel.allocator.buffer(capacity: 128)
        HubFrame.write(to: &buffer) { writer in writer.put(2) { answer.encode(to: &$0) } }
        context.writeAndFlush(NIOAny(buffer), promise: nil)
        switch answer {
        case .welcome:
            guard let hub = hello.hub else { return }
            peer = (hub, hello.address)
            transport.accepted(context.channel, from: hub)
        case .refusal(let refusal):
            transport.refuse(hello.address, refusal)
            context.close(mode: .output, promise: nil)
        case .fresh, .adopt: context.close(mode: .output, promise: nil)
        }
    }

    private func serve(_ number: UInt64, _ bytes: [UInt8], _ context: ChannelHandlerContext) {
        let channel = context.channel
        Task { [transport] in
            let response = await transport.serve(bytes)
            var buffer = ByteBuffer()
            HubFrame.write(to: &buffer) { writer in
                writer.put(5) { HubFrame.encode(number: number, bytes: response, to: &$0) }
            }
            channel.writeAndFlush(buffer, promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let from = peer.map { "hub \($0.hub)" } ?? "\(context.channel.remoteAddress.map { "\($0)" } ?? "a stranger")"
        transport.log.warning("hub-connection: the connection from \(from) is closed: \(error)")
        context.close(promise: nil)
    }
}
