import NIOCore

/// A connection to P+1100: commands without an answer, and PING.
final class HubConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let core: ServerCore
    private var parser = RequestParser()
    private var peer = ""

    init(core: ServerCore) { self.core = core }

    func channelActive(context: ChannelHandlerContext) {
        peer = context.remoteAddress?.ipAddress ?? ""
        if !core.hubConnected(context.channel) { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) { core.hubDisconnected(context.channel) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        parser.feed(unwrapInboundIn(data).readableBytesView)
        var answer: Bytes = []
        do {
            while true {
                let step = parser.next()
                guard case .request(let arguments) = step else {
                    if step == .broken { context.close(promise: nil) }
                    break
                }
                core.statistics.commands += 1
                try core.deliver(arguments, from: peer)?.append(to: &answer)
            }
            try core.flush()
        } catch {
            core.fail(error)
        }
        if !answer.isEmpty { context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: answer)), promise: nil) }
    }
}
